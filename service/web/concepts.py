"""Code lists and their concepts, as ``https://w3id.org/imonitor/concept/…`` names them.

The lists of the model come from its files; those that a loader makes (themes, questions, scales,
products) come from the release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from service.formats import Format, by_extension
from service.problems import NotFound
from service.store.transcode import transcode
from service.vocab import CONCEPT, curie
from service.web.model import Model, model
from service.web.resources import Statement, describe, statement
from service.web.responses import (
    EXTENSIONS,
    GRAPHS,
    at,
    chosen_language,
    in_form,
    page,
    split_extension,
)
from service.web.site import Row, Site, site
from service.web.term import telling

blueprint = Blueprint("concepts", __name__)
_INDEX = "concept"


@blueprint.get("/concept")
@blueprint.get("/concept.<extension>")
def index(extension: str = "") -> Response:
    """List the code lists."""
    if extension and extension not in EXTENSIONS:
        raise NotFound(f"the code lists are there as {', '.join(EXTENSIONS)}")
    here = model()

    def as_page() -> Response:
        lang = chosen_language()
        own = _lists(here, here.site, lang)
        known = {str(row["list"]) for row in own}
        made = [row for row in _released(here, lang) if str(row["list"]) not in known]
        return page(
            "concepts.html",
            groups=(own, made),
            address=lambda iri: _address(here, iri),
            formats=GRAPHS,
            **telling(here, lang),
        )

    return in_form(at(_INDEX), extension, as_page, lambda form: _index_graph(here, form))


@blueprint.get("/concept/<path:reference>")
def concept(reference: str) -> Response:
    """Describe a code list or a concept."""
    stem, pinned = split_extension(reference)
    here, path, iri = model(), f"{_INDEX}/{stem}", CONCEPT + stem
    iri = next((name for name, file in here.lists.items() if file == stem), iri)
    if here.site.ask("model/is-list", iri=iri):
        return _list(here.site, iri, path, pinned)
    if here.knows(iri):
        return _concept(iri, path, pinned)
    if site().ask("model/is-list", iri=iri):
        return _list(site(), iri, path, pinned)
    return describe(iri, at(path), path, pinned)


def _lists(here: Model, where: Site, lang: str) -> list[Row]:
    """Return the code lists that are ours, or that we say which codes we use of."""
    rows = where.rows("model/code-lists", lang=lang)
    return [
        row
        for row in rows
        if str(row["list"]).startswith(CONCEPT) or str(row["list"]) in here.lists
    ]


def _released(here: Model, lang: str) -> list[Row]:
    """Return the code lists of the release, none before the first publish."""
    return _lists(here, site(), lang) if site().latest() else []


def _address(here: Model, iri: str) -> str:
    """Return the path of the page of a list."""
    name = here.lists[iri] if iri in here.lists else iri.removeprefix(CONCEPT)
    return f"/{_INDEX}/{name}"


def _index_graph(here: Model, form: Format) -> bytes:
    """Return the particulars of all lists, from the model and from the release."""
    plain = by_extension("nt")
    sources = [here.site, *([site()] if site().latest() else [])]
    lines = {
        line
        for source in sources
        for line in source.result("model/code-lists-graph", plain, namespace=CONCEPT)
        .body.decode()
        .splitlines(keepends=True)
    }
    return transcode("".join(sorted(lines)).encode(), plain, form, here.site.base)


def _list(where: Site, iri: str, path: str, pinned: str) -> Response:
    def as_page() -> Response:
        here, lang = model(), chosen_language()
        facts = _facts(where, iri, lang)
        return page(
            "concept-list.html",
            iri=iri,
            address=path,
            title=_title(facts) or path.removeprefix(f"{_INDEX}/"),
            facts=facts,
            concepts=where.rows("model/code-list", list=iri, lang=lang),
            used=[
                str(row["thing"])
                for row in here.rows("uses", iri=iri, lang=lang)
                if str(row["relation"]).endswith("#codeList")
            ],
            formats=GRAPHS,
            **telling(here, lang),
        )

    return in_form(at(path), pinned, as_page, _graph(where, "model/code-list-graph", list=iri))


def _concept(iri: str, path: str, pinned: str) -> Response:
    here = model()

    def as_page() -> Response:
        lang = chosen_language()
        facts = _facts(here.site, iri, lang)
        return page(
            "concept.html",
            iri=iri,
            address=path,
            title=_title(facts) or curie(iri),
            facts=facts,
            list_address=lambda name: _address(here, name),
            refer=_referrers(iri, lang),
            formats=GRAPHS,
            **telling(here, lang),
        )

    return in_form(at(path), pinned, as_page, _graph(here.site, "model/concept-graph", iri=iri))


def _graph(where: Site, query: str, **values: str) -> Callable[[Format], bytes]:
    return lambda form: where.result(query, form, **values).body


def _facts(where: Site, iri: str, lang: str) -> Mapping[str, list[Statement]]:
    """Return what is said of a thing by the curie of the property, in one language."""
    found: dict[str, list[Statement]] = {}
    for row in where.rows("pages/properties", iri=iri, lang=lang):
        said = statement(row, "value")
        if said.term.lang in ("", lang):
            found.setdefault(curie(said.predicate), []).append(said)
    return found


def _title(facts: Mapping[str, list[Statement]]) -> str:
    return next((row.term.value for row in facts.get("skos:prefLabel", ())), "")


def _referrers(iri: str, lang: str) -> list[Statement]:
    """Return what the release refers to it with, nothing before the first publish."""
    here = site()
    if here.latest() is None:
        return []
    return [statement(row, "subject") for row in here.rows("pages/referrers", iri=iri, lang=lang)]
