"""Templates to HTML. No request is needed, so that the front can render too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.vocab import CONCEPT, IMON, PREFIXES, curie

LANGUAGES = ("nl", "en")
_TEMPLATES = Path(__file__).with_name("templates")


def _number(value: object, lang: str) -> str:
    """Return a whole number with thousands apart, as the language writes it."""
    text = f"{int(str(value)):,}"
    return text.replace(",", "." if lang == "nl" else ",")


def page_of(iri: str, base: str) -> str:
    """Return the path of the page about a thing, whoever minted its IRI."""
    if iri.startswith(f"{base}id/"):
        return "/doc/" + iri[len(base) + len("id/") :]
    if iri.startswith(IMON) and iri != IMON:
        return "/ns/" + iri[len(IMON) :]
    if iri.startswith(CONCEPT) and iri != CONCEPT:
        return "/concept/" + iri[len(CONCEPT) :]
    if iri.startswith(PREFIXES["imsh"]):
        return "/shapes#" + iri[len(PREFIXES["imsh"]) :]
    return f"/resource?iri={quote(iri, safe='')}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        curie=curie, page_of=page_of, query_part=lambda text: quote(str(text), safe="")
    )
    return environment


_ENVIRONMENT = _environment()


def switch(lang: str, arguments: Iterable[tuple[str, str]] = ()) -> str:
    """Return the query part that leads to the same page in the other language."""
    kept = [pair for pair in arguments if pair[0] != "lang"]
    return "?" + urlencode([*kept, ("lang", "nl" if lang == "en" else "en")])


def render(template: str, lang: str, **values: object) -> bytes:
    """Return a page.

    In a template ``say(nl, en)`` gives the text in the language of the page and ``number(n)`` a
    number as that language writes it.
    """
    english = lang == "en"
    values.setdefault("switch", switch(lang))
    text = _ENVIRONMENT.get_template(template).render(
        lang=lang,
        say=lambda dutch, other: other if english else dutch,
        number=lambda value: _number(value, lang),
        **values,
    )
    return text.encode()
