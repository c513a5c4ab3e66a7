"""Reconciliation as OpenRefine asks it: misspelt names, numbers, old names, bad requests."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import data_dir
from service.app import create_app
from service.reconcile.names import body_name, likeness
from service.release.manifest import Release
from service.settings import Settings
from service.store.embedded import EmbeddedStore

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Body:
    """A body that there is today."""

    iri: str
    kind: str
    kbo: str
    name: str


@pytest.fixture(scope="module")
def client(demo_home: Path) -> FlaskClient:
    release = Release.current(demo_home)
    assert release is not None
    store = EmbeddedStore.open(release.public_store, 64 << 20, release.number)
    return create_app(Settings(home=demo_home), store).test_client()


def table(name: str) -> list[dict[str, str]]:
    path = data_dir("ontology") / "facts" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def bodies() -> list[Body]:
    known = {row["kbo"]: row for row in table("bodies")}
    return [
        Body(known[row["kbo"]]["iri"], known[row["kbo"]]["class"], row["kbo"], row["name"])
        for row in table("states")
        if not row["valid_to"]
    ]


def ask(client: FlaskClient, **queries: object) -> dict[str, list[dict[str, Any]]]:
    response = client.post("/reconcile", data={"queries": json.dumps(queries)})
    assert response.status_code == 200, response.get_data(as_text=True)
    return {name: row["result"] for name, row in response.get_json().items()}


def best(client: FlaskClient, text: str, **more: object) -> dict[str, Any]:
    return ask(client, q={"query": text, **more})["q"][0]


def misspelt(name: str, rng: random.Random) -> str:
    """Return a name with one or two faults as people make them."""
    for _ in range(1 + (len(name) > 9)):
        place = rng.randrange(1, len(name) - 1)
        letter = rng.choice(LETTERS)
        name = rng.choice(
            (
                name[:place] + name[place + 1 :],  # left out
                name[:place] + name[place] + name[place:],  # doubled
                name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :],  # swapped
                name[:place] + letter + name[place + 1 :],  # another letter
            )
        )
    return rng.choice((name, name.upper(), name.replace("-", " "), name.replace(" ", "-")))


def written(body: Body, rng: random.Random) -> str:
    """Return how a table could name a body: misspelt, with a word for its kind or without."""
    place = body.name.removeprefix("OCMW ")
    if body.kind == "ocmw":
        return f"{rng.choice(('OCMW', 'O.C.M.W. van', 'ocmw'))} {misspelt(place, rng)}"
    return f"{rng.choice(('', '', 'Gemeente ', 'stad '))}{misspelt(place, rng)}"


def test_a_hundred_misspelt_names_find_their_bodies(
    client: FlaskClient, bodies: list[Body]
) -> None:
    rng = random.Random(2016)
    wanted = rng.sample([row for row in bodies if len(row.name.removeprefix("OCMW ")) > 3], 100)
    queries = {row.kbo: {"query": written(row, rng), "type": "bestuur"} for row in wanted}
    assert all(queries[row.kbo]["query"] != row.name for row in wanted)
    found = ask(client, **queries)
    wrong = [
        (queries[row.kbo]["query"], row.name, [hit["name"] for hit in found[row.kbo][:2]])
        for row in wanted
        if not found[row.kbo] or found[row.kbo][0]["id"] != row.iri
    ]
    print(f"{100 - len(wrong)} of 100 right; wrong: {wrong}")
    assert len(wrong) <= 5


def test_every_name_as_it_is_written_finds_its_body(
    client: FlaskClient, bodies: list[Body]
) -> None:
    for start in range(0, len(bodies), 100):
        batch = bodies[start : start + 100]
        found = ask(client, **{row.kbo: {"query": row.name} for row in batch})
        for row in batch:
            assert found[row.kbo][0]["id"] == row.iri, row.name
            assert found[row.kbo][0]["score"] == 100


@pytest.mark.parametrize("text", ["0207.508.932", "BE 0207 508 932", "207508932", "11001"])
def test_a_number_finds_its_body_for_certain(client: FlaskClient, text: str) -> None:
    hit = best(client, text)
    assert (hit["name"], hit["match"], hit["score"]) == ("Aartselaar", True, 100)


def test_other_codes_and_iris_are_found(client: FlaskClient, bodies: list[Body]) -> None:
    ovo = next(row["ovo"] for row in table("bodies") if row["iri"] == bodies[0].iri)
    assert best(client, ovo.lower())["id"] == bodies[0].iri
    assert best(client, bodies[0].iri)["id"] == bodies[0].iri
    assert best(client, "ab1")["type"][0]["id"] == "vraag"


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("stad Gent", "Gent", "gemeente"),
        ("OCMW Gent", "OCMW Gent", "ocmw"),
        ("St.-Niklaas", "Sint-Niklaas", "gemeente"),
        ("gemeente lokeren", "Lokeren", "gemeente"),
        ("o.c.m.w. van Leuven", "OCMW Leuven", "ocmw"),
    ],
)
def test_the_word_for_its_kind_tells_a_gemeente_from_its_ocmw(
    client: FlaskClient, text: str, name: str, kind: str
) -> None:
    hit = best(client, text)
    assert (hit["name"], hit["type"][0]["id"]) == (name, kind)


def test_a_name_of_before_a_merger_is_found_with_its_successor(client: FlaskClient) -> None:
    hit = best(client, "Knesselaere")
    assert hit["name"] == "Knesselare"
    assert "daarna Aalter" in hit["description"]
    rows = {"ids": [hit["id"]], "properties": [{"id": "opvolger"}, {"id": "nis"}, {"id": "tot"}]}
    got = client.post("/reconcile", data={"extend": json.dumps(rows)}).get_json()
    row = got["rows"][hit["id"]]
    assert [link["name"] for link in row["opvolger"]] == ["Aalter"]
    assert row["nis"] == [{"str": "44029"}]
    assert row["tot"] == [{"str": "2018-12-31"}]


def test_types_and_properties_narrow_a_query(client: FlaskClient) -> None:
    ocmw = best(client, "Aalst", type="ocmw")
    assert ocmw["name"] == "OCMW Aalst"
    product = best(client, "reispass", type="product")
    assert product["name"] == "Reispas"
    assert best(client, "Nalle", type="gemeente")["name"] == "Halle"
    there = [{"pid": "provincie", "v": "Antwerpen"}]
    assert best(client, "Nalle", type="gemeente", properties=there)["name"] == "Malle"
    assert best(client, "Passport", type=[{"id": "product"}])["name"] == "Reispas"


def test_a_match_is_only_proposed_where_nothing_else_comes_near(client: FlaskClient) -> None:
    assert best(client, "Antwerpen", type="gemeente")["match"] is True
    assert best(client, "Antwerpn", type="gemeente")["match"] is False
    assert not any(row["match"] for row in ask(client, q={"query": "Zuid-Timboektoe"})["q"])
    assert ask(client, q={"query": "!?"})["q"] == []


def test_the_manifest_has_what_clients_need(client: FlaskClient) -> None:
    response = client.get("/reconcile")
    manifest = response.get_json()
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"versions", "name", "identifierSpace", "schemaSpace"} <= manifest.keys()
    for part in ("view", "preview"):
        assert "{{id}}" in manifest[part]["url"]
    for part in manifest["suggest"].values():
        url = part["service_url"] + part["service_path"]
        assert client.get(url.replace("http://localhost:8000", "") + "?prefix=a").status_code == 200
    proposed = client.get("/reconcile/properties?type=gemeente").get_json()
    assert {"kbo", "nis", "provincie"} <= {row["id"] for row in proposed["properties"]}


def test_suggestions_begin_with_what_was_written(client: FlaskClient) -> None:
    found = client.get("/reconcile/suggest/entity?prefix=sint-ni").get_json()["result"]
    assert [row["name"] for row in found[:2]] == ["Sint-Niklaas", "OCMW Sint-Niklaas"]
    assert client.get("/reconcile/suggest/entity?prefix=").get_json()["result"] == []
    types = client.get("/reconcile/suggest/type?prefix=ge").get_json()["result"]
    assert [row["id"] for row in types] == ["gemeente"]
    assert client.get("/reconcile/suggest/nothing?prefix=a").status_code == 404


def test_the_preview_may_stand_in_a_frame_and_has_no_script(client: FlaskClient) -> None:
    iri = best(client, "Aartselaar")["id"]
    response = client.get("/reconcile/preview", query_string={"id": iri})
    assert "0207508932" in response.get_data(as_text=True)
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    assert "script" not in response.get_data(as_text=True)
    assert client.get("/reconcile/preview?id=x").status_code == 404


@pytest.mark.parametrize(
    ("form", "parameter"),
    [
        ({"queries": "{"}, "queries"),
        ({"queries": "[]"}, "queries"),
        ({"queries": '{"q": {}}'}, "queries.q"),
        ({"queries": '{"q": {"query": 1}}'}, "queries.q"),
        ({"queries": '{"q": {"query": "a", "limit": 0}}'}, "queries.q.limit"),
        ({"queries": '{"q": {"query": "a", "limit": true}}'}, "queries.q.limit"),
        ({"queries": '{"q": {"query": "a", "type": "planet"}}'}, "queries.q.type"),
        ({"queries": '{"q": {"query": "a", "type": [{"id": {}}]}}'}, "queries.q.type"),
        ({"queries": '{"q": {"query": "a", "properties": {}}}'}, "queries.q.properties"),
        ({"queries": "[" * 100_000}, "queries"),
        ({"queries": json.dumps({str(n): {"query": "a"} for n in range(201)})}, "queries"),
        ({"extend": '{"ids": "x", "properties": []}'}, "extend.ids"),
        ({"extend": '{"ids": [], "properties": ["kbo"]}'}, "extend.properties"),
        ({"extend": '{"ids": [], "properties": [{"id": "score"}]}'}, "extend.properties"),
    ],
)
def test_a_bad_request_is_told_where(
    client: FlaskClient, form: dict[str, str], parameter: str
) -> None:
    response = client.post("/reconcile", data=form)
    assert response.status_code == 400
    assert response.get_json()["parameter"] == parameter


@pytest.mark.parametrize(
    "text", ['"} UNION {', "\0", "\ud800", "a" * 100_000, "' OR 1=1 --", "%00"]
)
def test_any_text_is_a_name_and_nothing_else(client: FlaskClient, text: str) -> None:
    assert isinstance(ask(client, q={"query": text})["q"], list)


@pytest.mark.parametrize(
    ("written", "name", "kind"),
    [
        ("Stad St.-Niklaas", "sint niklaas", "gemeente"),
        ("O.C.M.W. van Genk", "genk", "ocmw"),
        ("Openbaar Centrum voor Maatschappelijk Welzijn Ham", "ham", "ocmw"),
        ("Stad", "stad", ""),
        ("  ’s-Gravenvoeren ", "s gravenvoeren", ""),
    ],
)
def test_a_name_is_told_from_the_word_for_its_kind(written: str, name: str, kind: str) -> None:
    assert body_name(written) == (name, kind)


def test_likeness_knows_swapped_letters_and_forgets_spaces() -> None:
    assert likeness("de pinte", "depinte") == 100
    assert likeness("aatler", "aalter") > likeness("aabber", "aalter")
    assert likeness("", "aalter") == 0
