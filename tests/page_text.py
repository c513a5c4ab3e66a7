"""What a page is made of, as a browser or a screen reader meets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"meta", "link", "br", "hr", "input", "img"}


@dataclass
class Element:
    """An element with its attributes, the text in it, and the elements around it."""

    name: str
    attributes: dict[str, str]
    around: tuple[str, ...]
    text: str = ""
    inside: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """A page that is well formed, or an assertion error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, [row.name for row in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        around = tuple(row.name for row in self._open)
        found = Element(tag, {name: value or "" for name, value in attrs}, around)
        for row in self._open:
            row.inside.append(tag)
        self.elements.append(found)
        if tag not in _EMPTY:
            self._open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Meet an empty element of SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        if self._open[-1].name == "p" and tag != "p":
            self._open.pop()
        assert self._open.pop().name == tag, tag

    def handle_data(self, data: str) -> None:
        """Add text to all that is open."""
        for row in self._open:
            row.text += data

    def all(self, *names: str) -> Iterator[Element]:
        """Yield the elements of some names."""
        return (row for row in self.elements if row.name in names)

    def ids(self) -> list[str]:
        """Return the anchors, in order, doubles too."""
        return [row.attributes["id"] for row in self.elements if "id" in row.attributes]

    def links(self) -> set[str]:
        """Return where links lead."""
        return {row.attributes["href"] for row in self.all("a") if "href" in row.attributes}
