"""CSV on the Web: the description of a table beside it (Tabular Metadata, W3C 2015).

A reader of ``table.csv`` looks for ``table.csv-metadata.json`` (Model for Tabular Data §5.3).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from loaders.tables import Column
from service import data_dir


def table_metadata(url: str, columns: Sequence[Column], title_nl: str, title_en: str) -> bytes:
    """Return the metadata document of a table with these columns.

    The name in the header row is a title too: readers compare the two.
    """
    document = {
        **_frame(),
        "url": url,
        "dc:title": [
            {"@value": title_nl, "@language": "nl"},
            {"@value": title_en, "@language": "en"},
        ],
        "dc:language": ["nl"],
        "tableSchema": {"columns": [_column(column) for column in columns]},
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


@lru_cache(maxsize=1)
def _frame() -> dict[str, Any]:
    """Return context and dialect, which are the same for every table."""
    path = data_dir("ontology") / "csvw.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "titles": {
            "nl": [column.name, column.title_nl],
            "en": [column.name, column.title_en],
        },
        "datatype": column.datatype,
    }
    if column.separator:
        described["separator"] = column.separator
    return described
