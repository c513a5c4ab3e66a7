"""The SPARQL page: a form, and the answer as a table. It works without JavaScript.

Where the editor was built (`service.web.assets.bundle`), a script puts it in the place of the form.
It takes examples, prefixes and texts from the page, so there is nothing that only it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.problems import Problem
from service.store.base import Result
from service.vocab import PREFIXES
from service.web.assets import bundle
from service.web.failure import describe
from service.web.rendering import render, switch
from service.web.site import SYNTHETIC, Row, columns_of, rows_of

SHOWN = 500


@dataclass(frozen=True)
class Shown:
    """An answer on the page: rows of a table, a boolean, or text."""

    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    total: int = 0
    boolean: str = ""
    text: str = ""
    synthetic: bool = False


@dataclass(frozen=True)
class Editor:
    """What the page shows."""

    base: str
    lang: str
    text: str = ""
    defaults: Sequence[str] = ()
    named: Sequence[str] = ()
    examples: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def _arguments(self) -> list[tuple[str, str]]:
        graphs = [("default-graph-uri", name) for name in self.defaults]
        graphs += [("named-graph-uri", name) for name in self.named]
        return [*([("query", self.text)] if self.text else []), *graphs]

    def page(self, result: Result | None = None, problem: Problem | None = None) -> bytes:
        """Return the page, with the answer or with what went wrong."""
        fields = describe(problem, self.base, self.lang) if problem else None
        examples = [(summary, _body(text)) for summary, text in self.examples]
        return render(
            "sparql.html",
            self.lang,
            base=self.base,
            path="/sparql",
            switch=switch(self.lang, self._arguments()),
            editor=self,
            examples=examples,
            start=self.text or (examples[0][1] if examples else ""),
            prefixes=PREFIXES,
            bundle=bundle(),
            shown=_shown(result) if result else None,
            kind=result.kind if result else "",
            limit=SHOWN,
            problem=fields,
        )


def _body(text: str) -> str:
    """Return a stored query without its head, which says how the service uses it."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#+"))


def _shown(result: Result) -> Shown:
    text = result.body.decode()
    synthetic = SYNTHETIC in text
    if result.kind == "graph":
        return Shown(text=text, synthetic=synthetic)
    if result.kind == "boolean":
        return Shown(boolean="true" if '"boolean":true' in text else "false")
    rows = rows_of(result.body)
    return Shown(columns_of(result.body), rows[:SHOWN], len(rows), synthetic=synthetic)
