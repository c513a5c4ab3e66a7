"""Accept: read a source, put it through the SHACL gate, and archive what passes.

What is refused goes to ``HOME/refused/<id>/`` with its report; nothing is lost, and nothing else
changes. When `accept` returns, all that it calls accepted is on disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from loaders import Context, Finding, Reading, Record
from loaders.reference import AcceptedRecord, Reference, read_reference
from loaders.sources import SOURCES
from service import __version__
from service.problems import UsageError
from service.release.archive import Archive, NewDocument
from service.release.files import make_folder, write_durably
from service.release.lines import canonical_triples
from service.release.names import GraphName
from service.release.sources import ANSWERS, Sources
from service.release.validation import local_shapes, reference_shapes
from service.release.vault import Vault
from service.settings import Settings
from service.shapes import Result

_REFUSED_DAYS = 90


@dataclass
class Acceptance:
    """What became of one document: ``document`` is its number in the archive, if any."""

    source: str
    file: str
    document: int | None = None
    accepted: int = 0
    refused: int = 0
    already: bool = False
    refused_folder: str = ""
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON values."""
        return asdict(self)


def accept(
    source: str,
    paths: Sequence[Path],
    settings: Settings,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Acceptance]:
    """Load files of a source into the archive; yield a report per document.

    Args:
        source: a name of `loaders.sources.SOURCES`.
        paths: the files; empty for the bundled data of the source.
        settings: where the archive is, and the base IRI.
        progress: told what is being done.

    Raises:
        UsageError: unknown source, no file, or an archive of another base IRI.
    """
    if source not in SOURCES:
        raise UsageError(f"unknown source {source!r}; there are {', '.join(SOURCES)}")
    if not paths and not SOURCES[source].bundled:
        raise UsageError(f"source {source!r} needs a file")
    if missing := [str(path) for path in paths if not path.exists()]:
        raise UsageError(f"no such file: {', '.join(missing)}")
    archive = Archive(settings.archive)
    archive.open_for(settings.base)
    with archive.accepting():
        context = Context(settings.base, archive.key, current_reference(archive, settings.base))
        for reading in SOURCES[source].loader(paths, context):
            progress(f"{source}: {reading.file}")
            yield _Gate(reading, archive, settings).pass_through()


def current_reference(archive: Archive, base: str) -> Reference:
    """Return the look-ups of what the archive holds now."""
    sources = Sources.of(archive.documents(), base)
    return read_reference(_reference_graphs(sources), base, _records(sources))


def reference_triples(archive: Archive, base: str) -> list[bytes]:
    """Return the triples of each graph that is no records, as the archive holds them now."""
    return _reference_graphs(Sources.of(archive.documents(), base))


def _reference_graphs(sources: Sources) -> list[bytes]:
    return [row.documents[-1].snapshot(row.graph) for row in sources.reference()]


def _records(sources: Sources) -> Iterator[AcceptedRecord]:
    for graph, source in sources.graphs.items():
        answers = GraphName.parse(graph, sources.base).dataset == ANSWERS
        for _, row in source.superseded.values():
            yield AcceptedRecord(row.iri, row.reference, row.wave, row.bodies, row.digest, False)
        for _, row in source.records.values():
            yield AcceptedRecord(row.iri, row.reference, row.wave, row.bodies, row.digest, answers)


