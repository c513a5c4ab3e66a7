"""Backup and restore: archive and vault in one file; everything else is made from them."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from pathlib import Path

from service.problems import DataRefused, UsageError
from service.release.archive import Archive
from service.release.files import make_folder, remove_trees, sync_folder, sync_tree
from service.release.lock import exclusive
from service.settings import Settings

_KEPT = ("archive", "vault")


def back_up(settings: Settings, target: Path) -> int:
    """Write archive and vault to the new file ``target`` (tar.gz, mode 0600); count its files.

    Nothing is accepted or published meanwhile. The file holds the archive's key and personal data.

    Raises:
        UsageError: the file is there already, or there is no archive.
    """
    archive = Archive(settings.archive)
    if target.exists():
        raise UsageError(f"{target} is there already")
    if not archive.root.exists():
        raise UsageError(f"there is no archive in {archive.root}")
    aside = target.with_name(f".{target.name}.tmp")
    count = 0
    with exclusive(settings.home / "publish.lock"), archive.accepting():
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as tar:
                for path in _files(settings.home):
                    tar.add(path, str(path.relative_to(settings.home)), recursive=False)
                    count += 1
            file.flush()
            os.fsync(file.fileno())
    aside.rename(target)
    sync_folder(target.parent)
    return count


def _files(home: Path) -> list[Path]:
    """Return the files to keep: no locks, and nothing that a crash left half written."""
    found = [path for name in _KEPT for path in sorted((home / name).rglob("*"))]
    return [
        path
        for path in found
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".lock"
    ]


def restore(settings: Settings, source: Path) -> int:
    """Put archive and vault of a backup into an empty home; count the documents.

    The releases are not in it: rebuild them.

    Raises:
        UsageError: there is an archive already, or ``source`` is no backup.
        DataRefused: a document does not have the digest in its name.
    """
    if settings.archive.exists():
        raise UsageError(f"there is an archive in {settings.archive} already")
    make_folder(settings.home)
    aside = settings.home / ".restoring"
    remove_trees([aside])
    try:
        with tarfile.open(source, "r:gz") as tar:
            tar.extractall(aside, filter="data")
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise UsageError(f"{source} cannot be read as a backup: {error}") from error
    if not (aside / "archive" / "base").exists():
        raise UsageError(f"{source} cannot be read as a backup: there is no archive in it")
    documents = Archive(aside / "archive").documents()
    for document in documents:
        if hashlib.sha256(document.path.read_bytes()).hexdigest() != document.sha256:
            raise DataRefused(f"document {document.sequence} of the backup is damaged")
    _put_in_place(aside, settings.home)
    return len(documents)


def _put_in_place(aside: Path, home: Path) -> None:
    """Move the vault first: the archive makes the home one that may be used."""
    for path in aside.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    sync_tree(aside)
    for name in reversed(_KEPT):
        if (aside / name).exists():
            (aside / name).rename(home / name)
            sync_folder(home)
    remove_trees([aside])
