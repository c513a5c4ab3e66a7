"""Numeric work that SPARQL cannot do: ranks over ties, quantiles, clusters, Monte-Carlo.

An analysis reads RDF through the store by a stored query and returns N-Triples; it is declared like
a derive query, recorded as a run like one, and of unit ``wave``.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from service import data_dir
from service.analysis import (
    group_statistics,
    influence,
    positions,
    robustness,
    scheme_differences,
    source_counts,
    typology,
)
from service.analysis.given import AnalysisInput

_TABLE = re.compile(r"""\.table\(\s*"([a-z-]+)\"""")


@dataclass(frozen=True)
class Analysis:
    """A declared analysis; ``schemes`` is what it runs over.

    ``rules`` is the digest of its code and queries, those of the modules that it uses among them.
    """

    name: str
    access: str
    reads: tuple[str, ...]
    order: int
    rules: str
    run: Callable[[AnalysisInput], bytes]
    schemes: str = "own"


def _analysis(
    name: str,
    access: str,
    reads: tuple[str, ...],
    order: int,
    run: Callable[[AnalysisInput], bytes],
    schemes: str = "own",
) -> Analysis:
    sources = behind(sys.modules[run.__module__], set())
    rules = hashlib.sha256("\n".join(sorted(sources)).encode()).hexdigest()
    return Analysis(name, access, reads, order, rules, run, schemes)


def behind(module: ModuleType, seen: set[str]) -> Iterator[str]:
    """Yield the text of a module of this package, of the queries it asks and of what it uses."""
    seen.add(module.__name__)
    source = inspect.getsource(module)
    yield source
    for query in _TABLE.findall(source):
        yield (data_dir("queries") / "analysis" / f"{query}.rq").read_text("utf-8")
    for value in list(vars(module).values()):
        name = getattr(value, "__module__", None) or ""
        if name.startswith(f"{__name__}.") and name not in seen:
            yield from behind(sys.modules[name], seen)


_SCORES = ("theme-score", "overall")

ANALYSES = {
    row.name: row
    for row in (
        _analysis("position", "OPEN", ("frame", *_SCORES), 70, positions.positions),
        _analysis(
            "group-statistic",
            "OPEN",
            ("organisaties", "golf", "frame", *_SCORES),
            72,
            group_statistics.group_statistics,
        ),
        _analysis(
            "cluster",
            "OPEN",
            ("instrument", "scoreschema", "frame", *_SCORES),
            76,
            typology.clusters,
        ),
        _analysis(
            "cluster-profile",
            "OPEN",
            ("instrument", "scoreschema", "frame", *_SCORES),
            78,
            typology.cluster_profiles,
        ),
        _analysis(
            "robustness",
            "OPEN",
            ("vocabulaire", "instrument", "scoreschema", "frame", *_SCORES),
            80,
            robustness.robustness,
        ),
        _analysis(
            "question-influence",
            "OPEN",
            ("vocabulaire", "scoreschema", "frame", "antwoorden", *_SCORES),
            82,
            influence.influences,
        ),
        _analysis(
            "source-use-count",
            "OPEN",
            ("organisaties", "frame", "source-use"),
            74,
            source_counts.source_counts,
        ),
        _analysis(
            "scheme-difference",
            "OPEN",
            ("frame", "theme-score-exact", "overall-exact"),
            90,
            scheme_differences.scheme_differences,
            schemes="others",
        ),
    )
}
