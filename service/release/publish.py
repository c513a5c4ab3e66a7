"""Publish: from the archive to a numbered, immutable release, or nothing.

A publication record is written first; the release is a function of the archive up to that record
and of the release before it. It is built in a hidden folder and renamed into place when it is whole
and checked, so a process killed at any instant leaves readers with the old release; the next
publish finishes what was recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service import __version__, data_dir
from service.problems import Problem, UsageError
from service.queries import Library
from service.release.archive import Archive
from service.release.build import Builder
from service.release.expiry import remove_expired
from service.release.files import make_folder, point_link, remove_trees, sync_folder, sync_tree
from service.release.lock import exclusive
from service.release.manifest import Release
from service.release.push import push
from service.release.sources import Sources
from service.settings import Settings

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Report nothing."""


@dataclass
class Publisher:
    """Makes releases of one data folder."""

    settings: Settings
    progress: Progress = _silent

    def __post_init__(self) -> None:
        self.archive = Archive(self.settings.archive)
        self.library = Library.load()

    def publish(self, *, if_changed: bool = False) -> Release:
        """Publish what the archive holds now, after finishing what was recorded before.

        Args:
            if_changed: return the current release when it already says all that the archive holds.

        Raises:
            ShapeViolation: the data does not conform; nothing was published, the report is kept.
            Locked: somebody else is publishing.
            UsageError: there is nothing in the archive.
            StoreUnavailable: the release was made, and could not be pushed to the remote store.
        """
        self.archive.open_for(self.settings.base)
        with exclusive(self.settings.home / "publish.lock"):
            make_folder(self.settings.releases)
            remove_expired(self.settings, datetime.now(UTC).date())
            remove_trees(self.settings.releases.glob(".building-*"))
            self._finish_recorded()
            documents = [[row.sequence, row.sha256] for row in self.archive.documents()]
            if not documents:
                raise UsageError("the archive is empty; load something first")
            current = Release.current(self.settings.home)
            record = self._new_record(documents)
            if if_changed and current and self._says_the_same(record):
                self._push(current)
                return current
            self.archive.add_publication(record)
            release = self.make(record)
            self._push(release)
            return release

    def rollback(self, number: int) -> Release:
        """Publish the content of release ``number`` again, as a new release."""
        self.archive.open_for(self.settings.base)
        with exclusive(self.settings.home / "publish.lock"):
            self._finish_recorded()
            old = [row for row in self.archive.publications() if row["number"] == number]
            if not old or Release.numbered(self.settings.home, number) is None:
                raise UsageError(f"there is no release {number}")
            record = self._new_record(old[0]["documents"], rollback_of=number)
            self.archive.add_publication(record)
            release = self.make(record)
            self._push(release)
            return release

    def make(self, record: dict[str, Any], releases: Path | None = None) -> Release:
        """Make the release of a publication record; ``releases`` is where (default: in place).

        Raises:
            ShapeViolation: the data does not conform; the record is marked as refused.
        """
        releases = releases or self.settings.releases
        number = int(record["number"])
        folder = releases / f".building-{number}"
        remove_trees([folder])
        wanted = {tuple(row) for row in record["documents"]}
        documents = [r for r in self.archive.documents() if (r.sequence, r.sha256) in wanted]
        builder = Builder(
            folder=folder,
            record=record,
            base=self.settings.base,
            archive=self.archive,
            library=self.library,
            sources=Sources.of(documents, self.settings.base),
            previous=_latest(releases),
            progress=self.progress,
        )
        try:
            builder.build()
        except Problem as problem:
            report = {"problem": problem.slug, "detail": problem.detail, **problem.members}
            self.archive.refuse_publication(number, report)
            remove_trees([folder])
            raise
        sync_tree(folder)
        final = releases / str(number)
        folder.rename(final)
        sync_folder(releases)
        point_link(releases / "current", str(number))
        return Release(final)

    def _push(self, release: Release) -> None:
        push(self.settings, release, self.library, self.progress)

    def _finish_recorded(self) -> None:
        for record in self.archive.publications():
            number = record["number"]
            refused = self.archive.refusal(number)
            if Release.numbered(self.settings.home, number) is None and refused is None:
                self.progress(f"finishing publication {number}, which was interrupted")
                self.make(record)
        latest = _latest(self.settings.releases)
        current = Release.current(self.settings.home)
        if latest and (current is None or current.number != latest.number):
            point_link(self.settings.releases / "current", latest.path.name)

    def _new_record(
        self, documents: list[list[Any]], rollback_of: int | None = None
    ) -> dict[str, Any]:
        numbers = [row["number"] for row in self.archive.publications()]
        return {
            "number": max(numbers, default=0) + 1,
            "instant": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "documents": documents,
            "ontology": _digest(data_dir("ontology")),
            "shapes": _digest(data_dir("shapes")),
            "queries": _digest(data_dir("queries")),
            "software": __version__,
            "rollbackOf": rollback_of,
        }

    def _says_the_same(self, record: dict[str, Any]) -> bool:
        last = self.archive.publications()[-1]
        own = {"number", "instant", "rollbackOf"}
        return all(last.get(key) == record[key] for key in record if key not in own)


def _latest(releases: Path) -> Release | None:
    numbers = [int(path.name) for path in releases.glob("[0-9]*") if path.name.isdigit()]
    return Release(releases / str(max(numbers))) if numbers else None


def _digest(folder: Path) -> str:
    state = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            state.update(f"{path.relative_to(folder)}\n".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()
