"""What a query is, read before any work is done for it; updates and ``SERVICE`` are refused.

The engine's parser takes keywords without a boundary after them and an expression where a lexer
sees an IRI (measured: ``SERVICESILENT<x>{}``, ``SERVICE:x{}`` and ``FILTER(1<e:a)SERVICE#>`` all
make it call out). So the text is read by the lexical rules of SPARQL 1.1 §19.8, but where ``<`` may
be an operator *or* begin an IRI both readings are followed, and keywords count wherever they may be
glued. Codepoint escapes (§19.2) are read both resolved and as they stand.

This is for a good answer; that nothing leaves the machine does not hang on it
(`service.store.worker` takes every file descriptor away). The expressions are possessive, so that
the time is linear in the text whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.problems import BadQuery, ServiceRefused, TooLarge, UpdateRefused

MAX_CHARACTERS = 100_000
MAX_DEPTH = 200
MAX_OPEN_STRINGS = 20

_PROLOGUE = ("BASE", "PREFIX", "VERSION")
_FORMS = ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK")
_UPDATES = (
    "INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH",
)  # fmt: skip
_VOLATILE = ("NOW", "RAND", "UUID", "BNODE")

_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_IRI = rf'<(?:[^<>"{{}}|^`\\\x00-\x20]|{_ESCAPE})*+>'
_PERCENT = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_LOCAL = rf"(?:[\w:]|{_PERCENT})(?:(?:[\w\-·:.]|{_PERCENT})*(?:[\w\-·:]|{_PERCENT}))?"
_PREFIX = r"(?:[^\W\d_][\w\-·.]{0,100}+(?<!\.))?"
_SKIP = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"
_LONG = r""""{3}(?:"{0,2}+(?:[^"\\]|\\.))*+"""
_SHORT = r""""(?:[^"\\\r\n]|\\.)*+"""


def _either(pattern: str) -> str:
    """Return the pattern of a string in double quotes, or the same in single ones."""
    return f"{pattern}|{pattern.replace(chr(34), chr(39))}"


_TOKEN = re.compile(
    rf"""(?P<blank>[ \t\r\n]+|\#[^\r\n]*)
    |(?P<long>{_either(_LONG + '"{3}')})|(?P<openlong>{_either(_LONG + '"{0,2}')})
    |(?P<short>{_either(_SHORT + '"')})|(?P<openshort>{_either(_SHORT)})
    |(?P<iri>{_IRI})
    |(?P<term>[?$]\w+|@[A-Za-z]+(?:-[A-Za-z0-9]+)*|_:\w(?:[\w\-·.]*[\w\-·])?)
    |(?P<name>(?P<prefix>{_PREFIX}):(?:{_LOCAL})?)
    |(?P<word>[^\W\d]\w*)
    |(?P<open>[{{([])|(?P<close>[}})\]])
    |(?P<other>.)""",
    re.X | re.S,
)
_CALL_OUT = re.compile(
    rf"SERVICE{_SKIP}(?:SILENT{_SKIP})?(?:{_IRI}|[?$]\w+|{_PREFIX}:(?:{_LOCAL})?){_SKIP}\{{",
    re.I,
)
_FROM = re.compile(r"FROM(?:NAMED)?$", re.I)
# The empty prefix, declared or used: a colon with nothing of a name in front of it.
_EMPTY_PREFIX = re.compile(r"(?:PREFIX|[^\w\-·.]|^):", re.I)


@dataclass(frozen=True)
class Reading:
    """What the text says of itself.

    ``form`` is "SELECT", "CONSTRUCT", "DESCRIBE", "ASK" or empty; ``dataset``: it has FROM clauses;
    ``volatile``: two runs may differ (NOW, RAND, UUID, STRUUID, BNODE), so it is not to be cached.
    """

    form: str
    dataset: bool
    volatile: bool

    @property
    def kind(self) -> str:
        """The kind of answer: "graph" or "solutions" (booleans too)."""
        return "graph" if self.form in ("CONSTRUCT", "DESCRIBE") else "solutions"


def read(text: str) -> Reading:
    """Read a query.

    Raises:
        TooLarge: more than `MAX_CHARACTERS`.
        UpdateRefused: it is an update.
        ServiceRefused: it has a ``SERVICE`` clause.
        BadQuery: brackets nested deeper than `MAX_DEPTH`, or many strings without an end.
    """
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(f"a query may have {MAX_CHARACTERS} characters")
    resolved = _resolve(text)
    versions = {text, resolved}
    # ``SERVICE:x`` is a clause only with an empty prefix; without one it is a name like any other.
    nameless = any(_EMPTY_PREFIX.search(version) for version in versions)
    if any(_calls_out(version, nameless) for version in versions):
        raise ServiceRefused(
            "this server makes no requests for its users; federate from your own client, which "
            "can send one part of the query here and the other elsewhere"
        )
    return _Scan(resolved).reading()


def _resolve(text: str) -> str:
    """Resolve codepoint escapes; those that name no character stay as they are."""

    def character(match: re.Match[str]) -> str:
        code = int(match[0][2:], 16)
        fits = code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if fits else match[0]

    return re.sub(_ESCAPE, character, text) if "\\" in text else text


def _calls_out(text: str, nameless: bool) -> bool:
    """Tell whether any reading of ``text`` has a SERVICE clause outside strings and comments.

    Args:
        text: the query.
        nameless: whether the empty prefix may be declared.

    Raises:
        BadQuery: many strings without an end (each costs a look at the rest of the text).
    """
    if not re.search("service", text, re.I):
        return False
    todo, seen, unended, line = [0], set[int](), 0, range(0)
    while todo:
        start = todo.pop()
        if start in seen or start >= len(text):
            continue
        seen.add(start)
        if text[start] == "#":  # one look per line, not per comment: readings share their lines
            line = line if start in line else range(start, _line_end(text, start))
            todo.append(line.stop)
            continue
        token = _TOKEN.match(text, start)
        if token is None:
            continue
        todo.append(token.end())
        if token["openlong"] or token["openshort"]:
            todo.append(start + (2 if token["openlong"] else 1))
            unended += 1
            if unended > MAX_OPEN_STRINGS:
                raise BadQuery("a string has no end", *_position(text, start))
        elif token["iri"]:
            todo.append(start + 1)
        elif _glued(text, token, nameless):
            return True
    return False


def _line_end(text: str, start: int) -> int:
    end = re.compile(r"[\r\n]").search(text, start)
    return end.start() if end else len(text)


def _glued(text: str, token: re.Match[str], nameless: bool) -> bool:
    """Tell whether a SERVICE clause begins anywhere in a word or in the prefix of a name."""
    for found in re.finditer("service", token["word"] or token["prefix"] or "", re.I):
        start, end = token.start() + found.start(), token.start() + found.end()
        if text[end : end + 1] == ":" and not nameless:
            continue
        if _CALL_OUT.match(text, start):
            return True
    return False


class _Scan:
    """One pass over the tokens in their usual reading."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._form = ""
        self._depth = 0
        self._dataset = False
        self._volatile = False
        self._declared: set[str] = set()

    def reading(self) -> Reading:
        """Return what was read; raises as `read` does."""
        before = ""
        for token in self._tokens():
            if token["open"]:
                self._enter(token, before)
            elif token["close"]:
                self._depth -= 1
            elif not self._form:
                self._begin(token)
            elif self._depth == 0 and not self._dataset:
                self._dataset = self._names_dataset(token)
            before = token["word"] or ""
        form = self._form if self._form in _FORMS else ""
        return Reading(form, self._dataset, self._volatile)

    def _tokens(self) -> Iterator[re.Match[str]]:
        return (token for token in _TOKEN.finditer(self._text) if not token["blank"])

    def _enter(self, token: re.Match[str], before: str) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadQuery(
                f"brackets nested deeper than {MAX_DEPTH}", *_position(self._text, token.start())
            )
        if token[0] == "(" and before.upper().endswith(_VOLATILE):
            self._volatile = True

    def _begin(self, token: re.Match[str]) -> None:
        """Read the prologue and the first keyword after it (§4.1.1)."""
        if token["name"]:
            self._declared.add(token["prefix"].upper())
        word = (token["word"] or "").upper()
        if not word or word in _PROLOGUE:
            return
        if word.startswith(_UPDATES):
            raise UpdateRefused(
                "data changes only by publishing a new release; this endpoint answers "
                "SELECT, ASK, CONSTRUCT and DESCRIBE"
            )
        self._form = next((form for form in _FORMS if word.startswith(form)), "?")
        self._dataset = bool(_FROM.search(word))

    def _names_dataset(self, token: re.Match[str]) -> bool:
        """Tell whether a token outside all brackets is FROM (§13.2), perhaps glued to others."""
        prefix = (token["prefix"] or "").upper()
        word = token["word"] or ("" if prefix in self._declared else prefix)
        return bool(_FROM.search(word))


def _position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
