"""Dates and times as senders write them (ISO 8601), read strictly."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DATE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"([T ](?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?"
)


def read_instant(text: str) -> datetime:
    """Read an ISO 8601 date or date with time; without a zone it is UTC.

    Raises:
        ValueError: its text is the code of the finding.
    """
    if not text:
        raise ValueError("date-missing")
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError("date-form")
    zone = (match["zone"] or "Z").replace("Z", "+00:00")
    try:
        instant = datetime.fromisoformat(f"{match['day']}T{match['time'] or '00:00'}{zone}")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("date-impossible") from error
