"""One observation explained: what it says, what it follows from, and whether it still does.

The words and the inputs come from ``queries/explain``. A query there names in its head the
derivations that it explains (``dataset``); its ``summary`` is the formula, in which ``{column}`` is
the value in the first row, ``{sum_column}`` the sum of a column and ``{count}`` the number of rows.
A figure that no query explains is told in the general form: plan, run and what they used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from pyoxigraph import Store

from service.explain.recomputation import Facts, Recomputation, facts
from service.problems import UsageError
from service.queries import Library, StoredQuery
from service.release.archive import Archive
from service.release.manifest import OPEN, Release
from service.release.names import GraphName
from service.settings import Settings
from service.store.rows import select
from service.vocab import curie, expand, iri

Row = dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A statement that is not the same in a store of the release and computed again."""

    store: str
    property: str
    published: Sequence[str]
    computed: Sequence[str]

    def as_dict(self) -> dict[str, object]:
        """Return it for a report."""
        return {
            "store": self.store,
            "property": curie(self.property),
            "published": list(self.published),
            "computed": list(self.computed),
        }


@dataclass
class Explanation:
    """What is known of an observation; `differences` is empty when the figure is what it was."""

    observation: str
    release: int
    graph: str
    synthetic: bool
    said: list[Row]
    plan: dict[str, str]
    run: list[Row]
    formula: str = ""
    notes: list[str] = field(default_factory=list)
    columns: Sequence[str] = ()
    inputs: list[Row] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    other_run: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        return {
            "observation": self.observation,
            "release": self.release,
            "graph": self.graph,
            "synthetic": self.synthetic,
            "says": self.said,
            "plan": self.plan,
            "run": self.run,
            "formula": self.formula,
            "notes": self.notes,
            "inputs": self.inputs,
            "equal": not self.differences,
            "otherRun": self.other_run,
            "differences": [row.as_dict() for row in self.differences],
        }


def explain(settings: Settings, observation: str, lang: str) -> Explanation:
    """Explain an observation of the current release, and compute it again.

    Args:
        settings: says where the archive and the releases are.
        observation: its IRI, or the part of it after the base.
        lang: "nl" or "en".

    Raises:
        UsageError: there is no release, or no such observation in it.
    """
    release = Release.current(settings.home)
    if release is None:
        raise UsageError("there is no release yet; run `imonitor publish`")
    archive = Archive(settings.archive)
    archive.open_for(settings.base)
    library = Library.load()
    subject = _subject(observation, settings.base)
    full = Store.read_only(str(release.full_store))
    found = list(select(full, library["explain/where"].bind(observation=subject)))
    if not found:
        raise UsageError(f"release {release.number} has no observation {subject}")
    graph = found[0]["graph"]
    again = Recomputation(archive, release, library)
    name = GraphName.parse(graph, settings.base)
    bodies = [row for row in (term[1:-1] for term in _of(full, subject, "imon:body")) if row]
    made = again.store(name, bodies)
    computed = facts(made, subject)
    step = again.derivation(name)
    result = Explanation(
        observation=subject,
        release=release.number,
        graph=graph,
        synthetic=name.synthetic,
        said=_rows(full, library, "about", observation=subject, lang=lang),
        plan=_plan(full, library, name.dataset, settings.base, lang) if step else {},
        run=_rows(full, library, "run", observation=subject),
    )
    for store in ("public", "full") if release.all_graphs[graph].access == OPEN else ("full",):
        opened = full if store == "full" else Store.read_only(str(release.public_store))
        _compare(result, store, facts(opened, subject, graph), computed)
    if query := _explaining(library, name.dataset if step else ""):
        _tell(result, query, made, lang)
    return result


def _subject(text: str, base: str) -> str:
    try:
        return iri(text if ":" in text else base + text.removeprefix("/"))
    except ValueError as error:
        raise UsageError(f"{text[:200]!r} is no IRI, nor a path below {base}") from error


def _of(store: Store, subject: str, name: str) -> list[str]:
    """Return the terms that a store gives for a property of a subject."""
    wanted = expand(name)
    return sorted({term for prop, term in facts(store, subject) if prop == wanted})


def _rows(store: Store, library: Library, name: str, **values: str) -> list[Row]:
    return list(select(store, library[f"explain/{name}"].bind(**values), union=True))


def _plan(store: Store, library: Library, name: str, base: str, lang: str) -> dict[str, str]:
    rows = _rows(store, library, "plan", plan=f"{base}id/afleiding/{name}", lang=lang)
    return rows[0] if rows else {}


def _compare(result: Explanation, store: str, published: Facts, computed: Facts) -> None:
    """Note what a store says otherwise; another run alone is no difference of the figure."""
    other = published ^ computed
    for name in sorted({prop for prop, _ in other}):
        if name == expand("prov:wasGeneratedBy"):
            result.other_run = True
            continue
        result.differences.append(
            Difference(store, name, _terms(published, name), _terms(computed, name))
        )


def _terms(found: Facts, name: str) -> list[str]:
    return sorted(term for prop, term in found if prop == name)


def _explaining(library: Library, name: str) -> StoredQuery | None:
    """Return the query that explains the figures of a derivation."""
    found = (row for row in library.area("explain") if name in row.head["dataset"])
    return next(found, None)


def _tell(result: Explanation, query: StoredQuery, made: Store, lang: str) -> None:
    """Add formula and inputs, from what was computed again."""
    known = {"observation": result.observation, "lang": lang}
    values = {row.name: known[row.name] for row in query.parameters}
    result.inputs = list(select(made, query.bind(**values)))
    result.columns = query.head["columns"]
    numbers = _numbers(result.inputs)
    result.formula = query.head["summary"][lang].format_map(numbers)
    band = expand("imc:weergave/band")
    message = query.head.get("message")
    if message and any(row["value"] == band for row in result.said):
        result.notes.append(message[lang].format_map(numbers))


def _numbers(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return what a formula may name: of the first row, the sums, and the number of rows."""
    found = {"count": str(len(rows))}
    for name in rows[0] if rows else ():
        found[name] = rows[0][name]
        found[f"sum_{name}"] = _plain(sum((_number(row[name]) for row in rows), Decimal(0)))
    return found


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
