"""A small release on disk, written by hand: what the serving side needs, without a publish."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store

BASE = "http://localhost:8000/"
INSTANT = "2026-11-22T10:00:00Z"
AALTER = "http://data.lblod.info/id/bestuurseenheden/aalter"
OCMW_AALTER = "http://data.lblod.info/id/bestuurseenheden/ocmw-aalter"

_PREFIXES = """
@base <http://localhost:8000/> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix besluit: <http://data.vlaanderen.be/ns/besluit#> .
@prefix bk: <http://data.vlaanderen.be/id/concept/BestuurseenheidClassificatieCode/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix imc: <https://w3id.org/imonitor/concept/> .
@prefix imon: <https://w3id.org/imonitor/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix qb: <http://purl.org/linked-data/cube#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix lblod: <http://data.lblod.info/id/bestuurseenheden/> .
"""

GRAPHS = {
    "vocabulaire": """
        <https://w3id.org/imonitor/ns#> a owl:Ontology ;
            rdfs:label "I-Monitor"@nl , "I-Monitor"@en .
        imon:score a owl:DatatypeProperty ; rdfs:label "score"@nl , "score"@en ;
            rdfs:comment "Score van 0 tot 100."@nl , "Score from 0 to 100."@en .
        imon:Wave a owl:Class ; rdfs:label "golf"@nl , "wave"@en .
        <https://w3id.org/imonitor/concept/thema/T1> a skos:Concept .
        """,
    "organisaties": """
        lblod:aalter a besluit:Bestuurseenheid ; skos:prefLabel "Aalter"@nl ;
            besluit:classificatie bk:5ab0e9b8a3b2ca7c5e000001 ; imon:counterpart lblod:ocmw-aalter .
        lblod:ocmw-aalter a besluit:Bestuurseenheid ; skos:prefLabel "OCMW Aalter"@nl ;
            besluit:classificatie bk:5ab0e9b8a3b2ca7c5e000002 ; imon:counterpart lblod:aalter .
        <id/toestand/aalter> a imon:BodyState ; dct:isVersionOf lblod:aalter .
        <id/toestand/ocmw> a imon:BodyState ; dct:isVersionOf lblod:ocmw-aalter ;
            schema:validThrough "2018-12-31"^^xsd:date .
        <id/werkingsgebied/44084> rdfs:label "Aalter" ; skos:notation "44084" .
        """,
    "synthetisch/golf/2016": """
        <id/synthetisch/golf/2016> a imon:Wave ; imon:year "2016"^^xsd:gYear ;
            imon:synthetic true ; rdfs:label "I-Monitor 2016 (synthetisch)"@nl ,
            "I-Monitor 2016 (synthetic)"@en .
        """,
    "synthetisch/derived/theme-score/2016": """
        <id/synthetisch/observatie/theme-score/2016/0207/T1/1.0> a qb:Observation ;
            imon:body lblod:aalter ; imon:wave <id/synthetisch/golf/2016> ;
            imon:theme <https://w3id.org/imonitor/concept/thema/T1> ; imon:score 62.5 .
        """,
    "synthetisch/derived/frame/2016": """
        <id/synthetisch/kader/2016/a> a imon:FrameEntry ; imon:body lblod:aalter ;
            imon:wave <id/synthetisch/golf/2016> ;
            imon:frameStatus <https://w3id.org/imonitor/concept/kaderstatus/respons> .
        <id/synthetisch/kader/2016/b> a imon:FrameEntry ; imon:body lblod:ocmw-aalter ;
            imon:wave <id/synthetisch/golf/2016> ;
            imon:frameStatus <https://w3id.org/imonitor/concept/kaderstatus/geen> .
        """,
    "catalogus": """
        <catalog> a dcat:Catalog ; dct:title "I-Monitor"@nl , "I-Monitor"@en ;
            dcat:dataset <id/dataset/organisaties> .
        <id/dataset/organisaties> a dcat:Dataset ; dct:title "Besturen"@nl , "Bodies"@en ;
            dct:description "Alle besturen."@nl , "All bodies."@en ;
            dcat:distribution <id/distributie/organisaties/nq> .
        <id/distributie/organisaties/nq> a dcat:Distribution ;
            dcat:downloadURL <download/organisaties.nq.gz> .
        """,
}


def extra(count: int) -> str:
    """Return ``count`` triples that make joins expensive."""
    return "".join(f"<x/{row}> <x/p> <x/{(row * 7919) % count}> .\n" for row in range(count))


def write_release(home: Path, number: int, *, note: str = "", size: int = 0) -> Path:
    """Write release ``number`` and point ``releases/current`` at it; ``note`` makes it differ."""
    folder = home / "releases" / str(number)
    (folder / "dumps").mkdir(parents=True)
    store = Store(str(folder / "public"))
    texts = dict(GRAPHS)
    texts["golf/2016"] = f'<id/golf/2016> rdfs:label "golf {note}"@nl .'
    texts["instrument"] = f"<id/uitgave> imon:number {number} .\n" + extra(size)
    entries = {}
    for path, turtle in texts.items():
        graph = NamedNode(f"{BASE}graph/{path}")
        store.load((_PREFIXES + turtle).encode(), RdfFormat.TURTLE, to_graph=graph)
        lines = sorted(
            f"{quad}\n"
            for quad in (f"{row} ." for row in store.quads_for_pattern(None, None, None, graph))
        )
        data = "".join(lines).encode()
        slug = path.replace("/", "_")
        (folder / "dumps" / f"{slug}.nq.gz").write_bytes(gzip.compress(data, mtime=0))
        entries[graph.value] = _entry(path, slug, len(lines), hashlib.sha256(data).hexdigest())
    store.flush()
    manifest = {
        "number": number,
        "instant": INSTANT.replace("10:", f"{10 + number % 10}:"),
        "software": "0.1.0",
        "base": BASE,
        "triples": sum(row["triples"] for row in entries.values()),
        "graphs": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    point(home, number)
    return folder


def point(home: Path, number: int) -> None:
    """Let ``releases/current`` name ``number``, as publish does it."""
    link = home / "releases" / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(str(number))
    link.replace(home / "releases" / "current")


def _entry(path: str, slug: str, triples: int, digest: str) -> dict[str, object]:
    plain = path.removeprefix("synthetisch/")
    dataset, _, wave = plain.removeprefix("derived/").partition("/")
    return {
        "access": "OPEN",
        "triples": triples,
        "digest": digest,
        "slug": slug,
        "dataset": dataset,
        "wave": wave,
        "synthetic": path.startswith("synthetisch/"),
        "derived": plain.startswith("derived/"),
        "changed": INSTANT,
    }
