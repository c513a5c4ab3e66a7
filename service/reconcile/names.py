"""Names as people write them: without accents, marks and the words that all bodies share."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import OSA, JaroWinkler

_MARKS = re.compile(r"[^0-9a-z]+")
_DOTTED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")  # O.C.M.W.
_SAINT = re.compile(r"\bst\b")
# What stands before the name of a body and tells its kind.
_CLASSES = (
    (re.compile(r"\b(?:openbaar centrum voor maatschappelijk welzijn|ocmw|cpas)\b"), "ocmw"),
    (re.compile(r"\b(?:gemeentebestuur|stadsbestuur|gemeente|stad)\b"), "gemeente"),
)
_SMALL = re.compile(r"\b(?:lokaal bestuur|bestuur|van)\b")
_WHOLE = 0.8  # share of the edit distance in a likeness; the rest is how alike the beginnings are


def letters(text: str) -> str:
    """Return a text in small letters without accents, words parted by one space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = _MARKS.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()
    return _DOTTED.sub(lambda match: match[0].replace(" ", ""), words)


def body_name(text: str) -> tuple[str, str]:
    """Return the name of a body without the word for its kind, and that kind ("" when not told).

    "Stad St.-Niklaas" is ("sint niklaas", "gemeente").
    """
    name, kind = letters(text), ""
    for pattern, found in _CLASSES:
        shorter = pattern.sub(" ", name)
        if shorter != name and shorter.strip():
            name, kind = shorter, kind or found
    name = _SMALL.sub(" ", name) if _SMALL.sub("", name).strip() else name
    return " ".join(_SAINT.sub("sint", name).split()), kind


def likeness(one: str, other: str) -> float:
    """Return how alike two names of `letters` are, from 0 to 100; spaces do not count.

    Two neighbouring letters that changed places are one fault (optimal string alignment).
    """
    a, b = one.replace(" ", ""), other.replace(" ", "")
    if not a or not b:
        return 0.0
    whole = OSA.normalized_similarity(a, b)
    return 100 * (_WHOLE * whole + (1 - _WHOLE) * JaroWinkler.similarity(a, b))
