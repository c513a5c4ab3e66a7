"""The vault: personal data apart, readable by its owner only, gone in time, and silent."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest

from service.release.vault import Vault, year_after

FIRST = "http://localhost:8000/id/respons/696cbf0e-766b-564f-918c-24eef96c4969"
SECOND = "http://localhost:8000/id/synthetisch/respons/00000000-0000-5000-8000-000000000001"
DAY = date(2016, 6, 15)
PERSON = {"contact_naam": "Jan Peeters", "contact_email": "jan@voorbeeld.invalid"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_kept_is_one_private_file_a_response(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep(FIRST, {**PERSON, "opmerking": ""}, DAY)
    vault.keep(SECOND, PERSON, DAY)
    assert mode(vault.folder) == 0o700
    names = sorted(path.name for path in vault.folder.iterdir())
    assert names == [f"{iri.rpartition('/')[2]}.json" for iri in (SECOND, FIRST)]
    assert {mode(path) for path in vault.folder.iterdir()} == {0o600}
    assert vault.read(FIRST) == PERSON
    assert len(vault) == 2


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir(mode=0o755)
    Vault(tmp_path).keep(FIRST, PERSON, DAY)
    assert mode(tmp_path / "vault") == 0o700


def test_nothing_is_written_when_there_is_nothing_personal(tmp_path: Path) -> None:
    Vault(tmp_path).keep(FIRST, {"contact_naam": ""}, DAY)
    assert not (tmp_path / "vault").exists()
    assert len(Vault(tmp_path)) == 0 and Vault(tmp_path).read(FIRST) == {}


def test_one_response_can_be_deleted(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep(FIRST, PERSON, DAY)
    vault.keep(SECOND, PERSON, DAY)
    assert vault.delete(FIRST) is True
    assert vault.delete(FIRST) is False
    assert (vault.read(FIRST), vault.read(SECOND)) == ({}, PERSON)


def test_what_has_expired_is_purged_on_the_day_after(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep(FIRST, PERSON, DAY)
    vault.keep(SECOND, PERSON, DAY, expires=date(2016, 9, 1))
    assert vault.purge(date(2016, 9, 1)) == 0
    assert vault.purge(date(2016, 9, 2)) == 1
    assert vault.purge(date(2017, 6, 15)) == 0
    assert vault.purge(date(2017, 6, 16)) == 1
    assert len(vault) == 0


def test_nothing_may_be_kept_longer_than_a_year(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2017-06-15"):
        Vault(tmp_path).keep(FIRST, PERSON, DAY, expires=date(2017, 6, 16))
    assert year_after(date(2016, 2, 29)) == date(2017, 2, 28)


def test_what_a_crash_left_behind_goes_too(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep(FIRST, PERSON, DAY)
    half = vault.folder / ".half.json.tmp"
    torn = vault.folder / f"{SECOND.rpartition('/')[2]}.json"
    for path in (half, torn):
        path.write_bytes(b'{"expires": ')
        os.utime(path, (1466000000, 1466000000))  # 15 June 2016
    assert vault.purge(date(2016, 6, 15)) == 0
    assert vault.purge(date(2016, 6, 16)) == 1 and not half.exists()
    assert vault.purge(date(2017, 6, 16)) == 2 and not torn.exists()


def test_no_exception_carries_a_personal_value(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    for iri in ("http://localhost:8000/id/respons/..", "http://localhost:8000/id/bron/D1"):
        with pytest.raises(ValueError, match="not the IRI of a response") as caught:
            vault.keep(iri, PERSON, DAY)
        assert "Peeters" not in repr(caught.value)
    # a text that no encoding takes is kept all the same
    vault.keep(FIRST, {"contact_naam": "\udc80"}, DAY)
    assert vault.read(FIRST) == {"contact_naam": "\udc80"}


def test_a_file_is_on_disk_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def traced_fsync(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def traced_replace(self: Path, target: Path) -> Path:
        calls.append("rename")
        return replace(self, target)

    vault = Vault(tmp_path)
    vault.keep(SECOND, PERSON, DAY)  # makes the folder
    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(Path, "replace", traced_replace)
    vault.keep(FIRST, PERSON, DAY)
    assert calls == ["file", "rename", "folder"]
    vault.delete(FIRST)
    assert calls[3:] == ["folder"]
