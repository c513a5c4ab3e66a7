"""One response of the answers table: its rows, its checks, its triples.

What can be told from the response and the look-ups alone is checked here; whether it may be
accepted beside others is for `loaders.ledger`. A response is an IRI of its own and one triple an
answer (semantics.md "Answers and validation").
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from operator import itemgetter

from loaders import Context, Finding, Record
from loaders.bodies import find_body, name_of
from loaders.findings import finding
from loaders.instants import read_instant
from loaders.reference import Body, Question, Wave
from loaders.tables import Column, Row, Table
from service.release.names import WaveName
from service.terms import ref, triple, typed

MAX_ROWS = 1_000  # of one response; the instrument asks about a hundred
HEADER = ("respons", "golf", "vragenlijst", "bestuur", "bestuur_2", "ingediend", "vervangt")
PERSONAL = (
    "contact_naam",
    "contact_email",
    "contact_telefoon",
    "contact_functie",
    "opmerking",
)
COLUMNS = (
    Column("respons", "Kenmerk van de respons", "Reference of the response"),
    Column("golf", "Golf", "Wave"),
    Column("vragenlijst", "Vragenlijst (A, B of C)", "Questionnaire (A, B or C)"),
    Column("bestuur", "Bestuur", "Body"),
    Column("bestuur_2", "Tweede bestuur (enkel A)", "Second body (A only)"),
    Column("ingediend", "Ingediend op", "Submitted on"),
    Column("vervangt", "Vervangt respons", "Replaces response"),
    Column("vraag", "Code van de vraag", "Code of the question"),
    Column("antwoord", "Antwoord", "Answer", separator="|"),
    Column("contact_naam", "Naam contact", "Contact name", False, personal=True),
    Column("contact_email", "E-mail contact", "Contact e-mail", False, personal=True),
    Column("contact_telefoon", "Telefoon contact", "Contact telephone", False, personal=True),
    Column("contact_functie", "Functie contact", "Contact function", False, personal=True),
    Column("opmerking", "Opmerking", "Remark", False, personal=True),
)
NONE_TICKED = "geen"
CLASS_OF = {"B": "gemeente", "C": "ocmw"}
_REFERENCE = re.compile(r"[A-Za-z0-9._/-]{1,64}")
_HINTS = 20
_header = itemgetter(*HEADER)


@dataclass(frozen=True)
class Draft:
    """A response that is sound in itself; ``replaces`` is the reference it names."""

    record: Record
    line: int
    wave: Wave
    replaces: str


@dataclass
class Group:
    """The rows of one response, gathered as they stream by."""

    reference: str
    line: int
    header: tuple[str, ...] = ()
    rows: int = 0
    answers: list[tuple[int, str, str]] = field(default_factory=list)
    personal: dict[str, str] = field(default_factory=dict, repr=False)
    findings: list[Finding] = field(default_factory=list)

    @property
    def wave(self) -> str:
        """What the response says its wave is."""
        return self.header[1] if self.header else ""

    def add(self, row: Row, table: Table) -> None:
        """Take in a row."""
        self.rows += 1
        if self.rows > MAX_ROWS:
            if self.rows == MAX_ROWS + 1:
                place = table.place(row.line, "respons", record=self.reference)
                self.findings.append(finding("too-many-rows", place, limit=MAX_ROWS))
            return
        self.findings += [replace(found, record=self.reference) for found in row.findings]
        if len(row.cells) != len(table.names):
            return
        header = _header(row.cells)
        if not self.header:
            self.header, self.line = header, row.line
        elif header != self.header:
            self._compare(header, row.line, table)
        self._keep_personal(row, table)
        if not row.findings and (row.cells["vraag"] or row.cells["antwoord"]):
            self.answers.append((row.line, row.cells["vraag"], row.cells["antwoord"]))

    def _compare(self, header: tuple[str, ...], line: int, table: Table) -> None:
        for name, first, now in zip(HEADER, self.header, header, strict=True):
            if now and now != first:
                place = table.place(line, name, now, self.reference)
                self.findings.append(finding("header-differs", place, first=self.line))

    def _keep_personal(self, row: Row, table: Table) -> None:
        for name in PERSONAL:
            value = row.cells.get(name, "")
            kept = self.personal.get(name, "")
            if not value or value == kept:
                continue
            if name == "opmerking":  # each question may have its own
                if value not in kept.split("\n"):
                    self.personal[name] = f"{kept}\n{value}" if kept else value
            elif kept:
                place = table.place(row.line, name, record=self.reference)
                self.findings.append(finding("header-differs", place, first=self.line))
            else:
                self.personal[name] = value


def read_response(group: Group, table: Table, context: Context) -> Draft | None:
    """Check a response and write its triples; what is wrong is added to ``group.findings``."""
    if not group.header:
        return None  # not one row has the right number of cells
    check = _Check(group, table, context)
    if not group.answers and not group.findings:
        check.add("no-answers", "antwoord")
    wave, kind = check.wave(), check.questionnaire()
    check.reference()
    bodies = check.bodies(kind, wave)
    submitted = check.submitted(wave)
    answers = list(check.answers(kind))
    if wave is None or any(found.severity == "violation" for found in group.findings):
        return None
    return _draft(group, context, wave, (kind, bodies, submitted, answers))


def _draft(
    group: Group,
    context: Context,
    wave: Wave,
    content: tuple[str, Sequence[Body], str, Sequence[str]],
) -> Draft:
    kind, bodies, submitted, answers = content
    name = WaveName(str(wave.year), wave.synthetic)
    replaces = dict(zip(HEADER, group.header, strict=True))["vervangt"]
    subject = response_iri(context, wave, group.reference)
    older = response_iri(context, wave, replaces) if replaces else None
    lines = {
        triple(subject, "rdf:type", ref("imon:Response")),
        triple(subject, "imon:wave", ref(wave.iri)),
        triple(subject, "imon:questionnaireType", ref(f"imc:vragenlijsttype/{kind}")),
        triple(subject, "dct:dateSubmitted", typed(submitted, "xsd:dateTime")),
    }
    lines |= {triple(subject, "imon:coversBody", ref(body.iri)) for body in bodies}
    lines |= {f"<{subject}>{answer}" for answer in answers}
    if older:
        lines.add(triple(subject, "dct:replaces", ref(older)))
    record = Record(
        iri=subject,
        reference=group.reference,
        graph=name.graph("antwoorden", derived=False).iri(context.base),
        wave=wave.iri,
        bodies=tuple(body.iri for body in bodies),
        triples="".join(sorted(lines)).encode(),
        replaces=older,
        personal=dict(group.personal),
    )
    return Draft(record, group.line, wave, replaces)


def response_iri(context: Context, wave: Wave, reference: str) -> str:
    """Return the IRI of a response: stable over rebuilds, and not to be guessed without the key.

    A UUIDv5 (RFC 9562 §5.5) of wave and reference, in a namespace made from the archive's secret.
    """
    root = WaveName(str(wave.year), wave.synthetic).root(context.base)
    return f"{root}respons/{uuid.uuid5(_namespace(context.key), f'{wave.label} {reference}')}"


@lru_cache(maxsize=8)
def _namespace(key: bytes) -> uuid.UUID:
    secret = hmac.new(key, b"imonitor response", hashlib.sha256).hexdigest()
    return uuid.uuid5(uuid.NAMESPACE_URL, secret)


@dataclass
class _Check:
    """The checks of one response; each adds what it finds and goes on."""

    group: Group
    table: Table
    context: Context

    def __post_init__(self) -> None:
        self.cells: Mapping[str, str] = dict(zip(HEADER, self.group.header, strict=True))

    def add(
        self, code: str, column: str, value: str | None = None, line: int = 0, **words: object
    ) -> None:
        """Add a finding, by default at the first row of the response."""
        place = self.table.place(line or self.group.line, column, value, self.group.reference)
        self.group.findings.append(finding(code, place, **words))

    def reference(self) -> None:
        """Check the form of the references."""
        if not self.group.reference:
            self.add("reference-missing", "respons")
        for column in ("respons", "vervangt"):
            value = self.cells[column]
            if value and not _REFERENCE.fullmatch(value):
                self.add("reference-form", column, value)

    def wave(self) -> Wave | None:
        """Return the wave, if there is one of that name."""
        name, waves = self.cells["golf"], self.context.reference.waves
        if name not in waves:
            self.add("unknown-wave", "golf", name, name=name, options=", ".join(sorted(waves)))
        return waves.get(name)

    def questionnaire(self) -> str:
        """Return A, B or C, or "" when it is none of these."""
        kind = self.cells["vragenlijst"]
        if kind in ("A", "B", "C"):
            return kind
        self.add("unknown-questionnaire", "vragenlijst", kind, name=kind)
        return ""

    def bodies(self, kind: str, wave: Wave | None) -> list[Body]:
        """Return the body or the two bodies, the gemeente first."""
        first = self._body("bestuur", wave)
        second = self._body("bestuur_2", wave) if self.cells["bestuur_2"] else None
        if not self.cells["bestuur"]:
            self.add("body-missing", "bestuur")
        if kind == "A":
            self._pair(first, second, wave)
        elif kind:
            if self.cells["bestuur_2"]:
                self.add("second-body", "bestuur_2", self.cells["bestuur_2"], name=kind)
            if first and first.classification != CLASS_OF[kind]:
                self.add(
                    "wrong-class",
                    "bestuur",
                    self.cells["bestuur"],
                    name=kind,
                    expected=_class(CLASS_OF[kind]),
                    found=_class(first.classification),
                )
        found = [body for body in (first, second) if body]
        return sorted(found, key=lambda body: body.classification)

    def _body(self, column: str, wave: Wave | None) -> Body | None:
        text = self.cells[column]
        found = find_body(text, self.context.reference) if text else ""
        if isinstance(found, str):
            if found:
                self.add(found, column, text)
            return None
        if wave and not found.on(wave.reference_date):
            day = wave.reference_date
            self.add("body-not-then", column, text, name=name_of(found), date=day.isoformat())
        return found

    def _pair(self, first: Body | None, second: Body | None, wave: Wave | None) -> None:
        if not self.cells["bestuur_2"]:
            self.add("second-body-missing", "bestuur_2")
        if first and second and first.counterpart != second.iri:
            other = self.context.reference.body(first.counterpart or "")
            day = wave.reference_date if wave else None
            self.add(
                "no-pair",
                "bestuur_2",
                self.cells["bestuur_2"],
                name=name_of(first, day),
                expected=f"{name_of(other, day)} ({other.kbo})" if other else "–",
            )

    def submitted(self, wave: Wave | None) -> str:
        """Return the instant of submission as xsd:dateTime in UTC."""
        text = self.cells["ingediend"]
        try:
            instant = read_instant(text)
        except ValueError as error:
            self.add(str(error), "ingediend", text)
            return ""
        if wave and instant.date() < wave.opened:
            self.add("submitted-early", "ingediend", text, date=wave.opened.isoformat())
        return instant.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

    def answers(self, kind: str) -> Iterator[str]:
        """Yield predicate and object of each answer that is sound."""
        first: dict[str, int] = {}
        for line, code, value in self.group.answers:
            question = self._question(line, code, kind)
            if question is None:
                continue
            if code in first:
                self.add("question-twice", "vraag", code, line, name=code, first=first[code])
                continue
            first[code] = line
            if not value:
                self.add("answer-missing", "antwoord", line=line)
            elif question.kind != "meerkeuze" and value in question.options:
                yield _answer(question.iri, value)
            else:
                yield from self._ticks(question, line, value)

    def _question(self, line: int, code: str, kind: str) -> Question | None:
        questions = self.context.reference.questions
        question = questions.get(code)
        if not code:
            self.add("question-missing", "vraag", line=line)
        elif question is None:
            near = self._near(code)
            hint_nl, hint_en = (
                (f" Bedoelt u {near}?", f" Do you mean {near}?") if near else ("", "")
            )
            words = {"name": code, "hint_nl": hint_nl, "hint_en": hint_en}
            self.add("unknown-question", "vraag", code, line, **words)
        elif not question.options:
            part = next((other for other in questions if other.startswith(f"{code}.")), "")
            self.add("module-question", "vraag", code, line, name=code, example=part)
            return None
        elif kind and kind not in question.applies:
            options = ", ".join(sorted(question.applies))
            self.add("not-applicable", "vraag", code, line, name=code, type=kind, options=options)
            return None
        return question

    def _near(self, code: str) -> str:
        """Return the question that looks most like a code; not for every row of a wrong file."""
        if len(code) > 32 or len(self.group.findings) > _HINTS:
            return ""
        return next(iter(get_close_matches(code, self.context.reference.questions, 1)), "")

    def _ticks(self, question: Question, line: int, value: str) -> Iterator[str]:
        codes = [code.strip() for code in value.split("|")]
        options = ", ".join(sorted(question.options, key=lambda code: (code.isupper(), code)))
        for code in sorted(set(codes)):
            single = question.kind != "meerkeuze" and len(codes) > 1
            if single or code not in question.options:
                words = {"name": question.code, "options": options}
                self.add("unknown-option", "antwoord", value, line, **words)
                return
            if codes.count(code) > 1:
                self.add("option-twice", "antwoord", value, line, option=code)
            if len(codes) > 1 and (code.isupper() or code == NONE_TICKED):
                self.add("option-alone", "antwoord", value, line, option=code)
            yield _answer(question.iri, code)


@lru_cache(maxsize=65536)
def _answer(question: str, code: str) -> str:
    return f" {ref('imon:answer')} {ref(f'{question}/optie/{code}')} .\n"


def _class(classification: str) -> str:
    return classification.upper() if classification == "ocmw" else classification
