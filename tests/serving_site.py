"""The facade over a small release, in this process."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from service.app import create_app
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from tests.serving_release import BASE, write_release


def facade(home: Path) -> Flask:
    """Return the Flask application over a release that is written to ``home``."""
    folder = write_release(home, 1)
    settings = Settings(home=home, base=BASE)
    return create_app(settings, EmbeddedStore.open(folder / "public", 1 << 20, 1))
