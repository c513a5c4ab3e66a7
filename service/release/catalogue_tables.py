"""The tables that the catalogue is written from: ``ontology/catalogue/*.csv``.

| table | one row is |
|---|---|
| ``catalogues`` | a ``dcat:Catalog``: the real data, the synthetic data |
| ``datasets`` | a ``dcat:Dataset``; with ``part_of``, a derived graph that belongs to another row |
| ``distributions`` | a form in which every dataset can be fetched |
| ``services`` | a ``dcat:DataService`` |
| ``publisher``, ``contact`` | the one agent and the one contact point |
| ``concepts`` | a node of somebody else's that is linked to by its key |

Columns in two languages end in ``_nl`` and ``_en``; several values are joined by ``|``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from service import data_dir

LANGUAGES = ("nl", "en")
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """A row: cells by column name."""

    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def many(self, column: str) -> list[str]:
        """Return the values of a cell that may hold several."""
        return [value for value in self.cells[column].split("|") if value]

    def pairs(self, column: str) -> Pairs:
        """Return (language, text) for each language in which the column says something."""
        return [(lang, self[f"{column}_{lang}"]) for lang in LANGUAGES if self[f"{column}_{lang}"]]

    def says(self, column: str) -> bool:
        """Tell whether a cell says ``true``."""
        return self.cells[column] == "true"


@dataclass(frozen=True)
class Tables:
    """All tables; those with a key as mappings, in the order of the file."""

    catalogues: Mapping[str, Row]
    datasets: Mapping[str, Row]
    distributions: Mapping[str, Row]
    services: Mapping[str, Row]
    concepts: Mapping[str, Row]
    publisher: Row
    contact: Row

    def holder(self, dataset: str) -> str:
        """Return the catalogued dataset that the graphs named ``dataset`` belong to.

        Raises:
            LookupError: no row describes it, so it cannot be published.
        """
        row = self.datasets.get(dataset)
        if row is None:
            raise LookupError(f"ontology/catalogue/datasets.csv has no row for {dataset!r}")
        return row["part_of"] or dataset


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(cells) for cells in csv.DictReader(file, strict=True)]


@lru_cache(maxsize=1)
def load() -> Tables:
    """Read the tables, once."""
    folder = data_dir("ontology") / "catalogue"

    def keyed(name: str, column: str = "key") -> dict[str, Row]:
        return {row[column]: row for row in _read(folder / f"{name}.csv")}

    return Tables(
        catalogues=keyed("catalogues"),
        datasets=keyed("datasets", "name"),
        distributions=keyed("distributions"),
        services=keyed("services"),
        concepts=keyed("concepts"),
        publisher=_read(folder / "publisher.csv")[0],
        contact=_read(folder / "contact.csv")[0],
    )
