"""Fields of a form for the parameters of a stored query, for pages that work without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.parameters import LANGUAGES, list_iri
from service.queries import FILLED_IN, Parameter, StoredQuery
from service.web.site import site

_TYPES = {"integer": "number", "decimal": "number", "date": "date"}
_ASKERS = {
    "parlement": ("Voor het parlement", "For parliament"),
    "burger": ("Voor burgers en pers", "For citizens and press"),
    "ICT-manager": ("Voor ICT-managers", "For ICT managers"),
    "ict-manager": ("Voor ICT-managers", "For ICT managers"),
    "schepen": ("Voor schepenen", "For aldermen"),
    "beheerder": ("Voor beheerders", "For administrators"),
    "partner": ("Voor partners", "For partners"),
    "integrator": ("Voor integratoren", "For integrators"),
    "ontwikkelaar": ("Voor ontwikkelaars", "For developers"),
    "portaal": ("Voor portalen", "For portals"),
    "onderzoeker": ("Voor onderzoekers", "For researchers"),
    "DPO": ("Voor functionarissen voor gegevensbescherming", "For data protection officers"),
    "dpo": ("Voor functionarissen voor gegevensbescherming", "For data protection officers"),
    "register": ("Over besturen", "About bodies"),
}
_LEFT_OPEN = {
    True: {"nl": "standaard", "en": "default"},
    False: {"nl": "geen keuze", "en": "no choice"},
}
_LANGUAGES = {"nl": "Nederlands", "en": "English"}


@dataclass(frozen=True)
class Choice:
    """A line of a select; ``synthetic`` ones are labelled so."""

    value: str
    label: str
    synthetic: bool = False


@dataclass(frozen=True)
class Input:
    """A field: ``type`` is that of HTML, or "select" with ``choices``."""

    name: str
    label: str
    type: str
    value: str
    required: bool
    hint: str = ""
    choices: Sequence[Choice] = ()
    minimum: int | None = None
    maximum: int | None = None


def inputs(
    query: StoredQuery, lang: str, given: Mapping[str, Sequence[str]] | None = None
) -> list[Input]:
    """Return the fields of a query with what was given, else the default, else the example."""
    return [_input(row, lang, given) for row in query.parameters]


def queries_by_tag(queries: Sequence[StoredQuery], lang: str) -> dict[str, list[StoredQuery]]:
    """Return the queries by who asks them (their first tag), in the order of the first of each."""
    found: dict[str, list[StoredQuery]] = {}
    for query in queries:
        tag = str((query.head.get("tags") or ["register"])[0])
        name = _ASKERS.get(tag, (tag, tag))[lang == "en"]
        found.setdefault(name, []).append(query)
    return found


def _input(row: Parameter, lang: str, given: Mapping[str, Sequence[str]] | None) -> Input:
    choices = _choices(row, lang)
    if choices and row.optional and row.default is None:
        choices = [Choice("", _LEFT_OPEN[row.kind in FILLED_IN][lang]), *choices]
    return Input(
        row.name,
        str(row.label.get(lang, row.name)),
        "select" if choices else _TYPES.get(row.kind, "text"),
        _value(row, given),
        required=not row.optional,
        hint=_hint(row, lang),
        choices=choices,
        minimum=row.minimum,
        maximum=row.maximum,
    )


def _value(row: Parameter, given: Mapping[str, Sequence[str]] | None) -> str:
    if given is not None and row.name in given:
        return ",".join(given[row.name])
    if row.default is not None:
        return str(row.default)
    return str(row.example) if not row.optional and row.example is not None else ""


def _choices(row: Parameter, lang: str) -> list[Choice]:
    if row.options:
        return [Choice(option, option) for option in row.options]
    if row.kind == "lang":
        return [Choice(name, _LANGUAGES[name]) for name in LANGUAGES]
    if row.kind == "concept":
        found = site().lookup("lookup/named-concepts", list=list_iri(row))
        return [_choice(each["notation"], each.get(lang, "")) for each in found]
    if row.kind == "wave":
        waves = sorted(site().lookup("lookup/named-waves"), key=lambda each: each["notation"])
        return [
            Choice(each["notation"], each["notation"], each["synthetic"] == "true")
            for each in waves
        ]
    if row.kind == "scheme":
        schemes = site().lookup("lookup/named-schemes")
        return [Choice(each["notation"], each["notation"]) for each in schemes]
    return []


def _choice(notation: str, label: str) -> Choice:
    return Choice(notation, label if label in ("", notation) else f"{label} ({notation})")


def _hint(row: Parameter, lang: str) -> str:
    """Return what may be written in a field that has no choices, where the label does not say."""
    codes = {
        "nl": "KBO-nummer, OVO-code, NIS-code van een gemeente of IRI",
        "en": "KBO number, OVO code, NIS code of a gemeente, or IRI",
    }[lang]
    body = "" if "KBO" in row.label.get(lang, "") else codes
    several = {
        "nl": f"{row.fewest} tot {row.most}, met komma's ertussen",
        "en": f"{row.fewest} to {row.most}, with commas between",
    }[lang]
    return {"body": body, "bodies": "; ".join(filter(None, (body, several)))}.get(row.kind, "")
