"""No canary gets out: contact data, free text and answers on security stay where they belong.

A canary is a text that occurs nowhere else. It is put into personal columns, beside answers on
security; then everything that readers can reach is decoded and searched.
"""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from pyoxigraph import RdfFormat, Store

from service.release.expiry import remove_expired
from service.release.manifest import Release
from service.settings import Settings
from service.vocab import expand
from tests.home import full_answers, load, publish, response, write_answers
from tests.live_service import live

ARDOOIE = "0216771046"
CANARIES = {
    "contact_naam": "Kanarie Naamveld",
    "contact_email": "kanarie-mailveld@voorbeeld.invalid",
    "contact_telefoon": "0470 11 22 33 44",
    "contact_functie": "Kanarie Functieveld",
    "opmerking": "Kanarie Vrije Tekst",
}


@pytest.fixture
def sung(settings: Settings, tmp_path: Path) -> Settings:
    """A published home with canaries, in an accepted and in a refused response."""
    good = response("KANARIE-1", "B", [ARDOOIE], full_answers(settings, "B", 2), **CANARIES)
    wrong = response("KANARIE-2", "B", ["0216771047"], {"AB1": "3"}, **CANARIES)
    report = load(settings, "answers", write_answers(tmp_path / "antwoorden.csv", good + wrong))[0]
    assert (report.accepted, report.refused) == (1, 1)
    assert not any(text in str(report.as_dict()) for text in CANARIES.values())
    publish(settings)
    return settings


def decoded(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, unpacked where it is packed."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".gz":
        yield gzip.decompress(data)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name)


def test_personal_columns_are_in_the_vault_and_nowhere_else(sung: Settings) -> None:
    vault = list(sung.vault.iterdir())
    assert len(vault) == 1
    assert json.loads(vault[0].read_bytes())["personal"] == CANARIES
    assert vault[0].stat().st_mode & 0o077 == 0
    searched = 0
    for path in sung.home.rglob("*"):
        if not path.is_file() or sung.vault in path.parents:
            continue
        for data in decoded(path):
            searched += 1
            for text in CANARIES.values():
                assert text.encode() not in data, path
    assert searched > 50


def test_the_full_store_has_no_personal_data(sung: Settings) -> None:
    release = Release.current(sung.home)
    assert release is not None
    dump = Store.read_only(str(release.full_store)).dump(format=RdfFormat.N_QUADS)
    assert dump
    assert not [text for text in CANARIES.values() if text.encode() in dump]


def test_no_answer_is_in_anything_public(sung: Settings) -> None:
    release = Release.current(sung.home)
    assert release is not None
    answer = expand("imon:answer").encode()
    public = Store.read_only(str(release.public_store)).dump(format=RdfFormat.N_QUADS) or b""
    assert b"/respons/" in public  # the response itself is named, as the source of scores
    assert b"<" + answer + b">" not in _predicates(public)
    for folder in ("dumps", "changes"):
        files = list((release.path / folder).iterdir())
        assert files
        for path in files:
            assert answer not in _predicates(gzip.decompress(path.read_bytes())), path
    private = Store.read_only(str(release.full_store)).dump(format=RdfFormat.N_QUADS) or b""
    assert b"<" + answer + b">" in _predicates(private)


def _predicates(quads: bytes) -> set[bytes]:
    return {line.split(b" ", 2)[1] for line in quads.splitlines() if line}


def test_what_has_expired_is_removed_by_the_next_publish(sung: Settings) -> None:
    refused = [path for path in sung.refused.iterdir() if path.name[0] != "p"]
    assert len(refused) == 1
    report = json.loads((refused[0] / "report.json").read_bytes())
    assert report["findings"][0]["code"] == "kbo-checksum"
    tomorrow = date.fromisoformat(report["expires"]) + timedelta(days=1)
    assert remove_expired(sung, tomorrow) == 1
    assert not refused[0].exists()
    assert len(list(sung.vault.iterdir())) == 1
    assert remove_expired(sung, tomorrow + timedelta(days=366)) == 1
    assert list(sung.vault.iterdir()) == []


@pytest.mark.live
def test_no_page_header_log_or_error_has_a_canary(sung: Settings) -> None:
    release = Release.current(sung.home)
    assert release is not None
    public = Store.read_only(str(release.public_store)).dump(format=RdfFormat.N_QUADS) or b""
    found = re.search(rb"/id/(synthetisch/respons/[0-9a-f-]{36})>", public)
    assert found
    response_path = f"/doc/{found[1].decode()}"
    everything = quote("SELECT * WHERE { GRAPH ?g { ?s ?p ?o } } LIMIT 20000")
    wrong = quote("SELECT WHERE " + CANARIES["contact_naam"])
    paths = [
        "/",
        response_path,
        f"{response_path}.ttl",
        f"/sparql?query={everything}&format=csv",
        f"/sparql?query={wrong}",
        "/graphs?default",
        "/graphs?graph=" + quote(f"{sung.base}graph/synthetisch/antwoorden/2016"),
        "/download/all.nq.gz",
        "/download/antwoorden.nq.gz",
        "/releases/1",
        "/catalog",
        "/metrics",
        "/doc/synthetisch/respons/00000000-0000-0000-0000-000000000000",
    ]
    with live(sung.home) as service:
        answers = [(path, service.ask(path)) for path in paths]
        log = service.log
    for path, answer in answers:
        body = answer.body
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        assert f"> <{expand('imon:answer')}> <".encode() not in body, path  # as a predicate
        for column, text in CANARIES.items():
            own_words = path.endswith(wrong) and column == "contact_naam"
            assert own_words or text.encode() not in body, path
            assert text not in str(answer.headers), path
    assert not [text for text in CANARIES.values() if text in log.read_text()]
    assert dict(answers)["/download/all.nq.gz"].status == 200
