"""One shape for every failure, whichever blueprint or layer it comes from (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.problems import StoreUnavailable, TooLarge, all_problems
from service.store.base import Query, Result
from tests.serving_release import BASE
from tests.serving_site import facade

SLUGS = {row.slug for row in all_problems()}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return facade(tmp_path_factory.mktemp("errors"))


@pytest.fixture(scope="module")
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


FAILURES = [
    ("GET", "/nowhere", 404, {}),
    ("GET", "/static/nothing.css", 404, {}),
    ("POST", "/", 405, {}),
    ("DELETE", "/catalog", 405, {}),
    ("GET", "/catalog", 406, {"Accept": "image/png"}),
    ("GET", "/catalog.zip", 404, {}),
    ("GET", "/doc/unknown", 404, {}),
    ("POST", "/id/x", 405, {}),
    ("GET", "/doc/synthetisch/golf/2016", 406, {"Accept": "image/png"}),
    ("GET", "/resource", 400, {}),
    ("GET", "/resource?iri=http://x/&format=png", 400, {}),
    ("GET", "/graphs", 400, {}),
    ("GET", "/graphs?graph=http://example.org/none", 404, {}),
    ("PUT", "/graphs?default", 405, {}),
    ("GET", "/graphs?default", 406, {"Accept": "text/html;q=0, image/png"}),
    ("GET", "/api/unknown", 404, {}),
    ("GET", "/api/cq01?date=x", 400, {}),
    ("GET", "/api/cq01", 406, {"Accept": "image/png"}),
    ("GET", "/api", 406, {"Accept": "image/png"}),
    ("GET", "/ns.zip", 404, {}),
    ("GET", "/ns/unknown", 404, {}),
    ("GET", "/ns", 406, {"Accept": "image/png"}),
    ("GET", "/shapes/unknown", 404, {}),
    ("GET", "/download/unknown.nq.gz", 404, {}),
    ("GET", "/download/all.nq.gz", 416, {"Range": "bytes=99999999-"}),
    ("GET", "/releases/99", 404, {}),
    ("GET", "/releases/1", 406, {"Accept": "image/png"}),
    ("GET", "/problems/unknown", 404, {}),
    ("POST", "/health/live", 405, {}),
]


@pytest.mark.parametrize(("method", "path", "status", "headers"), FAILURES)
def test_a_failure_is_a_problem_document(
    client: FlaskClient, method: str, path: str, status: int, headers: dict[str, str]
) -> None:
    answer = client.open(path, method=method, headers=headers)
    assert answer.status_code == status
    _check(answer, status)
    if status == 405:
        assert answer.headers["Allow"]
    if status == 406:
        assert json.loads(answer.data)["available"]


def _check(answer: TestResponse, status: int) -> dict[str, object]:
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, object] = json.loads(answer.data)
    assert problem["status"] == status
    assert str(problem["type"]).removeprefix(f"{BASE}problems/") in SLUGS
    assert problem["title"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Accept", "Accept-Language"} <= {r.strip() for r in answer.headers["Vary"].split(",")}
    assert "Traceback" not in answer.text
    return problem


def test_a_browser_gets_the_same_fields_as_a_page(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    for text in ("Not found", "404", "/problems/not-found", "there is nothing at /nowhere"):
        assert text in answer.text


def test_the_title_is_in_the_language_of_the_reader(client: FlaskClient) -> None:
    assert json.loads(client.get("/nowhere").data)["title"] == "Niet gevonden"
    english = client.get("/nowhere", headers={"Accept-Language": "en"})
    assert json.loads(english.data)["title"] == "Not found"


class _Failing:
    """A store that fails in a given way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def query(self, query: Query) -> Result:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreUnavailable("gone", 7), 503), (TooLarge("x"), 413), (ValueError("secret <b>"), 500)],
)
def test_a_failing_store_gives_the_same_shape(
    tmp_path: Path, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = facade(tmp_path)
    object.__setattr__(app.extensions["imonitor"], "store", _Failing(error))
    with app.test_client() as client:
        for path in ("/", "/catalog", "/doc/x", "/graphs?default", "/api/cq01", "/health/ready"):
            problem = _check(client.get(path, headers={"Accept": "*/*"}), status)
            if status == 503:
                assert client.get(path).headers["Retry-After"] == "7"
            if status == 500:
                assert str(problem["instance"]).startswith("urn:uuid:")
                assert "secret" not in str(problem)
                assert str(problem["instance"]).removeprefix("urn:uuid:") in caplog.text
