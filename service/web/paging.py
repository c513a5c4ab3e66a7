"""Pages of an ordered answer: ``?page=`` (from 1) and ``?size=``, with links (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from service.problems import BadParameter
from service.queries import StoredQuery, whole

PAGE, SIZE = "page", "size"
MAX_SIZE = 1000
MAX_PAGE = 1_000_000

Fields = Mapping[str, list[str]]


@dataclass(frozen=True)
class Page:
    """Which rows of an answer: ``size`` of them, from those before ``number`` pages on."""

    number: int
    size: int

    def limited(self, text: str) -> str:
        """Return the query for this page and one row of the next, which tells if there is one."""
        return f"{text.rstrip()}\nLIMIT {self.size + 1} OFFSET {(self.number - 1) * self.size}\n"

    def shown(self, text: str) -> str:
        """Return the query for this page alone."""
        return f"{text.rstrip()}\nLIMIT {self.size} OFFSET {(self.number - 1) * self.size}\n"


def largest(query: StoredQuery) -> int:
    """Return the most rows that a page of a query may have."""
    return max(MAX_SIZE, query.page_size or 0)


def asked_page(query: StoredQuery, fields: Fields) -> Page | None:
    """Return the page that a request asks for, None for a query that is answered whole.

    Raises:
        BadParameter: page or size is no number within bounds, or the query has no pages.
    """
    if query.page_size is None:
        return None
    size = _number(SIZE, fields, query.page_size, largest(query))
    return Page(_number(PAGE, fields, 1, MAX_PAGE), size)


def _number(name: str, fields: Fields, default: int, most: int) -> int:
    texts = [text for text in fields.get(name, ()) if text]
    if not texts:
        return default
    if len(texts) > 1:
        raise BadParameter(name, "given more than once")
    try:
        number = whole(texts[0])
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        wanted = f"a whole number from 1 to {most}"
        raise BadParameter(name, f"{texts[0][:100]!a} is not {wanted}", [wanted])
    return number


def beyond(page: Page, rows: int) -> BadParameter:
    """Return the problem of a page after the last one of so many rows."""
    last = max(1, -(-rows // page.size))
    return BadParameter(
        PAGE, f"page {page.number} is beyond the end; the last one is {last}", [f"1 to {last}"]
    )


def page_links(address: str, fields: Fields, page: Page, more: bool) -> dict[str, str]:
    """Return relation → address of the first page and of those beside this one."""
    numbers = {"first": 1}
    if page.number > 1:
        numbers["prev"] = page.number - 1
    if more:
        numbers["next"] = page.number + 1
    return {
        relation: with_fields(address, {**fields, PAGE: [str(number)]})
        for relation, number in numbers.items()
    }


def with_fields(address: str, fields: Fields) -> str:
    """Return an address with parameters."""
    text = urlencode([(name, value) for name, values in fields.items() for value in values])
    return f"{address}?{text}" if text else address
