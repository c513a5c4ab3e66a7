"""Findings are made here, from a code and a place; the words stand in the ``…_messages`` modules.

``docs/answers-table.md`` explains the codes to senders; a test keeps the two lists equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from loaders import Finding
from loaders.response_messages import RESPONSE
from loaders.result_messages import RESULT
from loaders.table_messages import TABLE

MESSAGES: Mapping[str, tuple[str, str, str]] = MappingProxyType({**TABLE, **RESPONSE, **RESULT})
_SHOWN = 80
_SENT = frozenset({"name", "existing", "option", "type"})  # words that a sender wrote
_PERSONAL = re.compile(r"\S@\S")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: ``value`` is what stands there, ``record`` the sender's reference."""

    file: str = ""
    line: int | None = None
    column: str | None = None
    value: str | None = None
    record: str | None = None


class TableRefused(Exception):
    """A file as a whole cannot be read, and nothing of it counts; ``findings`` say why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(", ".join(found.code for found in findings))
        self.findings = list(findings)


def shown(value: str) -> str:
    """Return a cell's text as a finding may show it: short, and never an e-mail address.

    A shifted row may put a contact in a column that is not personal.
    """
    if _PERSONAL.search(value):
        return "[…@…]"
    return value if len(value) <= _SHOWN else value[:_SHOWN] + "…"


def finding(code: str, place: Place, **words: object) -> Finding:
    """Return the finding of a code at a place; ``words`` fill the message.

    Raises:
        KeyError: a code, or a word of its message, is not there.
    """
    known = {name: shown(str(word)) if name in _SENT else word for name, word in words.items()}
    return worded(code, MESSAGES[code], place, {**known, "line": place.line})


def worded(
    code: str, message: tuple[str, str, str], place: Place, words: Mapping[str, object]
) -> Finding:
    """Return a finding from its severity and Dutch and English message."""
    severity, dutch, english = message
    return Finding(
        code=code,
        message_nl=dutch.format(**words),
        message_en=english.format(**words),
        file=place.file,
        line=place.line,
        column=place.column,
        value=None if place.value is None else shown(place.value),
        record=None if place.record is None else shown(place.record),
        severity=severity,
    )
