"""The JSON-LD context (JSON-LD 1.1): short names for the terms that this model uses.

It stands in ``ontology/context.jsonld`` and is not computed, since a name that was given out keeps
its meaning: a new term or rule may add a name and never change one. Tests hold it against the
vocabulary, the profile and the shapes, so it cannot fall behind them.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from service import data_dir


def context() -> dict[str, Any]:
    """Return the context document, ``{"@context": …}``, ready for JSON."""
    document: dict[str, Any] = json.loads(_text())
    return document


@lru_cache(maxsize=1)
def _text() -> str:
    return (data_dir("ontology") / "context.jsonld").read_text("utf-8")
