"""Content negotiation: a table of cases, as harvesters, browsers and libraries really ask."""

from __future__ import annotations

import pytest

from service.negotiation import Offer, coding, language, negotiate, wants_page
from service.problems import NotAcceptable

JSON, XML, CSV = "application/sparql-results+json", "application/sparql-results+xml", "text/csv"
TURTLE, HTML, LD = "text/turtle", "text/html", "application/ld+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

CASES = [
    ("no header", None, [TURTLE, HTML], TURTLE),
    ("empty header", "", [TURTLE, HTML], TURTLE),
    ("blank header", "  ", [TURTLE, HTML], TURTLE),
    ("star", "*/*", [TURTLE, HTML], TURTLE),
    ("star of no weight", "*/*;q=0", [TURTLE], None),
    ("substar", "text/*", [LD, HTML], HTML),
    ("exact", "text/csv", [JSON, CSV], CSV),
    ("capitals", "TEXT/CSV", [JSON, CSV], CSV),
    ("charset parameter", "text/turtle;charset=utf-8", [LD, TURTLE], TURTLE),
    ("profile parameter", 'application/ld+json;profile="http://x/,y;q=0"', [TURTLE, LD], LD),
    ("quality chooses", "text/csv;q=0.5, application/sparql-results+json", [CSV, JSON], JSON),
    ("quality in capitals", "text/csv;Q=0.1, text/html;q=0.2", [CSV, HTML], HTML),
    ("space around", " text/csv ; q=0.1 , text/html ; q=0.2", [CSV, HTML], HTML),
    ("specific beats star of equal weight", "*/*, text/csv", [JSON, CSV], CSV),
    (
        "specific weight counts, not the star's",
        "text/html;q=0.1, */*;q=0.5",
        [HTML, TURTLE],
        TURTLE,
    ),
    ("exclusion", "*/*, text/turtle;q=0", [TURTLE, LD], LD),
    ("exclusion by substar", "*/*, text/*;q=0", [TURTLE, LD], LD),
    ("exclusion of all but one", "text/*;q=0, text/csv", [HTML, CSV], CSV),
    ("only exclusions leave nothing", "text/turtle;q=0", [TURTLE], None),
    ("client's order", "text/csv, application/sparql-results+json", [JSON, CSV], CSV),
    ("server's order within one range", "application/*", [JSON, XML], JSON),
    ("nothing fits", "image/png", [TURTLE, HTML], None),
    ("browser gets the page", BROWSER, [TURTLE, HTML], HTML),
    ("browser without a page gets what there is", BROWSER, [TURTLE, LD], TURTLE),
    ("unreadable header is no header", "nonsense", [TURTLE, HTML], TURTLE),
    ("unreadable range is passed over", "nonsense, text/html", [TURTLE, HTML], HTML),
    ("bad weight is passed over", "text/csv;q=2, text/html", [CSV, HTML], HTML),
    ("star subtype of a starred type only", "*/csv, text/html", [CSV, HTML], HTML),
    (
        "harvester",
        "application/rdf+xml;q=0.5, text/turtle",
        ["application/rdf+xml", TURTLE],
        TURTLE,
    ),
    ("quoted comma", 'text/turtle;a="x,text/html", text/csv;q=0.1', [HTML, CSV, TURTLE], TURTLE),
    (
        "SPARQLWrapper",
        "application/sparql-results+json,application/json,text/javascript,application/javascript",
        [XML, JSON],
        JSON,
    ),
]


@pytest.mark.parametrize(("accept", "offered", "chosen"), [row[1:] for row in CASES],
                         ids=[row[0] for row in CASES])  # fmt: skip
def test_the_best_offer_is_chosen(
    accept: str | None, offered: list[str], chosen: str | None
) -> None:
    offers = [Offer(row, row.upper()) for row in offered]
    if chosen is None:
        with pytest.raises(NotAcceptable) as caught:
            negotiate(accept, offers)
        assert caught.value.members["available"] == offered
    else:
        assert negotiate(accept, offers) == Offer(chosen, chosen.upper())


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (None, False),
        ("*/*", False),
        ("text/*", False),
        ("text/html", True),
        (BROWSER, True),
        ("text/html;q=0", False),
        ("text/turtle, text/html;q=0.5", False),
        ("text/turtle;q=0.5, text/html;q=0.9", True),
    ],
)
def test_a_page_is_for_who_asks_for_html(accept: str | None, page: bool) -> None:
    assert wants_page(accept) is page


@pytest.mark.parametrize(
    ("header", "asked", "expected"),
    [
        (None, None, "nl"),
        ("", None, "nl"),
        ("en", None, "en"),
        ("en-GB,en;q=0.9", None, "en"),
        ("nl-BE,en;q=0.9", None, "nl"),
        ("fr, en;q=0.5", None, "en"),
        ("fr", None, "nl"),
        ("en;q=0.4, nl;q=0.6", None, "nl"),
        ("en;q=0", None, "nl"),
        ("nl", "en", "en"),
        ("en", "nl", "nl"),
        ("en", "fr", "en"),
    ],
)
def test_the_language_is_dutch_unless_english_is_asked_for(
    header: str | None, asked: str | None, expected: str
) -> None:
    assert language(header, asked) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("identity", ""),
        ("identity, gzip;q=0.5", ""),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("zstd;q=0, *", "gzip"),
        ("GZIP;q=0.5", "gzip"),
    ],
)
def test_the_coding_is_the_best_of_what_the_client_takes(header: str | None, expected: str) -> None:
    assert coding(header) == expected
