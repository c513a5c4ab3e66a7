"""Small instruments, a few questions a theme, as tables: the exact test vectors need them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Schemes of the bundled instrument that this one must replace: they weigh questions it lacks.
BUNDLED_VARIANTS = ("1.1", "dvn-nl")
#: theme, question, weight in the theme
Item = tuple[str, str, int]


def write_instrument(
    folder: Path,
    items: Sequence[Item],
    theme_weights: Mapping[str, int],
) -> Path:
    """Write an instrument whose scale has one option per whole score ("s60" scores 60)."""
    folder.mkdir()
    themes = sorted({theme for theme, _, _ in items})
    _write(
        folder / "themes.csv",
        ["code", "label_nl", "label_en"],
        [[theme, f"Thema {theme}", f"Theme {theme}"] for theme in themes],
    )
    _write(
        folder / "scales.csv",
        ["scale", "value", "label_nl", "label_en", "score"],
        [["PUNT", f"s{score}", f"{score}", f"{score}", f"{score}"] for score in range(0, 101)],
    )
    _write(
        folder / "questions.csv",
        ["code", "theme", "scale", "applies_to", "text_nl", "text_en"],
        [
            [code, theme, "PUNT", "ABC", f"Vraag {code}?", f"Question {code}?"]
            for theme, code, _ in items
        ],
    )
    _write(
        folder / "missing.csv",
        ["code", "label_nl", "label_en", "denominator", "option"],
        [
            ["ZD", "weet niet", "does not know", "binnen", "true"],
            ["NVT", "niet van toepassing", "not applicable", "buiten", "true"],
        ],
    )
    _write(
        folder / "schemes.csv",
        [
            "version",
            "based_on",
            "aggregation",
            "publication_threshold",
            "product_threshold",
            "band_width",
            "banded_theme",
        ],
        [
            ["1.0", "", "rekenkundig", "0.70", "0.70", "10", "T2" if "T2" in themes else ""],
            *[[name, "1.0", "", "", "", "", ""] for name in BUNDLED_VARIANTS],
        ],
    )
    _write(
        folder / "theme-weights.csv",
        ["scheme", "theme", "weight", "core"],
        [["1.0", theme, str(weight), "true"] for theme, weight in theme_weights.items()],
    )
    _write(
        folder / "item-weights.csv",
        ["scheme", "question", "weight"],
        [["1.0", code, str(weight)] for _, code, weight in items],
    )
    _typology(folder, themes)
    return folder


def _typology(folder: Path, themes: Sequence[str]) -> None:
    bounds = [
        ("1", "0", "20"),
        ("2", "20", "40"),
        ("3", "40", "60"),
        ("4", "60", "80"),
        ("5", "80", ""),
    ]
    _write(
        folder / "types.csv",
        ["method", "type", "lower", "upper", "label_nl", "label_en"],
        [
            ["TY-1", number, low, high, f"Type {number}", f"Type {number}"]
            for number, low, high in bounds
        ],
    )
    gates = [("t1", "T1", "50", "4"), ("t2", "T2", "50", "4"), ("t5", "T5", "70", "5")]
    _write(
        folder / "gates.csv",
        ["method", "gate", "theme", "minimum", "from_type", "label_nl", "label_en"],
        [["TY-1", *row, "poort", "gate"] for row in gates if row[1] in themes],
    )


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)
