"""What can be matched: bodies, questions and products with all their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.reconcile.names import body_name, letters

Rows = Iterable[Mapping[str, str]]
BODIES = ("gemeente", "ocmw")


@dataclass
class Entity:
    """A thing with an IRI.

    ``names`` are in the form of `names.letters`, each with whether it holds today; ``values`` are
    its properties by name; ``links`` are properties that are entities: (IRI, name).
    """

    iri: str
    kind: str
    label: str
    names: dict[str, bool] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    description: str = ""

    @property
    def is_body(self) -> bool:
        """Whether it is a government body."""
        return self.kind in BODIES

    @property
    def lives(self) -> bool:
        """Whether one of its names holds today."""
        return any(self.names.values())

    def add(self, name: str, value: str) -> None:
        """Add a value of a property once."""
        known = self.values.setdefault(name, [])
        if value and value not in known:
            known.append(value)


def entities(bodies: Rows, concepts: Rows) -> Sequence[Entity]:
    """Return what the stored queries ``reconcile/bodies`` and ``reconcile/concepts`` found."""
    found: dict[str, Entity] = {}
    for row in bodies:
        entity = found.setdefault(row["body"], Entity(row["body"], row["kind"], row["label"]))
        _add_to_body(entity, row)
    for row in concepts:
        entity = found.setdefault(row["concept"], Entity(row["concept"], row["kind"], row["name"]))
        _add_to_concept(entity, row)
    for entity in found.values():
        if entity.is_body:
            _describe(entity)
    return list(found.values())


def _add_to_body(entity: Entity, row: Mapping[str, str]) -> None:
    entity.add("klasse", "OCMW" if entity.kind == "ocmw" else "gemeente")
    if "name" in row:
        name, _ = body_name(row["name"])
        entity.names[name] = entity.names.get(name, False) or "until" not in row
        entity.add("naam", row["name"])
        entity.add("provincie", row["province"])
        if "until" in row:
            entity.add("tot", row["until"])
    elif "code" in row:
        entity.add(row["scheme"], row["code"])
    elif "successor" in row:
        link = (row["successor"], row["successorLabel"])
        known = entity.links.setdefault("opvolger", [])
        if link not in known:
            known.append(link)


def _add_to_concept(entity: Entity, row: Mapping[str, str]) -> None:
    if row["lang"] == "nl":
        entity.label, entity.description = row["name"], row.get("text", "")
    entity.names[letters(row["name"])] = True
    if "text" in row:
        entity.names[letters(row["text"])] = True
    entity.add("code", row["code"])
    entity.add(f"naam_{row['lang']}", row["name"])
    entity.add("thema", row.get("theme", ""))


def _describe(entity: Entity) -> None:
    parts = [*entity.values["klasse"], ", ".join(entity.values.get("provincie", ()))]
    if not entity.lives:
        entity.values["bestaat"] = ["nee"]
        ended = max(entity.values.get("tot", [""]))
        names = " en ".join(name for _, name in entity.links.get("opvolger", ()))
        parts.append(f"tot {ended}" + (f", daarna {names}" if names else ""))
    else:
        entity.values["bestaat"] = ["ja"]
        entity.values.pop("tot", None)
    entity.description = "; ".join(part for part in parts if part)
