"""The instrument from tables: themes, questions, scales and scoring schemes (domain.md §8).

Fills graph/instrument, one graph/scoreschema/{version} a scheme, and graph/aanbevelingen, all OPEN.
The bundled tables (``ontology/instrument``, a reconstruction) may be replaced by a folder of tables
of one's own. The instrument is accepted as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loaders import Context, Reading
from loaders.instrument_advice import TABLE, advice_lines, check_advice
from loaders.instrument_checks import check
from loaders.instrument_facts import fact_lines
from loaders.instrument_graph import instrument_lines
from loaders.instrument_schemes import inherit
from loaders.instrument_tables import Tables, read_tables
from loaders.scheme import Scheme, scheme_lines

SOURCE = "instrument"


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read a folder of tables, or bundled tables with some replaced; no path: the bundled ones.

    Raises:
        OSError: a path cannot be read.
    """
    tables = read_tables(paths)
    if not _refused(tables):
        tables.findings.extend(inherit(tables))
        tables.findings.extend((*check(tables), *check_advice(tables)))
    packed = _packed(tables.sources)
    reading = Reading(
        source=SOURCE,
        kind="snapshot",
        file=", ".join(str(path.name) for path in paths) or "ontology/instrument",
        findings=tables.findings,
        redacted=packed,
        original_sha256=hashlib.sha256(packed).hexdigest(),
        rows=sum(len(rows) for rows in tables.rows.values()),
    )
    if not _refused(tables):
        reading.snapshots = dict(_snapshots(tables, context.base))
        reading.graphs = dict.fromkeys(reading.snapshots, "OPEN")
    yield reading


def _refused(tables: Tables) -> bool:
    return any(row.severity == "violation" for row in tables.findings)


def _snapshots(tables: Tables, base: str) -> Iterator[tuple[str, bytes]]:
    lines = [*instrument_lines(tables, base), *fact_lines(tables, base)]
    yield f"{base}graph/instrument", "".join(lines).encode()
    for row in tables["schemes"]:
        scheme = Scheme(row, tables, base)
        graph = f"{base}graph/scoreschema/{scheme.version}"
        yield graph, "".join(scheme_lines(scheme)).encode()
    if tables[TABLE]:
        yield f"{base}graph/aanbevelingen", "".join(advice_lines(tables, base)).encode()


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Return the files as one uncompressed tar, the same bytes for the same content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
