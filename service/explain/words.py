"""An explanation as lines of text, in Dutch or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.explain.explanation import Explanation
from service.vocab import curie, expand

_WORDS = {
    "nl": {
        "synthetic": "synthetisch: verzonnen cijfers",
        "release": "uitgave",
        "plan": "afleiding",
        "run": "berekening",
        "used": "gebruikte",
        "inputDigest": "controlegetal van de invoer",
        "rulesDigest": "controlegetal van de regels",
        "formula": "formule",
        "equal": "opnieuw berekend uit het archief: gelijk",
        "different": "opnieuw berekend uit het archief: VERSCHILLEND",
        "otherRun": "de berekening heet nu anders: sindsdien zijn regels of scoreschema veranderd",
        "store": "opslag",
        "published": "gepubliceerd",
        "computed": "berekend",
        "nothing": "niets",
    },
    "en": {
        "synthetic": "synthetic: made-up figures",
        "release": "release",
        "plan": "derivation",
        "run": "run",
        "used": "used",
        "inputDigest": "digest of the inputs",
        "rulesDigest": "digest of the rules",
        "formula": "formula",
        "equal": "computed again from the archive: equal",
        "different": "computed again from the archive: DIFFERENT",
        "otherRun": "the run has another name now: rules or scheme have changed since",
        "store": "store",
        "published": "published",
        "computed": "computed",
        "nothing": "nothing",
    },
}
_COLUMNS = {
    "nl": {
        "question": "vraag",
        "name": "naam",
        "answer": "antwoord",
        "part": "rol",
        "weight": "gewicht",
        "gain": "gewicht × score",
        "due": "in noemer",
        "theme": "thema",
        "low": "laagst",
        "high": "hoogst",
        "coverage": "dekking",
        "gate": "poort",
        "fromType": "vanaf type",
        "reached": "behaald",
        "met": "gehaald",
        "above": "hoger",
        "equal": "gelijk",
        "below": "lager",
        "size": "besturen",
        "rank": "rang",
        "percentile": "percentiel",
        "body": "bestuur",
        "inhabitants": "inwoners",
        "year": "jaar",
    },
    "en": {"gain": "weight × score", "due": "in denominator", "fromType": "from type"},
}
_TRUTH = {"nl": {"true": "ja", "false": "nee"}, "en": {"true": "yes", "false": "no"}}
_MORE = 60


def lines(found: Explanation, lang: str) -> Iterator[str]:
    """Yield the lines of an explanation."""
    words = _WORDS[lang]
    yield found.observation
    if found.synthetic:
        yield words["synthetic"]
    yield f"{words['release']} {found.release}"
    yield from _said(found)
    yield ""
    if found.formula:
        yield f"{words['formula']}: {found.formula}"
        yield from found.notes
        yield from _inputs(found, lang)
        yield ""
    yield from _provenance(found, words)
    yield from _verdict(found, words)


def _inputs(found: Explanation, lang: str) -> Iterator[str]:
    """Yield the table of inputs, in words of the language."""
    columns = [_COLUMNS[lang].get(name, name) for name in found.columns]
    truth = _TRUTH[lang]
    rows = [[truth.get(row[name], row[name]) for name in found.columns] for row in found.inputs]
    yield from _table(columns, rows)


def _said(found: Explanation) -> Iterator[str]:
    """Yield what the observation says; the run is told apart."""
    rows: dict[str, list[str]] = {}
    for row in found.said:
        if row["property"] != expand("prov:wasGeneratedBy"):
            name = row["name"] or curie(row["property"])
            rows.setdefault(name, []).append(row["label"] or curie(row["value"]))
    for name, values in rows.items():
        yield f"  {name}: {', '.join(dict.fromkeys(values))}"


def _provenance(found: Explanation, words: dict[str, str]) -> Iterator[str]:
    if found.plan:
        yield f"{words['plan']}: {found.plan['title']}"
        yield f"  {found.plan['iri']} {found.plan['program']}".rstrip()
        yield f"  {words['rulesDigest']}: {found.plan['rulesDigest']}"
    for row in found.run[:1]:
        yield f"{words['run']}: {row['run']}"
        yield f"  {words['inputDigest']}: {row['inputDigest']}"
        yield f"  {words['rulesDigest']}: {row['rulesDigest']}"
        for used in found.run:
            yield f"  {words['used']}: {used['used']}"


def _verdict(found: Explanation, words: dict[str, str]) -> Iterator[str]:
    if found.other_run:
        yield words["otherRun"]
    if not found.differences:
        yield words["equal"]
        return
    yield words["different"]
    for row in found.differences:
        published = ", ".join(row.published) or words["nothing"]
        computed = ", ".join(row.computed) or words["nothing"]
        yield (
            f"  {words['store']} {row.store}, {curie(row.property)}: "
            f"{words['published']} {published}; {words['computed']} {computed}"
        )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table with columns of even width; a long one is cut, and says so."""
    shown = [list(columns), *(list(row) for row in rows[:_MORE])]
    widths = [max(len(row[place]) for row in shown) for place in range(len(columns))]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
    if len(rows) > _MORE:
        yield f"  … {len(rows) - _MORE}"
