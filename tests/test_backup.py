"""Backup and restore: the same digests from one file, and nothing overwritten."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from service.problems import DataRefused, UsageError
from service.release.backup import back_up, restore
from service.release.check import check_home
from service.release.manifest import Release
from service.release.rebuild import rebuild
from service.settings import Settings
from tests.home import full_answers, load, publish, response, settings_for, write_answers


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> tuple[Settings, Path]:
    """A published home with one response, and its backup."""
    answers = full_answers(settings, "B", 2)
    rows = response("R", "B", ["0216771046"], answers, contact_naam="Iemand Verzonnen")
    load(settings, "answers", write_answers(tmp_path / "antwoorden.csv", rows))
    publish(settings)
    file = tmp_path / "reserve.tar.gz"
    back_up(settings, file)
    return settings, file


def test_a_restored_home_gives_the_same_digests(
    kept: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, file = kept
    assert file.stat().st_mode & 0o077 == 0
    other = settings_for(tmp_path / "other")
    assert restore(other, file) == 6
    assert rebuild(other)["releases"] == 1
    releases = [Release.current(row.home) for row in (settings, other)]
    digests = [
        {graph: entry.digest for graph, entry in row.all_graphs.items()} for row in releases if row
    ]
    assert digests[0] == digests[1]
    assert [path.name for path in other.vault.iterdir()] == [
        path.name for path in settings.vault.iterdir()
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in other.vault.iterdir())
    assert check_home(other) == []


def test_neither_a_file_nor_an_archive_is_overwritten(kept: tuple[Settings, Path]) -> None:
    settings, file = kept
    with pytest.raises(UsageError, match="already"):
        back_up(settings, file)
    with pytest.raises(UsageError, match="already"):
        restore(settings, file)


def test_a_damaged_backup_is_refused(kept: tuple[Settings, Path], tmp_path: Path) -> None:
    _, file = kept
    folder = tmp_path / "open"
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
    document = next((folder / "archive" / "documents").iterdir())
    document.write_bytes(document.read_bytes() + b" ")
    damaged = tmp_path / "stuk.tar.gz"
    with tarfile.open(damaged, "w:gz") as tar:
        tar.add(folder / "archive", "archive")
    other = settings_for(tmp_path / "other")
    with pytest.raises(DataRefused, match="damaged"):
        restore(other, damaged)
    assert not other.archive.exists()
    whole = file.read_bytes()
    with tarfile.open(tmp_path / "leeg.tar.gz", "w:gz"):
        pass
    empty = (tmp_path / "leeg.tar.gz").read_bytes()
    for content in (b"no backup", whole[: len(whole) // 2], empty):
        file.write_bytes(content)
        with pytest.raises(UsageError, match="cannot be read"):
            restore(other, file)
    assert not other.archive.exists()