class _Gate:
    """One reading on its way into the archive."""

    def __init__(self, reading: Reading, archive: Archive, settings: Settings) -> None:
        self._reading = reading
        self._archive = archive
        self._settings = settings
        self._report = Acceptance(reading.source, reading.file, findings=list(reading.findings))

    def pass_through(self) -> Acceptance:
        """Accept what conforms, keep what does not with its report."""
        if self._reading.kind == "snapshot":
            self._snapshot()
        else:
            self._records()
        if any(row.severity == "violation" for row in self._report.findings):
            self._keep_refused()
        return self._report

    def _snapshot(self) -> None:
        """A snapshot is accepted as a whole or not at all."""
        reading = self._reading
        if any(row.severity == "violation" for row in reading.findings) or not reading.snapshots:
            self._report.refused = 1
            return
        snapshots = {graph: canonical_triples(data) for graph, data in reading.snapshots.items()}
        current = Sources.of(self._archive.documents(), self._settings.base)
        if all(_says(current, graph, data) for graph, data in snapshots.items()):
            self._report.already = True
            return
        report = reference_shapes().validate(self._in_context(current, snapshots))
        found = _findings(report.results)
        self._report.findings += [replace(row, file=reading.file) for row in found]
        if not report.conforms:
            self._report.refused = 1
            return
        self._append(snapshots=snapshots)
        self._report.accepted = 1

    def _in_context(self, current: Sources, snapshots: dict[str, bytes]) -> bytes:
        others = [
            row.documents[-1].snapshot(row.graph)
            for row in current.reference()
            if row.graph not in snapshots
        ]
        return b"".join([*snapshots.values(), *others])

    def _records(self) -> None:
        """Each record is accepted or refused by itself."""
        reading = self._reading
        records = [replace(row, triples=canonical_triples(row.triples)) for row in reading.records]
        broken = _broken(records)
        passed = [row for row in records if row.iri not in broken]
        by_iri = {row.iri: row.reference for row in records}
        for iri, found in broken.items():
            self._report.findings += [
                replace(row, record=by_iri.get(iri), file=reading.file, value=None) for row in found
            ]
        names = {row.record for row in self._report.findings if row.severity == "violation"}
        self._report.refused = len(names)
        if not passed:
            known = any(row.code == "already-accepted" for row in self._report.findings)
            self._report.already = known and not self._report.refused
            return
        self._keep_personal(passed)
        self._append(records=[_index(row) for row in passed])
        self._report.accepted = len(passed)

    def _append(
        self,
        snapshots: Mapping[str, bytes] | None = None,
        records: Sequence[tuple[Mapping[str, object], bytes]] = (),
    ) -> None:
        reading = self._reading
        document = NewDocument(
            source=reading.source,
            kind=reading.kind,
            file=reading.file,
            base=self._settings.base,
            software=__version__,
            graphs=reading.graphs,
            original_sha256=reading.original_sha256,
            redacted=reading.redacted,
            report=[asdict(row) for row in self._report.findings],
            snapshots=snapshots or {},
            records=records,
        )
        self._report.document = self._archive.append(document).sequence

    def _keep_personal(self, records: Sequence[Record]) -> None:
        """Write personal data to the vault before the response is acknowledged."""
        vault, today = Vault(self._settings.home), _today()
        for record in records:
            vault.keep(record.iri, record.personal, today)

    def _keep_refused(self) -> None:
        """Keep the document, without personal columns, beside its report until it expires."""
        reading = self._reading
        name = hashlib.sha256(reading.redacted + reading.original_sha256.encode()).hexdigest()[:16]
        folder = self._settings.refused / name
        make_folder(self._settings.refused, 0o700)
        make_folder(folder, 0o700)
        expires = (_today() + timedelta(days=_REFUSED_DAYS)).isoformat()
        report = {"expires": expires, **self._report.as_dict()}
        write_durably(folder / "document", reading.redacted, mode=0o600)
        text = json.dumps(report, ensure_ascii=False, indent=1)
        write_durably(folder / "report.json", text.encode(), mode=0o600)
        self._report.refused_folder = str(folder)


def _says(current: Sources, graph: str, data: bytes) -> bool:
    source = current.graphs.get(graph)
    return source is not None and source.documents[-1].snapshot(graph) == data


def _broken(records: Sequence[Record]) -> dict[str, list[Finding]]:
    """Return the violations of each record that does not conform to the local shapes."""
    record_of = {
        line.split(b"> ", 1)[0].decode().lstrip("<"): row.iri
        for row in records
        for line in row.triples.splitlines()
    }
    broken: dict[str, list[Finding]] = {}
    report = local_shapes().validate(b"".join(row.triples for row in records))
    for result, row in zip(report.results, _findings(report.results), strict=True):
        if row.severity == "violation":
            # Rules over observations have the dataset as focus and the observation as value.
            record = record_of.get(result.focus) or record_of[result.value]
            broken.setdefault(record, []).append(row)
    return broken


def _index(record: Record) -> tuple[dict[str, object], bytes]:
    row: dict[str, object] = {
        "iri": record.iri,
        "reference": record.reference,
        "graph": record.graph,
        "wave": record.wave,
        "bodies": list(record.bodies),
        "replaces": record.replaces,
    }
    return row, record.triples


def _findings(results: Sequence[Result]) -> list[Finding]:
    """Return SHACL results as findings; ``value`` is the focus node."""
    return [
        Finding(
            code=f"shape:{row.shape.rpartition('#')[2]}",
            message_nl=row.message_nl,
            message_en=row.message_en,
            column=row.path or None,
            value=row.focus,
            severity=row.severity.lower(),
        )
        for row in results
    ]


def _today() -> date:
    return datetime.now(UTC).date()
