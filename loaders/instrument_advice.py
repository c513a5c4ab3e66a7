"""Recommendations of an instrument: when each holds, and the words of it (domain.md §9).

A rule holds for a type, for a gate that holds a body back, for a score within a band, or for
several of these at once; without a theme it is about the overall score. They stand in a graph of
their own, so that a changed word derives no wave again.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from loaders import Finding
from loaders.instrument_checks import TOTAL
from loaders.instrument_lists import (
    Pair,
    code_list,
    concept,
    edition,
    labels,
    reconstruction,
)
from loaders.instrument_messages import fault
from loaders.instrument_tables import Row, Tables
from service.terms import decimal, integer, ref

TABLE = "recommendations"
LIST = "imc:aanbeveling"
_NAME = ("Aanbevelingen", "Recommendations")
_WORDS = (
    "Wat een bestuur als volgende stap kan doen, naar type, poort of score, in onze woorden.",
    "What a body can do as a next step, by type, gate or score, in our words.",
)
_FULL = Decimal(100)


def check_advice(tables: Tables) -> Iterator[Finding]:
    """Yield the rules that name no condition, an impossible one, or a type or gate that is none."""
    for row in tables[TABLE]:
        if not any(row.has(name) for name in ("type", "gate", "lower", "upper")):
            yield fault("advice-condition", row.file, row.line, value=row.text("code"))
        if row.has("lower") != row.has("upper") or (
            row.has("lower") and row.number("lower") >= row.number("upper")
        ):
            yield fault("advice-band", row.file, row.line, "lower", row.text("code"))
        yield from _typology(tables, row)
    for theme in dict.fromkeys(theme_of_rule(tables, row) for row in tables[TABLE]):
        yield from _gaps(tables, theme)


def theme_of_rule(tables: Tables, row: Row) -> str:
    """Return the theme of a rule: its own, that of its gate, or the overall score."""
    gates = tables.where("gates", method=row.text("method"), gate=row.text("gate"))
    of_gate = gates[0].text("theme") if row.has("gate") and gates else TOTAL
    return row.text("theme", of_gate)


def _typology(tables: Tables, row: Row) -> Iterator[Finding]:
    """Yield what is wrong with the type and the gate of a rule."""
    method = row.text("method")
    if not row.has("method") and (row.has("type") or row.has("gate")):
        yield fault("cell-missing", row.file, row.line, "method")
        return
    for column, target in (("type", "types"), ("gate", "gates")):
        known = [found.text(column) for found in tables.where(target, method=method)]
        if row.has(column) and row.text(column) not in known:
            yield fault(
                "unknown-reference",
                row.file,
                row.line,
                column,
                row.text(column),
                table=target,
                options=", ".join(known) or "—",
            )
    for gate in tables.where("gates", method=method, gate=row.text("gate")):
        if row.has("gate") and row.text("theme", gate.text("theme")) != gate.text("theme"):
            yield fault("advice-theme", row.file, row.line, "theme", gate.text("theme"))


def _gaps(tables: Tables, theme: str) -> Iterator[Finding]:
    """Yield the scores of a theme for which no rule by score alone holds, if it has such rules."""
    bands = sorted(
        (row.number("lower"), row.number("upper"))
        for row in tables[TABLE]
        if theme_of_rule(tables, row) == theme
        and row.has("lower")
        and row.has("upper")
        and not (row.has("type") or row.has("gate"))
    )
    reached = Decimal(0)
    for lower, upper in [*bands, (_FULL, _FULL)] if bands else []:
        if lower > reached:
            yield fault(
                "advice-gap",
                f"{TABLE}.csv",
                value=theme,
                severity="warning",
                lowest=f"{reached:f}",
                highest=f"{lower:f}",
            )
        reached = max(reached, upper)


def advice_lines(tables: Tables, base: str) -> Iterator[str]:
    """Yield graph/aanbevelingen: the list, and each rule with its condition and its words."""
    yield from code_list(LIST, _NAME, _WORDS, edition(tables, base))
    for row in tables[TABLE]:
        code, theme = row.text("code"), theme_of_rule(tables, row)
        facts = [
            ("rdf:type", ref("imon:Recommendation")),
            ("imon:theme", ref(f"imc:thema/{theme}")),
            ("imon:priority", integer(int(row.number("priority")))),
            reconstruction(tables),
            *labels(row.text("label_nl"), row.text("label_en")),
            *labels(row.text("text_nl"), row.text("text_en"), "dct:description"),
            *labels(*_condition(row, theme), "skos:definition"),
        ]
        method = f"imc:type/{row.text('method')}"
        if row.has("type"):
            facts.append(("imon:forType", ref(f"{method}/{int(row.number('type'))}")))
        if row.has("gate"):
            facts.append(("imon:forGate", ref(f"{method}/poort/{row.text('gate')}")))
        for column, term in (("lower", "imon:lowerBound"), ("upper", "imon:upperBound")):
            if row.has(column):
                facts.append((term, decimal(row.number(column))))
        yield from concept(f"{LIST}/{code}", LIST, code, *facts)


def _condition(row: Row, theme: str) -> Pair:
    """Return in words when a rule holds."""
    dutch, english = [], []
    method = row.text("method")
    if row.has("type"):
        number = int(row.number("type"))
        dutch.append(f"een bestuur van type {number} ({method})")
        english.append(f"a body of type {number} ({method})")
    if row.has("gate"):
        dutch.append(f"een bestuur dat poort {row.text('gate')} ({method}) tegenhoudt")
        english.append(f"a body that gate {row.text('gate')} ({method}) holds back")
    if row.has("lower"):
        low, high = f"{row.number('lower'):f}", f"{row.number('upper'):f}"
        last = row.number("upper") == _FULL
        dutch.append(f"een score {f'vanaf {low}' if last else f'van {low} tot {high}'}")
        english.append(f"a score {f'of {low} or more' if last else f'from {low} to below {high}'}")
    about = ("de totaalscore", "the overall score") if theme == TOTAL else (theme, theme)
    return (
        f"Advies over {about[0]}, voor {' en '.join(dutch)}.",
        f"Advice on {about[1]}, for {' and '.join(english)}.",
    )
