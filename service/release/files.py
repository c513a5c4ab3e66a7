"""Files that survive a crash: nothing is acknowledged before it is on disk.

The order is fixed: write a temporary file, fsync it, rename it into place, fsync the folder. Only
then does the caller go on (semantics.md "Durability is shown by tracing the system calls").
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write ``data`` so that ``path`` holds either the old content or all of the new."""
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file and name below ``folder`` durable."""
    for root, _, names in os.walk(folder):
        for name in names:
            _sync_file(Path(root) / name)
        sync_folder(Path(root))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o755) -> None:
    """Create a folder with its parents, durably; an existing one is left as it is."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def point_link(link: Path, target: str) -> None:
    """Let the symbolic link ``link`` name ``target``, atomically and durably."""
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)


def remove_trees(folders: Iterable[Path]) -> None:
    """Remove left-over folders; one that is gone already is no fault."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
