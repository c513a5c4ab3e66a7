"""What a caller wrote as a parameter, made into what a stored query binds (`service.queries`).

Bodies go by KBO number, OVO code, NIS code or IRI, waves by year, concepts by notation, schemes by
version. Which there are is asked of a release by the stored queries ``lookup/…``, so the same words
mean the same in the API, on the command line and on pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol

from service.problems import BadParameter
from service.queries import FILLED_IN, NAMED, Library, Parameter, StoredQuery
from service.store.base import Query, Store
from service.vocab import CONCEPT, expand

MAX_LENGTH = 500  # characters of one value
LANGUAGES = ("nl", "en")
_SHOWN = 100  # allowed values that a problem lists
_BODY = "a KBO number (10 digits), an OVO code, the NIS code of a gemeente, or the IRI of a body"
_ALLOWED = {
    "iri": ["an absolute http or https IRI"],
    "string": ["text on one line"],
    "integer": ["a whole number"],
    "decimal": ["a number, with a point"],
    "date": ["a day as YYYY-MM-DD"],
    "lang": list(LANGUAGES),
    "body": [_BODY],
    "bodies": [_BODY + "; several with commas between them"],
}


class Lookup(Protocol):
    """Answers the stored SELECT ``area/name`` about a release, as rows of texts."""

    def __call__(self, name: str, **values: object) -> Iterable[Mapping[str, object]]:
        """Return the rows."""
        ...


Values = Mapping[str, str | Sequence[str]]


def lookup_in(store: Store, library: Library) -> Lookup:
    """Return what asks a store."""

    def ask(name: str, **values: object) -> list[Mapping[str, object]]:
        body = store.query(Query(library[name].bind(**values))).body
        found = json.loads(body)["results"]["bindings"]
        return [{key: cell["value"] for key, cell in row.items()} for row in found]

    return ask


def resolve(query: StoredQuery, values: Values, ask: Lookup) -> dict[str, object]:
    """Return a value for each parameter, as `StoredQuery.bind` wants it.

    Args:
        query: the stored query.
        values: what the caller wrote; a list holds a parameter that was given more than once.
        ask: the release that is asked.

    Raises:
        BadParameter: unknown, missing, given twice, too long, of the wrong kind, or not in the
            release; it says what is allowed.
    """
    query.check_names(values)
    found: dict[str, object] = {}
    rows = sorted(query.parameters, key=lambda row: row.kind == "scheme")  # after the wave
    for row in rows:
        given = _given(row, values.get(row.name))
        value = _value(row, given, ask) if given else _left_out(row, query, found, ask)
        if value is not None:
            row.term(value)
            found[row.name] = value
    return {row.name: found[row.name] for row in query.parameters if row.name in found}


def examples_of(query: StoredQuery) -> dict[str, str]:
    """Return what to fill in to show a query: the example of each parameter without a default."""
    return {
        row.name: str(row.example)
        for row in query.parameters
        if row.default is None and row.example is not None
    }


def list_iri(parameter: Parameter) -> str:
    """Return the IRI of the code list of a parameter of kind ``concept``."""
    return expand(parameter.list) if ":" in parameter.list else CONCEPT + parameter.list


def notations(parameter: Parameter, ask: Lookup) -> list[str]:
    """Return the values that a release knows for a wave, a concept or a scheme."""
    return [str(row["notation"]) for row in _named(parameter, ask)]


def allowed(parameter: Parameter, ask: Lookup) -> list[str]:
    """Return what a parameter may be: the values, or in words what they look like."""
    if parameter.options:
        return list(parameter.options)
    if parameter.kind in ("wave", "concept", "scheme"):
        return notations(parameter, ask)[:_SHOWN]
    if parameter.minimum is not None or parameter.maximum is not None:
        ends = (("from", parameter.minimum), ("to", parameter.maximum))
        bounds = [f"{word} {end}" for word, end in ends if end is not None]
        return [" ".join([*_ALLOWED[parameter.kind], *bounds])]
    return _ALLOWED[parameter.kind]


def _given(parameter: Parameter, value: str | Sequence[str] | None) -> list[str]:
    """Return the texts that were written; empty ones are fields of a form left open."""
    texts = [value] if isinstance(value, str) else list(value or ())
    if parameter.kind == "bodies":
        texts = [part for text in texts for part in text[: MAX_LENGTH * parameter.most].split(",")]
    if parameter.kind != "string":
        texts = [text.strip() for text in texts]
    if any(len(text) > MAX_LENGTH for text in texts):
        wanted = f"at most {MAX_LENGTH} characters"
        raise BadParameter(parameter.name, f"longer than {MAX_LENGTH} characters", [wanted])
    texts = [text for text in texts if text]
    if len(texts) > 1 and parameter.kind != "bodies":
        raise BadParameter(parameter.name, "given more than once", ["one value"])
    return texts


def _left_out(
    parameter: Parameter, query: StoredQuery, found: Mapping[str, object], ask: Lookup
) -> object:
    """Return the value of a parameter that was not given, None for an optional one without."""
    if parameter.default is not None:
        return _value(parameter, [str(parameter.default)], ask)
    if parameter.required:
        raise BadParameter(parameter.name, "required", allowed(parameter, ask))
    if parameter.kind not in FILLED_IN:
        return None
    waves = list(ask("lookup/named-waves"))
    if parameter.kind == "wave":
        chosen = [str(row["iri"]) for row in waves if str(row["scored"]) == "true"]
        fault = "this release has no wave with scores"
    else:
        asked = [found.get(row.name) for row in query.parameters if row.kind == "wave"]
        chosen = [str(row.get("scheme") or "") for row in waves if str(row["iri"]) in asked]
        fault = "the wave names no scheme; give one"
    if not any(chosen):
        raise BadParameter(parameter.name, fault, allowed(parameter, ask))
    return chosen[0]


def _value(parameter: Parameter, texts: list[str], ask: Lookup) -> object:
    if parameter.kind == "bodies":
        return _bodies(parameter, texts, ask)
    text = texts[0]
    if parameter.kind == "body":
        return _body(parameter, text, ask)
    if parameter.kind in NAMED:
        return _one_of(parameter, text, ask)
    return _plain(parameter, text, ask)


def _plain(parameter: Parameter, text: str, ask: Lookup) -> str:
    choices = parameter.options or (LANGUAGES if parameter.kind == "lang" else ())
    if choices and text not in choices:
        raise _refused(parameter, text, ask)
    try:
        parameter.term(text)
    except BadParameter:
        raise _refused(parameter, text, ask) from None
    low, high = parameter.minimum, parameter.maximum
    number = float(text) if parameter.kind in ("integer", "decimal") else 0.0
    if (low is not None and number < low) or (high is not None and number > high):
        raise _refused(parameter, text, ask)
    return text


def _bodies(parameter: Parameter, texts: list[str], ask: Lookup) -> list[str]:
    if not parameter.fewest <= len(texts) <= parameter.most:
        raise BadParameter(
            parameter.name,
            f"{len(texts)} given, {parameter.fewest} to {parameter.most} wanted",
            allowed(parameter, ask),
        )
    found: list[str] = []
    for text in texts:
        body = _body(parameter, text, ask)
        if body in found:
            raise BadParameter(parameter.name, f"{_shown(text)} is named twice", ["each once"])
        found.append(body)
    return found


def _body(parameter: Parameter, text: str, ask: Lookup) -> str:
    """Return the IRI of a body; of codes the points, spaces and a leading "BE" are left out."""
    if ":" in text:
        try:
            term = parameter.term(text).strip("<>")
        except BadParameter:
            raise _refused(parameter, text, ask) from None
        bodies = [term for _ in ask("lookup/is-body", body=term)]
    else:
        code = re.sub(r"[\s./-]", "", text.upper()).removeprefix("BE")
        code = f"0{code}" if re.fullmatch(r"[0-9]{9}", code) else code
        known = re.fullmatch(r"(?:OVO)?[0-9]{5,10}", code, re.ASCII)
        bodies = [str(row["body"]) for row in ask("lookup/body", code=code)] if known else []
    if not bodies:
        raise _refused(parameter, text, ask)
    if len(bodies) > 1:
        raise BadParameter(parameter.name, f"{_shown(text)} is that of several bodies", bodies)
    return bodies[0]


def _one_of(parameter: Parameter, text: str, ask: Lookup) -> str:
    """Return the IRI of a wave, concept or scheme by notation, by IRI or by what ends the IRI."""
    rows = list(_named(parameter, ask))
    for match in ("notation", "iri", "end"):
        found = [str(row["iri"]) for row in rows if _is_called(row, match, text)]
        if len(found) == 1:
            return found[0]
    raise _refused(parameter, text, ask)


def _is_called(row: Mapping[str, object], match: str, text: str) -> bool:
    if match == "end":
        return "/" not in text and str(row["iri"]).endswith("/" + text)
    return str(row[match]) == text


def _named(parameter: Parameter, ask: Lookup) -> Iterable[Mapping[str, object]]:
    if parameter.kind == "concept":
        return ask("lookup/named-concepts", list=list_iri(parameter))
    return ask(f"lookup/named-{parameter.kind}s")


def _refused(parameter: Parameter, text: str, ask: Lookup) -> BadParameter:
    can_be = allowed(parameter, ask)
    near = get_close_matches(text, can_be, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return BadParameter(
        parameter.name, f"{_shown(text)} is no {_WORDS[parameter.kind]}{hint}", can_be
    )


_WORDS = {
    "iri": "IRI",
    "string": "value that is taken here",
    "integer": "whole number within bounds",
    "decimal": "number within bounds",
    "date": "day",
    "lang": "language of this service",
    "body": "body of this release",
    "bodies": "body of this release",
    "wave": "wave of this release",
    "concept": "concept of this list",
    "scheme": "scoring scheme of this release",
}


def _shown(text: str) -> str:
    return ascii(text[:100])
