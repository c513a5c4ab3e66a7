"""The model as it stands in ``ontology/`` and ``shapes/``: the words and rules of this software.

The release's graph ``vocabulaire`` is what SPARQL users query. Pages about the model read the files
instead: they describe what validates now, work before the first publish, and shapes hold lists
(blank nodes), which the archive refuses. Each file is a named graph, ``{BASE}model/terms/support``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from flask import current_app

from service import data_dir
from service.formats import Format, by_extension
from service.store.memory import in_memory
from service.store.transcode import transcode
from service.vocab import IMON, PREFIXES, curie
from service.web.rendering import page_of
from service.web.rules import Rulebook
from service.web.site import Row, Site, Term, site

_KEY = "imonitor-model"
# Documents beside the terms; a term of that name is told at ``imon-{name}``, and with the document.
PARTS = ("profile", "reused", "alignments")
_CURIE = re.compile(r"[\w-]+:[\w-]+")
# Data, not model. An example may hold a part of a real list, so examples are told as text only.
_ASIDE = ("facts", "examples")

TOPICS = {
    "instrument": ("Instrument", "Instrument"),
    "response": ("Antwoorden", "Responses"),
    "context": ("Antwoorden in hun context", "Responses in their context"),
    "scoring": ("Scores berekenen", "Scoring"),
    "bodies": ("Besturen", "Bodies"),
    "organisations": ("Besturen", "Bodies"),
    "figures": ("Cijfers en kubussen", "Figures and cubes"),
    "cube": ("Cijfers en kubussen", "Figures and cubes"),
    "services": ("Diensten en bronnen", "Services and sources"),
    "public-services": ("Productcatalogus", "Product catalogue"),
    "standards": ("Standaarden", "Standards"),
    "support": ("Ondersteuning", "Support"),
    "tracks": ("Trajecten en plannen", "Tracks and plans"),
    "reports": ("Rapporten en aanbevelingen", "Reports and recommendations"),
    "publications": ("Rapporten en aanbevelingen", "Reports and recommendations"),
    "evidence": ("Bewijs en herkomst", "Evidence and origin"),
    "catalogue": ("Catalogus", "Catalogue"),
    "codelists": ("Codelijsten", "Code lists"),
    "recommended": ("Aanbevolen", "Recommended"),
    "vocabulary": ("De vocabulaire zelf", "The vocabulary itself"),
}


def in_order(topics: Iterable[str]) -> list[str]:
    """Return topics in the order in which they are told; what is not in the table comes last."""
    places = {topic: place for place, topic in enumerate(TOPICS)}
    return sorted(topics, key=lambda topic: (places.get(topic, len(places)), topic))


def topic_name(topic: str, lang: str) -> str:
    """Return the name of a topic (the stem of a file) for people."""
    dutch, english = TOPICS.get(topic, (topic, topic))
    return english if lang == "en" else dutch


@lru_cache(maxsize=1)
def model_files() -> Mapping[str, Path]:
    """Return the Turtle files of the model by name: ``terms/support``, ``shapes/support``."""
    ontology, shapes = data_dir("ontology"), data_dir("shapes")
    found = {
        path.relative_to(ontology).with_suffix("").as_posix(): path
        for path in sorted(ontology.rglob("*.ttl"))
        if path.relative_to(ontology).parts[0] not in _ASIDE
    }
    return found | {f"shapes/{path.stem}": path for path in sorted(shapes.glob("*.ttl"))}


@lru_cache(maxsize=1)
def examples() -> Mapping[str, Path]:
    """Return the files of the examples by the IRI of the class that they show."""
    folder = data_dir("ontology") / "examples"
    return {_of_slug(path.stem): path for path in sorted(folder.glob("*.ttl"))}


def _of_slug(slug: str) -> str:
    """Return the IRI of a term by its name in an address: ``Wave``, ``org-ChangeEvent``."""
    fitting = [row for row in PREFIXES if slug.startswith(f"{row}-")]
    if not fitting:
        return IMON + slug
    prefix = max(fitting, key=len)
    return PREFIXES[prefix] + slug[len(prefix) + 1 :]


class Model:
    """The model's files and a store over them.

    ``site`` answers stored queries as that of the release does; what is asked for every page is
    kept, since the files do not change while the software runs.
    """

    def __init__(self, here: Site, files: Mapping[str, Path]) -> None:
        self._base = f"{here.base}model/"
        self._texts = {name: path.read_bytes() for name, path in files.items()}
        store = in_memory({self.graph(row): text for row, text in self._texts.items()}, here.base)
        self.site = replace(here, store=store)
        self._names: dict[str, Mapping[str, str]] = {}
        self._terms: dict[str, list[Row]] = {}

    def graph(self, name: str) -> str:
        """Return the IRI of the graph of a file."""
        return self._base + name

    def name_of(self, graph: str) -> str:
        """Return the name of the file whose graph this is."""
        return graph.removeprefix(self._base)

    def folder(self, name: str) -> list[str]:
        """Return the names of the files of a folder."""
        return [row for row in self._texts if row.startswith(f"{name}/")]

    def knows(self, iri: str) -> bool:
        """Tell whether anything is said of a thing."""
        return self.site.ask("pages/known", iri=iri)

    def rows(self, name: str, **values: object) -> list[Row]:
        """Return the rows of the stored query ``model/name``."""
        return self.site.rows(f"model/{name}", **values)

    def names(self, lang: str) -> Mapping[str, str]:
        """Return the names of everything in the model, by IRI."""
        if lang not in self._names:
            self._names[lang] = {
                str(row["thing"]): str(row["label"]) for row in self.rows("names", lang=lang)
            }
        return self._names[lang]

    @cached_property
    def header(self) -> Mapping[str, list[Term]]:
        """What the ontology says of itself, by property."""
        return self.about("imonitor", IMON)

    @property
    def version(self) -> str:
        """The version of the vocabulary, "1.1.0"."""
        return next(str(row) for name, row in _flat(self.header) if name.endswith("#versionInfo"))

    @cached_property
    def rulebook(self) -> Rulebook:
        """The shapes."""
        rows = self.rows("shapes", folder=self.graph("shapes/"))
        return Rulebook.read((self.name_of(str(row["file"])), row) for row in rows)

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """The name in the address of each term that has a page, by IRI.

        Those are our own terms, and the terms of others that we show how to use.
        """
        own = (str(row["term"]) for row in self.own_terms("nl"))
        found = {iri: iri.removeprefix(IMON) for iri in own}
        found |= {iri: f"imon-{name}" for iri, name in found.items() if name in PARTS}
        classes = {iri for rule in self.rulebook.sections for iri in rule.classes}
        reused = {str(row["term"]) for row in self.rows("reused", folder=self.graph("reused/"))}
        for iri in sorted(classes | reused | set(examples())):
            short = curie(iri)
            if _CURIE.fullmatch(short) and not iri.startswith(IMON):
                found[iri] = short.replace(":", "-")
        return found

    @cached_property
    def lists(self) -> Mapping[str, str]:
        """The code lists of the files, by IRI: their name below ``/concept/``.

        A list of others, of which we say which codes we use, goes by the name of its file.
        """
        rows = self.rows("list-files", folder=self.graph("codelists/"))
        names = {str(row["list"]): self.name_of(str(row["file"])) for row in rows}
        own = PREFIXES["imc"]
        return {
            iri: iri.removeprefix(own) if iri.startswith(own) else file.rpartition("/")[2]
            for iri, file in names.items()
        }

    def own_terms(self, lang: str) -> list[Row]:
        """Return our own terms with file, whether it is a class, label and definition."""
        if lang not in self._terms:
            self._terms[lang] = self.rows("terms", ontology=IMON, lang=lang)
        return self._terms[lang]

    def link(self, iri: str) -> str:
        """Return where a thing is told about: here where we can, else at its own address."""
        if iri in self.shown:
            return f"/ns/{self.shown[iri]}"
        ours = (IMON, PREFIXES["imc"], PREFIXES["imsh"], self.site.base)
        return page_of(iri, self.site.base) if iri.startswith(ours) or "/id/" in iri else iri

    def about(self, file: str, iri: str) -> Mapping[str, list[Term]]:
        """Return what one file says of a thing, by property."""
        found: dict[str, list[Term]] = {}
        for row in self.rows("about", file=self.graph(file), iri=iri):
            found.setdefault(str(row["property"]), []).append(row["value"])
        return found

    def text(self, name: str) -> str:
        """Return the text of a file."""
        return self._texts[name].decode()

    def term(self, iri: str, form: Format) -> bytes:
        """Return what is said of a term, and the least of the ontology that defines it."""
        return self.site.result("model/term", form, iri=iri, ontology=IMON).body

    def document(self, names: Iterable[str], form: Format, also: str = "") -> bytes:
        """Return some files as one document; ``also`` is a term that is told at its end.

        As Turtle the texts follow each other with their comments; ``@base`` before each stops one
        file from changing how the names of the next are resolved.
        """
        base, turtle = self.site.base, by_extension("ttl")
        texts = [self.text(name) for name in names]
        texts += [self.term(also, turtle).decode()] if also else []
        whole = "\n".join(f"@base <{base}> .\n{text}" for text in texts)
        return transcode(whole.encode(), turtle, form, base)


def _flat(about: Mapping[str, list[Term]]) -> list[tuple[str, Term]]:
    return [(name, row) for name, rows in about.items() for row in rows]


def model() -> Model:
    """Return the model of the current application, read at its first use."""
    found: Model | None = current_app.extensions.get(_KEY)
    if found is None:
        found = current_app.extensions[_KEY] = Model(site(), model_files())
    return found
