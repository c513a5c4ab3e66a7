"""The page of one class or property: what it means, what the shapes ask of it, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from service.vocab import curie
from service.web import prose
from service.web.jsonld import as_jsonld
from service.web.model import Model, examples, model, topic_name
from service.web.responses import GRAPHS, chosen_language, page
from service.web.rules import Rule
from service.web.site import Row, Term

ALIGNED = (
    "owl:equivalentClass", "owl:equivalentProperty", "owl:inverseOf", "skos:exactMatch",
    "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch", "rdfs:seeAlso",
)  # fmt: skip
# Told elsewhere on the page; what is not here stands in the table of other statements.
_TOLD = {
    *ALIGNED, "rdf:type", "rdfs:label", "rdfs:isDefinedBy", "skos:definition", "skos:scopeNote",
    "vann:usageNote", "rdfs:subClassOf", "rdfs:subPropertyOf", "rdfs:domain", "rdfs:range",
    "qb:codeList", "sdmx-attribute:unitMeasure",
}  # fmt: skip
_CLASSES = {"owl:Class", "rdfs:Class"}
_ROLES = {
    "qb:DimensionProperty": ("dimensie", "dimension"),
    "qb:MeasureProperty": ("meting", "measure"),
    "qb:AttributeProperty": ("attribuut", "attribute"),
}
Facts = Mapping[str, list[Term]]


@dataclass(frozen=True)
class Example:
    """An example of a class; ``note`` says in a language what it shows."""

    note: str
    turtle: str
    jsonld: str


def term_page(iri: str) -> Response:
    """Return the page of a term of the model."""
    here, lang = model(), chosen_language()
    facts = _facts(here, iri, lang)
    kinds = {curie(str(row)) for row in facts.get("rdf:type", ())}
    book = here.rulebook
    is_class = bool(kinds & _CLASSES) or bool(book.of_class(iri))
    uses = _uses(here.rows("uses", iri=iri, lang=lang))
    return page(
        "term.html",
        iri=iri,
        slug=here.shown[iri],
        title=here.names(lang).get(iri) or curie(iri),
        is_class=is_class,
        facts=facts,
        aligned={name: facts[name] for name in ALIGNED if name in facts},
        other={name: rows for name, rows in facts.items() if name not in _TOLD},
        topic=_topic(here, iri, lang),
        roles=[_ROLES[kind][lang == "en"] for kind in _ROLES if kind in kinds],
        expected=book.of_class(iri),
        inherited=_inherited(here, iri) if is_class else [],
        rules=[] if is_class else book.of_property(iri),
        uses=uses,
        asked=[rule for rule in _all_rules(here) if _asks(rule, iri)],
        example=_example(here, iri, lang),
        formats=GRAPHS,
        **telling(here, lang),
    )


def telling(here: Model, lang: str) -> dict[str, Any]:
    """Return what templates need to tell shapes and to link to terms."""
    return {
        "names": here.names(lang),
        "link": here.link,
        "prose": prose,
    }


def _facts(here: Model, iri: str, lang: str) -> Facts:
    """Return what the model says of a term by the curie of the property, in one language."""
    found: dict[str, list[Term]] = {}
    for row in here.site.rows("pages/properties", iri=iri, lang=lang):
        values = found.setdefault(curie(str(row["property"])), [])
        if row["value"] not in values and row["value"].lang in ("", lang):
            values.append(row["value"])
    return {name: values for name, values in found.items() if values}


def _uses(rows: list[Row]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(curie(str(row["relation"])), []).append(str(row["thing"]))
    return found


def _topic(here: Model, iri: str, lang: str) -> tuple[str, str]:
    """Return stem and name of the file that defines a term, both empty for a term of others."""
    for row in here.own_terms(lang):
        if str(row["term"]) == iri:
            topic = here.name_of(str(row["file"])).rpartition("/")[2]
            return topic, topic_name(topic, lang)
    return "", ""


def _inherited(here: Model, iri: str) -> list[tuple[str, list[Rule]]]:
    """Return the shapes of each superclass that has any."""
    supers = [str(row["super"]) for row in here.rows("superclasses", iri=iri)]
    found = [(name, here.rulebook.of_class(name)) for name in supers]
    return [row for row in found if row[1]]


def _all_rules(here: Model) -> list[Rule]:
    return [rule for section in here.rulebook.sections for _, rule in section.rows]


def _asks(rule: Rule, iri: str) -> bool:
    """Tell whether a rule wants things of a class as values."""
    return any(
        name == "class" and iri in (str(row) for row in terms) for name, terms in rule.constraints
    )


def _example(here: Model, iri: str, lang: str) -> Example | None:
    if iri not in examples():
        return None
    text = examples()[iri].read_text("utf-8")
    lines = text.splitlines()
    notes = {line[2:4]: line[6:] for line in lines[:2] if line[:2] == "# "}
    body = "\n".join(line for line in lines if not line.startswith(("# nl:", "# en:")))
    return Example(notes.get(lang, ""), body.strip(), as_jsonld(text, here.site.base))
