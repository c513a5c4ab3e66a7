"""The vault: personal data of responses, apart from the archive and from every RDF store.

One file a response in ``HOME/vault/`` (folder 0700, file 0600), named after the response's UUID,
with the last day on which it may be there (domain.md §6: at most twelve months).
No value of it is ever part of a message, so exceptions and logs name the response only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from service.release.files import make_folder, sync_folder, write_durably

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Vault:
    """The folder ``HOME/vault``; a missing one is made at the first write."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "vault"

    def keep(
        self, record: str, personal: Mapping[str, str], accepted: date, expires: date | None = None
    ) -> None:
        """Write what is personal in a response; when this returns, it is on disk.

        Nothing is written where there is nothing personal. What was kept of the same response is
        replaced.

        Args:
            record: IRI of the response; it ends in a UUID.
            personal: column → value.
            accepted: the day of acceptance.
            expires: the last day on which it may be kept, by default a year after ``accepted``.

        Raises:
            ValueError: ``expires`` is too late, or the IRI does not end in a UUID.
        """
        latest = year_after(accepted)
        last = latest if expires is None else expires
        if last > latest:
            raise ValueError(f"personal data may be kept until {latest}, not until {last}")
        path = self._path(record)
        values = {name: value for name, value in personal.items() if value}
        if not values:
            return
        make_folder(self.folder, 0o700)
        if self.folder.stat().st_mode & 0o077:
            self.folder.chmod(0o700)
        content = {"record": record, "expires": last.isoformat(), "personal": values}
        # ASCII only: an encoding error would carry the value.
        write_durably(path, json.dumps(content).encode("ascii"), mode=0o600)

    def read(self, record: str) -> dict[str, str]:
        """Return what is kept of a response; empty when there is nothing."""
        try:
            content = json.loads(self._path(record).read_bytes())
        except FileNotFoundError:
            return {}
        return dict(content["personal"])

    def delete(self, record: str) -> bool:
        """Remove what is kept of a response; tell whether there was anything."""
        path = self._path(record)
        if not path.exists():
            return False
        path.unlink()
        sync_folder(self.folder)
        return True

    def purge(self, today: date) -> int:
        """Remove all that had to be gone by ``today``; return how many files."""
        gone = [path for path in self._files() if _last_day(path) < today]
        for path in gone:
            path.unlink(missing_ok=True)
        if gone:
            sync_folder(self.folder)
        return len(gone)

    def __len__(self) -> int:
        """The number of responses of which something is kept."""
        return sum(not path.name.startswith(".") for path in self._files())

    def _files(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from sorted(path for path in self.folder.iterdir() if path.is_file())

    def _path(self, record: str) -> Path:
        name = record.rpartition("/")[2]
        if not _UUID.fullmatch(name):
            raise ValueError(f"not the IRI of a response: {record[:200]!r}")
        return self.folder / f"{name}.json"


def year_after(day: date) -> date:
    """Return the same day a year later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _last_day(path: Path) -> date:
    """Return the last day on which a file may be there.

    A file that a crash left behind half written is dated by the file system: what cannot be read
    must not stay for ever.
    """
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    if path.name.startswith("."):
        return written
    try:
        return date.fromisoformat(json.loads(path.read_bytes())["expires"])
    except (ValueError, KeyError, TypeError):
        return year_after(written)
