"""Which remote endpoint holds which release: one of them, or two for blue/green.

``HOME/remote.json`` says for each half which graphs, by digest, were pushed to it and which release
they make up; it is written after each graph, so a push that was interrupted goes on where it was.
Readers look at it to know where to ask.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from service.problems import UsageError
from service.settings import Settings

_FILE = "remote.json"


@dataclass(frozen=True)
class Half:
    """A SPARQL endpoint with the Graph Store Protocol endpoint of the same store."""

    name: str
    query: str
    graphs: str


@dataclass(frozen=True)
class Held:
    """What a half holds: a whole ``release`` (0: none), or graphs on the way to ``pushing``."""

    address: str = ""
    release: int = 0
    pushing: int = 0
    graphs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """The half that readers ask, and what each holds."""

    active: str = ""
    halves: dict[str, Held] = field(default_factory=dict)

    def held(self, half: Half) -> Held:
        """Return what a half holds; nothing when its address is another than it was."""
        found = self.halves.get(half.name, Held())
        return found if found.address == half.graphs else Held(half.graphs)

    def with_half(self, half: Half, held: Held) -> State:
        """Return the state after something happened to a half."""
        return replace(self, halves={**self.halves, half.name: held})

    def as_json(self) -> bytes:
        """Return it as the text of the file."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def halves_of(settings: Settings) -> list[Half]:
    """Return the endpoints that are set; none: the store is embedded.

    Raises:
        UsageError: an endpoint can be asked but not written to, or the other way round.
    """
    rows = [
        Half("a", settings.store, settings.store_graphs),
        Half("b", settings.store_b, settings.store_b_graphs),
    ]
    for half in rows:
        if bool(half.query) != bool(half.graphs):
            raise UsageError("give STORE with STORE_GRAPHS, and STORE_B with STORE_B_GRAPHS")
    if rows[1].query and not rows[0].query:
        raise UsageError("STORE_B is the other half of STORE, which is not set")
    return [half for half in rows if half.query]


def state_file(settings: Settings) -> Path:
    """Return where the state stands."""
    return settings.home / _FILE


def read_state(path: Path) -> State:
    """Return the state; an empty one when nothing was pushed yet."""
    try:
        row: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return State()
    return State(row["active"], {name: Held(**held) for name, held in row["halves"].items()})
