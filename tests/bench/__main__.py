"""Run all measurements, or those named on the command line: ``python -m tests.bench publish``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tests.bench import derivations, judging, publishing, serving


def main() -> None:
    """Run the measurements that the command line names, all when it names none."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help="publish, correction, …")
    parser.add_argument("--quick", action="store_true", help="serving: two minutes, fewer triples")
    parser.add_argument("--folder", type=Path, help="serving: keep here what is made for it")
    asked = parser.parse_args()
    measurements: dict[str, Callable[[], None]] = {
        "publish": publishing.throughput,
        "correction": publishing.corrections,
        "derivations": derivations.measurement,
        "shapes": judging.validation,
        "serving": lambda: serving.comparison(quick=asked.quick, folder=asked.folder),
    }
    for name in asked.names or measurements:
        print(f"== {name}", flush=True)
        measurements[name]()


if __name__ == "__main__":
    main()
