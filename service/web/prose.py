"""What a shape asks, in a sentence of Dutch or English: "precies één golf, een IRI"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.web.rules import Rule
from service.web.site import Term

# parameter → Dutch and English; the values come where {} stands
_WORDS = {
    "class": ("van de klasse {}", "of the class {}"),
    "minInclusive": ("minstens {}", "at least {}"),
    "maxInclusive": ("hoogstens {}", "at most {}"),
    "minExclusive": ("groter dan {}", "greater than {}"),
    "maxExclusive": ("kleiner dan {}", "less than {}"),
    "minLength": ("minstens {} tekens lang", "at least {} characters long"),
    "maxLength": ("hoogstens {} tekens lang", "at most {} characters long"),
    "pattern": ("in de vorm {}", "of the form {}"),
    "in": ("een van {}", "one of {}"),
    "languageIn": ("in de taal {}", "in the language {}"),
    "hasValue": ("met de waarde {}", "with the value {}"),
    "lessThan": ("kleiner of vroeger dan {}", "less or earlier than {}"),
    "lessThanOrEquals": ("niet groter of later dan {}", "not greater or later than {}"),
    "equals": ("gelijk aan {}", "equal to {}"),
    "disjoint": ("een andere dan {}", "another than {}"),
    "closed": ("geen andere eigenschappen dan {}", "no other properties than {}"),
}
# Parameters that name other shapes, with what stands between those.
_SHAPES = {
    "node": (("{}", ", "), ("{}", ", ")),
    "not": (("niet {}", ", "), ("not {}", ", ")),
    "and": (("{}", " en "), ("{}", " and ")),
    "or": (("{}", " of "), ("{}", " or ")),
    "xone": (("precies één van: {}", "; "), ("exactly one of: {}", "; ")),
    "qualifiedValueShape": (("{}", ", "), ("{}", ", ")),
}
_DATATYPES = {
    "string": ("een tekst", "a text"),
    "langString": ("een tekst met een taal", "a text with a language"),
    "boolean": ("true of false", "true or false"),
    "integer": ("een geheel getal", "a whole number"),
    "nonNegativeInteger": ("een geheel getal, 0 of meer", "a whole number, 0 or more"),
    "positiveInteger": ("een geheel getal groter dan 0", "a whole number above 0"),
    "decimal": ("een decimaal getal", "a decimal number"),
    "double": ("een getal", "a number"),
    "date": ("een dag (JJJJ-MM-DD)", "a day (YYYY-MM-DD)"),
    "dateTime": ("een tijdstip", "an instant"),
    "gYear": ("een jaar", "a year"),
    "gYearMonth": ("een maand van een jaar", "a month of a year"),
    "duration": ("een duur", "a duration"),
    "anyURI": ("een adres", "an address"),
    "hexBinary": ("een hexadecimaal getal", "a hexadecimal number"),
}
_KINDS = {
    "IRI": ("een IRI", "an IRI"),
    "Literal": ("een waarde, geen IRI", "a value, no IRI"),
    "BlankNode": ("een naamloos ding", "a thing without a name"),
    "BlankNodeOrIRI": ("een ding", "a thing"),
    "IRIOrLiteral": ("een IRI of een waarde", "an IRI or a value"),
    "BlankNodeOrLiteral": ("een naamloos ding of een waarde", "a thing without a name or a value"),
}
_RANGE = ("datatype", "class", "nodeKind", "in", "hasValue", "or", "xone", "node")
_COUNTS = (
    "minCount",
    "maxCount",
    "qualifiedMinCount",
    "qualifiedMaxCount",
    "flags",
    "ignoredProperties",
)


# A part of a sentence: words, and terms that the page links to.
Part = tuple[str | Term, ...]


def cardinality(rule: Rule, beside: tuple[Rule, ...] = ()) -> str:
    """Return "[1..1]"; empty where another rule about the same path tells how many there are."""
    least, most = rule.value("minCount"), rule.value("maxCount")
    others = [row for row in beside if row.path == rule.path and row is not rule]
    if not least and not most and any(_counts(row) for row in others):
        return ""
    return f"[{least or '0'}..{most or '*'}]"


def _counts(rule: Rule) -> bool:
    return bool(rule.value("minCount") or rule.value("maxCount"))


def number(rule: Rule, lang: str) -> str:
    """Return how many values there are, in words: "precies één"."""
    least, most = int(rule.value("minCount") or 0), rule.value("maxCount")
    return _number(least, int(most) if most else None, lang)


def _number(least: int, most: int | None, lang: str) -> str:
    one, english = "één", lang == "en"
    if english:
        one = "one"
    if most is None:
        if least == 0:
            return "any number of" if english else "eender hoeveel"
        return f"{'at least' if english else 'minstens'} {one if least == 1 else least}"
    if most == 0:
        return "no" if english else "geen"
    if least == most:
        return f"{'exactly' if english else 'precies'} {one if most == 1 else most}"
    if least == 0:
        return f"{'at most' if english else 'hoogstens'} {one if most == 1 else most}"
    return f"{least} {'to' if english else 'tot'} {most}"


def extent(rule: Rule, lang: str) -> list[Part]:
    """Return what kind of value it asks for: datatype, class, list, or as another shape says."""
    found = [row for row in rule.constraints if row[0] in _RANGE]
    if any(name in ("class", "in", "hasValue") for name, _ in found):
        found = [row for row in found if row[0] != "nodeKind"]  # it goes without saying
    return [part for name, terms in found for part in _parts(rule, name, terms, lang)]


def demands(rule: Rule, lang: str) -> list[Part]:
    """Return what else it asks of a value."""
    return [
        part
        for name, terms in rule.constraints
        if name not in (*_RANGE, *_COUNTS)
        for part in _parts(rule, name, terms, lang)
    ]


def _parts(rule: Rule, name: str, terms: tuple[Term, ...], lang: str) -> Iterator[Part]:
    english = lang == "en"
    if name == "uniqueLang":
        yield ("at most one in each language" if english else "hoogstens één per taal",)
    elif name in ("datatype", "nodeKind"):
        table = _DATATYPES if name == "datatype" else _KINDS
        local = str(terms[0]).rpartition("#")[2]
        yield (table[local][english],) if local in table else terms
    elif name in _SHAPES:
        yield _nested(rule, name, terms, lang)
    else:
        words = _WORDS.get(name, (f"{name} {{}}", f"{name} {{}}"))[english]
        yield _filled(words, _allowed(rule) if name == "closed" else terms)


def _nested(rule: Rule, name: str, terms: tuple[Term, ...], lang: str) -> Part:
    """Return what other shapes ask: in words where that is short, else by their names."""
    words, joint = _SHAPES[name][lang == "en"]
    told = [_told(rule.inner[str(row)], row, lang) for row in terms]
    if name == "qualifiedValueShape":
        most = rule.value("qualifiedMaxCount")
        least = int(rule.value("qualifiedMinCount") or 0)
        words = f"{_number(least, int(most) if most else None, lang)}: {words}"
    return _filled(words, told, joint)


def _told(rule: Rule, name: Term, lang: str) -> Part:
    asked = extent(rule, lang) + demands(rule, lang)
    if rule.properties or not asked or rule.targets:
        return ("as ", name, " says") if lang == "en" else ("zoals ", name, " zegt")
    return _filled("{}", asked)


def _filled(words: str, terms: Sequence[Part | Term], joint: str = ", ") -> Part:
    """Return words with terms in the place of ``{}``."""
    before, _, after = words.partition("{}")
    pieces: list[str | Term] = [before]
    for place, term in enumerate(terms):
        pieces += [joint] if place else []
        pieces += term if isinstance(term, tuple) else (term,)
    return tuple(row for row in (*pieces, after) if row != "")


def _allowed(rule: Rule) -> tuple[Term, ...]:
    """Return the properties that a closed shape lets through."""
    ignored = [terms for name, terms in rule.constraints if name == "ignoredProperties"]
    own = (row.predicate for row in rule.properties if row.predicate)
    names = {*own, *(str(row) for terms in ignored for row in terms)}
    return tuple(Term("uri", name) for name in sorted(names))


def severity(rule: Rule, lang: str) -> str:
    """Return how much weight it has."""
    words = {
        "Violation": ("verplicht", "required"),
        "Warning": ("aanbevolen", "recommended"),
        "Info": ("ter info", "for information"),
    }
    return words[rule.severity][lang == "en"]


def about(rule: Rule, lang: str) -> list[Part]:
    """Return which things a node shape is about."""
    words = {
        "targetClass": ("elk ding van de klasse {}", "each thing of the class {}"),
        "targetSubjectsOf": ("alles wat {} heeft", "everything that has {}"),
        "targetObjectsOf": ("alles waar {} naar verwijst", "everything that {} points to"),
        "targetNode": ("{}", "{}"),
    }
    kinds = dict.fromkeys(kind for kind, _ in rule.targets)
    joint = " or " if lang == "en" else " of "
    return [
        _filled(
            words[kind][lang == "en"],
            [Term("uri", iri) for row, iri in rule.targets if row == kind],
            joint,
        )
        for kind in kinds
    ]
