"""What was measured of servers, by server, kind of query and number of clients."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.load import Outcome

OWN, CACHED = "imonitor", "cached"
MEMORY, DISK, RDFLIB = "ox. memory", "ox. disk", "rdflib-ep."
SERVERS = (OWN, CACHED, MEMORY, DISK, RDFLIB)


@dataclass
class Cell:
    """One server, kind and number of clients, over all turns. ``cpu`` is the server's, in s."""

    outcome: Outcome = field(default_factory=Outcome)
    seconds: float = 0.0
    cpu: float = 0.0

    def add(self, outcome: Outcome, cpu: float) -> None:
        """Take in one turn."""
        self.outcome.add(outcome)
        self.seconds += outcome.elapsed
        self.cpu += cpu

    @property
    def milliseconds(self) -> float:
        """CPU of the server for one answer."""
        return 1000 * self.cpu / max(1, self.outcome.answered)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.outcome.answered / self.seconds

    @property
    def refused(self) -> int:
        """Responses with another status than 200."""
        return self.outcome.count - self.outcome.answered


class Cells:
    """All cells. A server that was not measured has none."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str, int], Cell] = {}

    def add(self, server: str, kind: str, clients: int, outcome: Outcome, cpu: float) -> None:
        """Take in one turn."""
        self._cells.setdefault((server, kind, clients), Cell()).add(outcome, cpu)

    def get(self, server: str, kind: str, clients: int) -> Cell | None:
        """Return a cell, None when nothing was measured."""
        return self._cells.get((server, kind, clients))

    def kinds(self) -> list[str]:
        """Return the kinds in the order in which they were measured."""
        return list(dict.fromkeys(kind for _, kind, _ in self._cells))

    def clients(self) -> list[int]:
        """Return the numbers of clients."""
        return sorted({clients for *_, clients in self._cells})

    def refused(self) -> list[tuple[str, str, int, int]]:
        """Return server, kind, clients and how many were refused, where some were."""
        return [(*key, cell.refused) for key, cell in self._cells.items() if cell.refused]

    def client_share(self) -> float:
        """Return the CPU of the clients as a part of all CPU that was used."""
        clients = sum(cell.outcome.cpu for cell in self._cells.values())
        return clients / (clients + sum(cell.cpu for cell in self._cells.values()))
