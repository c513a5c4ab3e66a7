"""I-Monitor Linked Data: accept, publish and serve the digital maturity of local governments."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """Return the folder ``ontology``, ``shapes`` or ``queries``.

    In a wheel it lies in ``service/_data``; in a checkout beside the package. It is looked up from
    this file and not by import, because an editable install may leave a stale ``_data`` elsewhere.
    """
    for folder in (_HERE / "_data" / name, _HERE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"data folder {name!r} is neither packaged nor beside {_HERE}")
