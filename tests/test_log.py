"""What the operator reads: one line an event, in two forms, and nothing that is personal."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from service import log
from service.problems import UsageError
from tests.live_service import Live, address, live
from tests.serving_release import write_release


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put the handlers of the logger back after the test."""
    logger = logging.getLogger("imonitor")
    before, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = before
    logger.setLevel(level)


@pytest.mark.usefixtures("handlers")
def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    log.event("request", path="/a b\n", status=200, ms=None)
    try:
        raise ValueError("broken")
    except ValueError as error:
        log.incident("incident 1", error)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["path"], first["status"], first["ms"]) == (
        "request",
        "/a b\n",
        200,
        None,
    )
    assert first["level"] == "info"
    assert second["level"] == "error"
    assert "ValueError: broken" in second["traceback"]


@pytest.mark.usefixtures("handlers")
def test_what_a_client_sends_cannot_begin_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("text")
    log.event("request", path="/a\nrequest path=/forged", status=404, ms=None)
    assert capsys.readouterr().err == ('request path="/a\\nrequest path=/forged" status=404 ms=-\n')


def test_another_form_is_refused() -> None:
    with pytest.raises(UsageError, match="LOG_FORMAT"):
        log.configure("xml")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("logged")
    write_release(home, 1)
    with live(home, log_format="json") as running:
        yield running


@pytest.mark.live
def test_the_service_logs_work_and_refusals_without_who_or_what(service: Live) -> None:
    query = "ASK { ?s ?p 'sung by a canary' }"
    service.ask(address(query), headers={"User-Agent": "canary"})
    service.ask(address(query), headers={"User-Agent": "canary"})
    service.ask("/nowhere?name=canary")
    service.until(lambda: '"/nowhere"' in service.log.read_text())  # it is written after the reply
    text = service.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    asked = [row for row in lines if row.get("path") == "/sparql"]
    assert [(row["method"], row["status"]) for row in asked] == [("GET", 200)]
    assert [row["status"] for row in lines if row.get("path") == "/nowhere"] == [404]
    assert any("is being served" in row["event"] for row in lines)
    assert "canary" not in text
    assert "127.0.0.1" not in text
