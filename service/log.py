"""What the processes of the service tell their operator: lines of text, or of JSON.

No address of a client, no query text and no value of a parameter is ever in them: those can be
personal, and a log is kept elsewhere and longer than we know.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from service.problems import UsageError

FORMS = ("text", "json")
_LOG = logging.getLogger("imonitor")
_FIELDS = "fields"


def configure(form: str) -> None:
    """Let this process log to its standard error in a form, "text" or "json".

    Raises:
        UsageError: there is no such form.
    """
    if form not in FORMS:
        raise UsageError(f"IMONITOR_LOG_FORMAT: {form!r} is none of {', '.join(FORMS)}")
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text())
    _LOG.handlers[:] = [handler]
    _LOG.setLevel(logging.INFO)


def event(message: str, **fields: object) -> None:
    """Log something that happened; ``fields`` are strings, numbers or None."""
    _LOG.info(message, extra={_FIELDS: fields})


def incident(message: str, error: BaseException) -> None:
    """Log what nobody foresaw, with its traceback."""
    _LOG.error(message, exc_info=error)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = getattr(record, _FIELDS, {})
        return " ".join([line, *(f"{name}={_plain(value)}" for name, value in fields.items())])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        instant = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": instant.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage().strip(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _plain(value: object) -> str:
    """Return a value on one line: what a client sent cannot begin a line of its own."""
    text = "-" if value is None else str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)
