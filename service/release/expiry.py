"""What must not be kept for ever: personal data in the vault, and refused documents."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from service.release.files import remove_trees
from service.release.vault import Vault
from service.settings import Settings


def remove_expired(settings: Settings, today: date) -> int:
    """Remove vault files and refused documents whose last day is before ``today``; count them."""
    expired = [path for path in settings.refused.glob("*") if _last_day(path) < today]
    remove_trees(expired)
    return len(expired) + Vault(settings.home).purge(today)


def _last_day(folder: Path) -> date:
    """Return the last day of a refused document; the report of a publication has none."""
    try:
        return date.fromisoformat(json.loads((folder / "report.json").read_bytes())["expires"])
    except (OSError, ValueError, KeyError):
        return date.max
