"""Where the zygotes of a service are found: sockets in one folder, and the link to the current one.

The folder holds ``{release}-{serial}.sock`` and the symbolic link ``current``. The link is replaced
by one rename, so every process switches to a new release at once; its target's name says which
release it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d+)-\d+\.sock")


@dataclass(frozen=True)
class Address:
    """A zygote's socket."""

    path: Path
    release: int


def socket_path(folder: Path, release: int, serial: int) -> Path:
    """Return the path of a zygote's socket."""
    return folder / f"{release}-{serial}.sock"


def current(folder: Path) -> Address | None:
    """Return the address that the link points at, or None when there is none."""
    try:
        name = (folder / "current").readlink().name
    except OSError:
        return None
    match = _NAME.fullmatch(name)
    return Address(folder / name, int(match[1])) if match else None


def switch(folder: Path, path: Path) -> None:
    """Point the link at ``path``, atomically."""
    unready = folder / "current.new"
    unready.unlink(missing_ok=True)
    unready.symlink_to(path.name)
    unready.replace(folder / "current")
