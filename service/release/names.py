"""Names of graphs: dataset × wave × synthetic or real (semantics.md "Graphs")."""

from __future__ import annotations

from dataclasses import dataclass

_SYNTHETIC = "synthetisch/"
_DERIVED = "derived/"


@dataclass(frozen=True, order=True)
class GraphName:
    """A graph: ``{BASE}graph/[synthetisch/][derived/]{dataset}[/{wave}]``."""

    dataset: str
    wave: str = ""
    synthetic: bool = False
    derived: bool = False

    @property
    def path(self) -> str:
        """The IRI without base and ``graph/``."""
        parts = (_SYNTHETIC if self.synthetic else "") + (_DERIVED if self.derived else "")
        return parts + self.dataset + (f"/{self.wave}" if self.wave else "")

    @property
    def slug(self) -> str:
        """The path as a file name."""
        return self.path.replace("/", "_")

    def iri(self, base: str) -> str:
        """The graph's IRI."""
        return f"{base}graph/{self.path}"

    @classmethod
    def parse(cls, iri: str, base: str) -> GraphName:
        """Read a graph's IRI.

        Raises:
            ValueError: it is not below ``{base}graph/``.
        """
        if not iri.startswith(f"{base}graph/"):
            raise ValueError(f"not a graph of {base}: {iri}")
        path = iri[len(base) + len("graph/") :]
        synthetic = path.startswith(_SYNTHETIC)
        path = path.removeprefix(_SYNTHETIC)
        derived = path.startswith(_DERIVED)
        dataset, _, wave = path.removeprefix(_DERIVED).partition("/")
        return cls(dataset, wave, synthetic, derived)


@dataclass(frozen=True, order=True)
class WaveName:
    """A wave: a year, real or synthetic."""

    year: str
    synthetic: bool

    def root(self, base: str) -> str:
        """What the IRIs of this wave's records begin with."""
        return f"{base}id/{_SYNTHETIC if self.synthetic else ''}"

    def iri(self, base: str) -> str:
        """The wave's IRI; a synthetic wave never has the real one's."""
        return f"{self.root(base)}golf/{self.year}"

    def graph(self, dataset: str, *, derived: bool = True) -> GraphName:
        """Return the name of one of the wave's graphs."""
        return GraphName(dataset, self.year, self.synthetic, derived)
