"""Run all measurements, or those named on the command line: ``python -m tests.bench publish``."""

from __future__ import annotations

import sys

from tests.bench import judging, publishing

MEASUREMENTS = {
    "publish": publishing.throughput,
    "correction": publishing.corrections,
    "shapes": judging.validation,
}


def main(names: list[str]) -> None:
    """Run the measurements called ``names``, all when there are none."""
    for name in names or MEASUREMENTS:
        print(f"== {name}")
        MEASUREMENTS[name]()


main(sys.argv[1:])
