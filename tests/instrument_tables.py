"""A tiny instrument of one's own, for tests, and how to read it."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph

from loaders import Context, Reading
from loaders.instrument import load
from loaders.reference import Reference

BASE = "http://localhost:8000/"

# A theme of three questions (weights of test vector V1), a checklist theme and a module theme.
TINY = {
    "themes": "code;label_nl;label_en\nA1;Een;One\nA2;Twee;Two\nA3;Drie;Three\n",
    "scales": "scale;value;label_nl;label_en;score\nJN;;Ja of nee;Yes or no;\n"
    "JN;nee;nee;no;0\nJN;ja;ja;yes;60\nJN;zeker;zeker;certainly;100\nML;;Lijst;List;\n",
    "questions": "code;theme;scale;method;applies_to;text_nl;text_en\n"
    "Q1;A1;JN;;ABC;Vraag een?;Question one?\nQ2;A1;JN;;ABC;Vraag twee?;Question two?\n"
    "Q3;A1;JN;keuze;B;Vraag drie?;Question three?\nQ4;A2;ML;meerkeuze;ABC;Welke?;Which?\n"
    "Q5;A3;JN;module;ABC;Producten?;Products?\n",
    "options": "question;code;label_nl;label_en\nQ4;a;a;a\nQ4;b;b;b\nQ4;c;c;c\n",
    "products": "question;code;label_nl;label_en;applies_to\nQ5;pas;Pas;Pass;AB\n",
    "schemes": "version;aggregation\n7;meetkundig\n",
    "theme-weights": "scheme;theme;weight;core\n7;A1;2;true\n7;A2;1;true\n7;A3;1;false\n",
    "item-weights": "scheme;question;weight\n7;Q1;40\n7;Q2;35\n7;Q3;25\n7;Q4;100\n7;Q5;100\n",
    "types": "method;type;lower;upper;label_nl;label_en\nE;1;0;50;laag;low\nE;2;50;;hoog;high\n",
    "gates": "method;gate;theme;minimum;from_type;label_nl;label_en\nE;a1;A1;50;2;poort;gate\n",
    "source-use": "kind;code;label_nl;label_en;owner_nl;owner_en;channel;areas;applies_to\n"
    "bron;reg;Register;Register;;;;zorg;ABC\ngebied;zorg;Zorg;Care;;;;;\nmodus;m2m;m2m;m2m;;;;;\n",
    "recommendations": "code;theme;method;type;gate;lower;upper;priority;label_nl;label_en;"
    "text_nl;text_en\na;A1;;;;0;50;1;Begin;Begin;Doe a.;Do a.\nb;;E;2;;;;1;Ga door;Go on;Doe b.;"
    "Do b.\nc;;E;;a1;;;2;Poort;Gate;Doe c.;Do c.\nd;A1;;;;50;100;3;Deel;Share;Doe d.;Do d.\n",
    "waves": "code;year;reference_date;label_nl;label_en;scheme\n2016;2016;2016-06-01;G;W;7\n",
}


def read(*paths: Path) -> Reading:
    (reading,) = load(list(paths), Context(BASE, b"", Reference()))
    return reading


def folder(tmp_path: Path, **changes: str | None) -> Path:
    """Write the tiny instrument; ``None`` leaves a table out."""
    tables = {**TINY, **{name.replace("_", "-"): text for name, text in changes.items()}}
    for name, text in tables.items():
        if text is not None:
            (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path


def graph_of(reading: Reading) -> Graph:
    graph = Graph()
    for data in reading.snapshots.values():
        graph.parse(data=data, format="nt")
    return graph
