"""Everything that can go wrong in words a user understands (RFC 9457 problem types).

::

    Problem
    ├── BadRequest 400 ── BadQuery, BadParameter
    ├── Unauthorized 401
    ├── Forbidden 403 ── UpdateRefused, ServiceRefused
    ├── NotFound 404
    ├── MethodNotAllowed 405
    ├── NotAcceptable 406
    ├── RequestTimeout 408
    ├── Gone 410
    ├── TooLarge 413
    ├── AddressTooLong 414
    ├── UnsupportedMediaType 415
    ├── Unprocessable 422 ── ShapeViolation, QueryMemory, ResultTooLarge
    ├── TooManyRequests 429
    ├── StoreUnavailable 503 ── Locked
    ├── QueryTimeout 504
    ├── UsageError   (command line, exit 1)
    └── DataRefused  (command line, exit 2)
"""

from __future__ import annotations

from collections.abc import Sequence


class Problem(Exception):
    """One failure: a type (``slug``), a title in Dutch and English, and what happened (``detail``).

    ``members`` are the extension members of RFC 9457 §3.2, ``headers`` go out with the answer.
    ``exit_code`` is what the command line leaves with.
    """

    slug = "internal"
    status = 500
    exit_code = 1
    title_nl = "Onverwachte fout"
    title_en = "Unexpected error"

    def __init__(
        self,
        detail: str = "",
        *,
        members: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title_en)
        self.detail = detail
        self.members: dict[str, object] = dict(members or {})
        self.headers: dict[str, str] = dict(headers or {})


class BadRequest(Problem):
    """The request cannot be understood."""

    slug, status = "bad-request", 400
    title_nl, title_en = "Ongeldige vraag", "Bad request"


class BadQuery(BadRequest):
    """The SPARQL text does not parse; ``line`` and ``column`` count from 1."""

    slug = "bad-query"
    title_nl, title_en = "SPARQL-syntaxfout", "SPARQL syntax error"

    def __init__(self, detail: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail, members={"line": line, "column": column})


class BadParameter(BadRequest):
    """A parameter has a wrong value; ``name`` says which, ``allowed`` what it may be."""

    slug = "bad-parameter"
    title_nl, title_en = "Ongeldige parameter", "Bad parameter"

    def __init__(self, name: str, detail: str, allowed: Sequence[str] = ()) -> None:
        shown = name[:100].encode("utf-8", "replace").decode()  # a name may be anything
        super().__init__(detail, members={"parameter": shown})
        if allowed:
            self.members["allowed"] = list(allowed)


class Unauthorized(Problem):
    """No, or no valid, credentials."""

    slug, status = "unauthorized", 401
    title_nl, title_en = "Niet aangemeld", "Not signed in"


class Forbidden(Problem):
    """Understood and refused."""

    slug, status = "forbidden", 403
    title_nl, title_en = "Niet toegestaan", "Not allowed"


class UpdateRefused(Forbidden):
    """A SPARQL update on the read-only endpoint."""

    slug = "update-refused"
    title_nl, title_en = "Dit eindpunt is alleen-lezen", "This endpoint is read-only"


class ServiceRefused(Forbidden):
    """A query with ``SERVICE``: this server makes no requests for its users."""

    slug = "service-refused"
    title_nl, title_en = "SERVICE is niet toegestaan", "SERVICE is not allowed"


class NotFound(Problem):
    """There is no such thing here."""

    slug, status = "not-found", 404
    title_nl, title_en = "Niet gevonden", "Not found"


class MethodNotAllowed(Problem):
    """The method does not apply; ``allowed`` becomes the ``Allow`` header (RFC 9110 §15.5.6)."""

    slug, status = "method-not-allowed", 405
    title_nl, title_en = "Methode niet toegestaan", "Method not allowed"

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail, members={"allowed": list(allowed)})
        self.headers["Allow"] = ", ".join(allowed)


class NotAcceptable(Problem):
    """No representation fits the ``Accept`` header; ``available`` lists what there is."""

    slug, status = "not-acceptable", 406
    title_nl, title_en = "Geen passend formaat", "No acceptable format"

    def __init__(self, available: Sequence[str]) -> None:
        super().__init__(
            "available: " + ", ".join(available), members={"available": list(available)}
        )


class RequestTimeout(Problem):
    """The request body came too slowly."""

    slug, status = "request-timeout", 408
    title_nl, title_en = "De vraag kwam te traag binnen", "The request came too slowly"


class Gone(Problem):
    """It was here and is no more; ``detail`` says why."""

    slug, status = "gone", 410
    title_nl, title_en = "Bestaat niet meer", "Gone"


class TooLarge(Problem):
    """The request body is over its limit."""

    slug, status = "too-large", 413
    title_nl, title_en = "De vraag is te groot", "Request body too large"


class AddressTooLong(Problem):
    """The address of the request is over its limit (RFC 9110 §15.5.15)."""

    slug, status = "address-too-long", 414
    title_nl, title_en = "Het adres is te lang", "Address too long"


class UnsupportedMediaType(Problem):
    """The request body is of a type that is not read here."""

    slug, status = "unsupported-media-type", 415
    title_nl, title_en = "Formaat wordt niet gelezen", "Unsupported media type"


class Unprocessable(Problem):
    """Well-formed and yet not to be done."""

    slug, status = "unprocessable", 422
    title_nl, title_en = "Kan niet verwerkt worden", "Cannot be processed"


class ShapeViolation(Unprocessable):
    """A document does not conform to the shapes; ``members["report"]`` holds the results."""

    slug, exit_code = "shape-violation", 2
    title_nl, title_en = "Voldoet niet aan de regels (SHACL)", "Does not conform to the shapes"


class QueryMemory(Unprocessable):
    """The query needed more memory than its budget."""

    slug = "query-memory"
    title_nl, title_en = "De query gebruikt te veel geheugen", "The query needs too much memory"


class ResultTooLarge(Unprocessable):
    """The answer is over the limit; the dump link is in the members."""

    slug = "result-too-large"
    title_nl, title_en = "Het antwoord is te groot", "The result is too large"


class TooManyRequests(Problem):
    """The client's budget is spent."""

    slug, status = "too-many-requests", 429
    title_nl, title_en = "Te veel vragen", "Too many requests"


class StoreUnavailable(Problem):
    """The store or the service cannot answer now; try again after ``retry_after`` seconds."""

    slug, status, exit_code = "store-unavailable", 503, 3
    title_nl, title_en = "Tijdelijk niet beschikbaar", "Temporarily unavailable"

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Locked(StoreUnavailable):
    """Somebody else is writing; the detail says who and since when."""

    slug = "locked"
    title_nl, title_en = "Er wordt al geschreven", "Somebody else is writing"


class QueryTimeout(Problem):
    """The query was stopped after its budget of ``seconds``."""

    slug, status = "query-timeout", 504
    title_nl, title_en = "De query duurde te lang", "The query took too long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"stopped after its budget of {seconds:g} s", members={"budgetSeconds": seconds}
        )


class UsageError(Problem):
    """A command was called wrongly, or its settings do not fit the data folder."""

    slug, status, exit_code = "usage", 400, 1
    title_nl, title_en = "Verkeerd gebruik", "Wrong usage"


class DataRefused(Problem):
    """Data was refused; ``members`` say which record, which rule and why."""

    slug, status, exit_code = "data-refused", 422, 2
    title_nl, title_en = "Gegevens geweigerd", "Data refused"


def all_problems() -> list[type[Problem]]:
    """Return every problem type, the root first: each has a page that explains it."""
    found: list[type[Problem]] = [Problem]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found
