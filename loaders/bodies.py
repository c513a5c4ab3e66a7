"""Finding a body in what a sender wrote, and telling why it was not found."""

from __future__ import annotations

import re
from datetime import date

from loaders.identifiers import kbo
from loaders.reference import Body, Reference

_NUMBER = re.compile(r"(?:BE)?[\s.\-/]*(?:[0-9][\s.\-/]*){9,10}", re.ASCII | re.IGNORECASE)


def find_body(text: str, reference: Reference) -> Body | str:
    """Return the body with this KBO number, OVO code or IRI, or the code of what is wrong.

    A spreadsheet that took a KBO number for an amount lost its leading zero: nine digits get it
    back.
    """
    try:
        key = kbo(text)
    except ValueError:
        if _NUMBER.fullmatch(text):
            return "kbo-checksum"
        key = text
    return reference.body(key) or "unknown-body"


def name_of(body: Body, day: date | None = None) -> str:
    """Return what the body was called on a day, or last."""
    state = body.on(day) if day else None
    if state is None and body.states:
        state = body.states[-1]
    return state.name if state else body.kbo
