"""Responses of made-up gemeenten to the whole of questionnaire B, as N-Triples."""

from __future__ import annotations

from functools import cache

from pyoxigraph import RdfFormat, parse, serialize
from rdflib import Graph, Namespace, URIRef

from service.vocab import CONCEPT, PREFIXES
from tests.made_wave import reference_triples

BASE = "http://localhost:8000/"
_RESPONSE = f"<{BASE}id/synthetisch/respons/".encode()


@cache
def answers_of_a_gemeente() -> list[str]:
    """Return one answer to each question of questionnaire B, as IRIs."""
    imon = Namespace(PREFIXES["imon"])
    graph = Graph().parse(data=reference_triples(), format="nt")
    chosen: dict[str, str] = {}
    for option, question in sorted(graph.subject_objects(imon.question)):
        applies = (question, imon.appliesTo, URIRef(CONCEPT + "vragenlijsttype/B")) in graph
        missing = (option, imon.missingReason, None) in graph
        if applies and not missing and "/concept/" in option:
            chosen.setdefault(str(question), str(option))
    return list(chosen.values())


def wave(responses: int) -> bytes:
    """Return a wave of responses of gemeenten, with all of the bundled context."""
    answers = " , ".join(f"<{option}>" for option in answers_of_a_gemeente())
    rows = [f"@prefix {name}: <{namespace}> .\n" for name, namespace in PREFIXES.items()]
    for number in range(responses):
        body = f"<http://data.lblod.info/id/bestuurseenheden/gemeente-{number}>"
        rows.append(
            f"{body} a besluit:Bestuurseenheid ; skos:prefLabel '{number}'@nl ; "
            "besluit:classificatie bk:5ab0e9b8a3b2ca7c5e000001 ; "
            f"adms:identifier <{BASE}id/identificator/{number}> .\n"
            f"<{BASE}id/synthetisch/respons/{number}> a imon:Response ; "
            f"imon:wave <{BASE}id/golf/2016> ; imon:coversBody {body} ; "
            f"imon:questionnaireType <{CONCEPT}vragenlijsttype/B> ; imon:answer {answers} ; "
            "dct:dateSubmitted '2016-05-01T10:00:00Z'^^xsd:dateTime .\n"
        )
    turtle = parse("".join(rows).encode(), format=RdfFormat.TURTLE)
    return reference_triples() + serialize(turtle, format=RdfFormat.N_TRIPLES)


def one_response() -> bytes:
    """Return one response by itself, as it is judged at acceptance."""
    return b"".join(line for line in wave(1).splitlines(True) if line.startswith(_RESPONSE))
