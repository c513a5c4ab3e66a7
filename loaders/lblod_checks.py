"""The defects of an LBLOD dump, and its differences from our register, as located findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loaders import Finding, identifiers
from loaders.facts_messages import finding
from loaders.lblod_dump import Unit
from loaders.register import CLASSES, BodyRow, Register
from service.vocab import expand

_SUFFIX = re.compile(r"\s*\([^()]*\)\s*$")
_OCMW = "OCMW "


@dataclass(frozen=True)
class Found:
    """A gemeente or OCMW of the dump: ``body`` is ours where we know it, else made of the dump."""

    unit: Unit
    body: BodyRow
    name: str
    known: bool


@dataclass
class Checks:
    """Go over the units of a dump once with `bodies`, then look at ``findings``.

    ``classes`` gives IRI → class, ``areas`` the working area of a province → province.
    """

    register: Register
    classes: Mapping[str, str]
    areas: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    _by_kbo: dict[str, Unit] = field(default_factory=dict)

    def bodies(self, units: Iterable[Unit]) -> Iterator[Found]:
        """Yield the gemeenten and OCMW's that are sound enough to take over."""
        others, seen = 0, 0
        for unit in sorted(units, key=lambda row: row.iri):
            if not self._is_body(unit):
                continue
            kbo = self._kbo(unit)
            if unit.first("class") not in self.classes:
                others += 1
            elif kbo and (found := self._found(unit, kbo)):
                seen += found.known
                yield found
        if others:
            self._tell("lblod-others", Unit(""), count=others)
        if seen and (absent := len(self.register.bodies) - seen):
            self._tell("lblod-absent", Unit(""), count=absent, total=len(self.register.bodies))

    def predecessors(self, found: Found, dump: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield (body, predecessor) by IRI, each link put at the body that the merger made.

        ``dump`` gives IRI → name of the bodies of the dump.
        """
        for old in found.unit.all("predecessor"):
            successors = self._successors(old)
            if found.body.iri in successors:
                yield found.body.iri, old
                continue
            words = {"name": found.unit.name, "found": dump.get(old, old)}
            if not successors:
                self._tell("lblod-predecessor-unknown", found.unit, "predecessor", old, **words)
            for successor in successors:
                name = self.register.names(self.register.by_iri[successor])[0]
                words["expected"] = name
                self._tell("lblod-predecessor", found.unit, "predecessor", old, **words)
                yield successor, old

    def _is_body(self, unit: Unit) -> bool:
        typed = expand("besluit:Bestuurseenheid") in unit.values.get("type", ())
        if typed and not unit.first("class"):
            self._tell("lblod-no-class", unit, "class")
        elif unit.first("class") and not typed:
            self._tell("lblod-no-type", unit, "type")
        for name in ("name", "class", "kbo", "area") if unit.first("class") else ():
            if len(unit.all(name)) > 1:
                self._tell("lblod-double-value", unit, name, field=name)
        return bool(unit.first("class"))

    def _kbo(self, unit: Unit) -> str:
        """Return the KBO number, or nothing: then a finding says why."""
        ovo_codes = [text for text in unit.all("identifier") if text.startswith("OVO")]
        text = unit.first("kbo") or next(
            (text for text in unit.all("identifier") if text not in ovo_codes), ""
        )
        if not text:
            self._tell("lblod-no-identifier", unit, "kbo", field="KBO")
            return ""
        try:
            return identifiers.kbo(text)
        except ValueError:
            self._tell("lblod-kbo", unit, "kbo", text)
            return ""

    def _found(self, unit: Unit, kbo: str) -> Found | None:
        """Return the body that a unit is, compared with ours."""
        first = self._by_kbo.setdefault(kbo, unit)
        if first is not unit:
            self._tell("lblod-double-kbo", unit, "kbo", kbo, other=first.name)
            return None
        ovo = next((text for text in unit.all("identifier") if text.startswith("OVO")), "")
        classification = self.classes[unit.first("class")]
        name = self._name(unit, classification)
        body = self.register.by_iri.get(unit.iri) or self.register.by_kbo.get(kbo)
        if body is None:
            if not ovo:
                self._tell("lblod-no-identifier", unit, "identifier", field="OVO")
                return None
            self._tell("lblod-new", unit)
            return Found(
                unit, BodyRow(unit.iri, classification, kbo, ovo, "", "", "lblod", 0), name, False
            )
        self._compare(unit, body, {"IRI": unit.iri, "KBO": kbo, "OVO": ovo}, name)
        if classification != body.classification:
            expected = body.classification
            self._tell("lblod-class", unit, "class", classification, expected=expected)
        self._province(unit, body)
        if not unit.first("area"):
            self._tell("lblod-no-area", unit, "area")
        return Found(unit, body, name, True)

    def _name(self, unit: Unit, classification: str) -> str:
        """Return the name without additions, an OCMW's as such."""
        bare = _SUFFIX.sub("", unit.name).removeprefix(_OCMW)
        name = bare if classification == CLASSES[0] else _OCMW + bare
        if _SUFFIX.search(unit.name):
            self._tell("lblod-suffix", unit, "name", unit.name, expected=name)
        return name

    def _compare(self, unit: Unit, body: BodyRow, given: Mapping[str, str], name: str) -> None:
        for label, ours in (("IRI", body.iri), ("KBO", body.kbo), ("OVO", body.ovo)):
            if given[label] != ours:
                words = {"field": label, "expected": ours}
                self._tell("lblod-identifier", unit, label.lower(), given[label], **words)
        names = self.register.names(body)
        if name not in names:
            self._tell("lblod-name", unit, "name", unit.name, expected=", ".join(names))

    def _province(self, unit: Unit, body: BodyRow) -> None:
        """Compare the province with ours; a body may move, so any of its states will do."""
        ours = [state.province for state in self.register.states_of[body.kbo]]
        area = self.areas.get(unit.first("province-area"), "")
        for found in sorted({area, unit.first("parent-province")} - {"", *ours}):
            words = {"found": found.title(), "expected": ours[-1].title()}
            self._tell("lblod-province", unit, "province", found, **words)

    def _successors(self, old: str) -> list[str]:
        """Return the IRIs of the bodies that a body went into, by our mergers."""
        body = self.register.by_iri.get(old)
        if body is None:
            return []
        found = []
        for merger in self.register.mergers:
            before, after = self.register.before_and_after(merger, body.classification)
            if body.kbo in {state.kbo for state in before}:
                found += [self.register.by_kbo[state.kbo].iri for state in after]
        return found

    def _tell(
        self, code: str, unit: Unit, column: str = "", value: str = "", **words: object
    ) -> None:
        place = replace(unit.place, column=column or None, value=value or None)
        self.findings.append(finding(code, place, **{"name": unit.name, **words}))
