"""The OpenAPI document is valid, covers what there is, and the live service does as it says.

Requests are made by schemathesis: the same ones each time, of each operation some that the document
allows and some that it does not. What only a release knows (bodies, graphs, how many pages there
are) is drawn from what the demo has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import GenerationMode

from service.parameters import resolve
from service.web import openapi
from service.web.forms import forms
from tests.live_service import Live, live
from tests.serving_site import facade
from tests.stored import library, lookup, public_store

EXAMPLES = 10  # requests of each operation, of either kind
DEMO = "http://localhost:8000/"
KNOWN = {
    "body": ["0216771046", "44084", "71072", "46029", "73110", "23106", "11002", "44021", "24062"],
    "graph-iri": [f"{DEMO}graph/organisaties", f"{DEMO}graph/claims"],
    "thing-iri": [f"{DEMO}id/claim/c3-27", "https://w3id.org/imonitor/concept/thema/T1"],
    "iri": [f"{DEMO}id/claim/c3-27"],
    "reference": ["claim/c3-27", "golf/2016.ttl", "bron/D1.html"],
    "sparql-query": ["ASK {}", "SELECT ?s { ?s a <http://example.org/x> }", "DESCRIBE <x:x>"],
}
for name, values in KNOWN.items():
    schemathesis.openapi.format(name, st.sampled_from(values))


@schemathesis.serializer("application/sparql-query")
def as_text(context: schemathesis.SerializationContext, value: object) -> bytes:
    """Send a query as it is."""
    return str(value).encode("utf-8", "replace")


def first_page(context: object, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Ask for the first page only: the document does not say how many there are."""
    number = (query or {}).get("page")
    return {**query, "page": 1} if query and isinstance(number, int) and number > 1 else query


@pytest.fixture(scope="module")
def service(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("described")
    (home / "releases").symlink_to(demo_home / "releases")
    more = {"query_timeout": 30, "query_memory": 1024, "result_limit": 64, "client_budget": 0}
    with live(home, **more) as found:
        yield found


@pytest.fixture(scope="module")
def described(service: Live) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service.ask("/api/openapi.json").body)
    return found


# --- The document --------------------


def test_the_document_is_valid_and_covers_every_stored_query(tmp_path: Path) -> None:
    with facade(tmp_path).test_client() as client:
        found = client.get("/api/openapi.json").json or {}
    validate(found)
    assert found["openapi"].startswith("3.1")
    for query in library().area("api"):
        operation = found["paths"][f"/api/{query.name}"]["get"]
        names = [row["name"] for row in operation["parameters"]]
        assert names[: len(query.parameters)] == [row.name for row in query.parameters]
        kinds = operation["responses"]["200"]["content"]
        assert set(kinds) == {form.media_type for form in forms(query.form)}
        assert ("401" in operation["responses"]) == (query.access != "OPEN")
    for path in ("/sparql", "/graphs", "/catalog", "/download/{name}", "/doc/{reference}"):
        assert path in found["paths"]
    for path in ("/resource", "/id/{reference}", "/health/live", "/health/ready", "/api"):
        assert path in found["paths"]


@pytest.mark.slow
@pytest.mark.live
def test_lists_of_the_release_and_examples_are_in_the_document(
    described: dict[str, Any], demo_home: Path
) -> None:
    ask = lookup(public_store(demo_home))
    for query in library().area("api"):
        rows = described["paths"][f"/api/{query.name}"]["get"]["parameters"]
        examples = {}
        for row, told in zip(query.parameters, rows, strict=False):
            if row.kind in ("concept", "wave", "scheme", "lang"):
                assert told["schema"]["enum"], (query.name, row.name)
            if "example" in told:
                value = told["example"]
                examples[row.name] = value if isinstance(value, list) else str(value)
        resolve(query, examples, ask)


# --- The service --------------------


def operations() -> list[tuple[str, str]]:
    """Return path and method of every operation; which there are hangs on no release."""
    fixed = yaml.safe_load(Path(openapi.__file__).with_suffix(".yaml").read_text("utf-8"))["paths"]
    found = [(path, method) for path, methods in fixed.items() for method in methods]
    return found + [(f"/api/{query.name}", "get") for query in library().area("api")]


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("path", "method"), operations())
def test_the_service_does_as_the_document_says(
    service: Live, described: dict[str, Any], path: str, method: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(described)
    schema.hook("map_query")(first_page)
    made = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        nonlocal made
        made += 1
        case.call_and_validate(base_url=service.url)

    try:
        ask()
    except Unsatisfiable:  # nothing about this operation can be wrong
        assert mode == GenerationMode.NEGATIVE
    else:
        assert made > 0
