"""The tables of a comparison of servers, and which aims of the project it reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.bench.cells import CACHED, DISK, MEMORY, OWN, RDFLIB, SERVERS, Cell, Cells

_LEAST = 1.5  # CPU milliseconds in memory from which the aims for uncached queries hold
_AT = 8  # clients
_POINT = "point describe"

_SHOWN: dict[str, Callable[[Cell], str]] = {
    "CPU ms of the server for one answer": lambda cell: f"{cell.milliseconds:.2f}",
    "answers a second": lambda cell: f"{cell.rate:,.0f}" if cell.rate >= 10 else f"{cell.rate:.1f}",
    "p50 / p95 in ms": lambda cell: (
        f"{cell.outcome.percentile(0.5):.1f} / {cell.outcome.percentile(0.95):.1f}"
    ),
}


def report(cells: Cells) -> None:
    """Print everything."""
    for clients in cells.clients():
        for title, show in _SHOWN.items():
            print(f"\n{title}, {clients} client{'s' if clients > 1 else ''}")
            for line in _table(cells, clients, show):
                print(line)
    for server, kind, clients, count in cells.refused():
        print(f"refused: {count} × {kind} at {clients} clients by {server}")
    print(
        f"\nthe clients took {100 * cells.client_share():.0f} % of all CPU time; it is in no figure"
    )
    print(f"\naims, at {_AT} clients")
    for line in verdicts(cells):
        print(line)


def _table(cells: Cells, clients: int, show: Callable[[Cell], str]) -> Iterator[str]:
    yield f"{'':<20}" + "".join(f"{server:>18}" for server in SERVERS)
    for kind in cells.kinds():
        found = [cells.get(server, kind, clients) for server in SERVERS]
        yield f"{kind:<20}" + "".join(f"{show(cell) if cell else '':>18}" for cell in found)


def verdicts(cells: Cells) -> Iterator[str]:
    """Yield a line for each kind and aim that holds for it."""
    for kind in cells.kinds():
        own, cached, memory, disk, rdflib = (cells.get(row, kind, _AT) for row in SERVERS)
        if own and memory and memory.milliseconds > _LEAST:
            yield _verdict(kind, f"CPU, {OWN} to {MEMORY}", _cheaper(own, memory), 0.6)
        if own and disk and memory and memory.milliseconds > _LEAST:
            yield _verdict(kind, f"CPU, {OWN} to {DISK}", _cheaper(own, disk), 2)
        if cached and disk:
            aim = 4 if kind == _POINT else 100
            yield _verdict(kind, f"answers/s, {CACHED} to {DISK}", cached.rate / disk.rate, aim)
        if own and rdflib:
            yield _verdict(kind, f"CPU, {OWN} to {RDFLIB}", _cheaper(own, rdflib), 8)


def _cheaper(own: Cell, other: Cell) -> float:
    """Return how many of our answers the CPU time of one of the other's pays for."""
    return other.milliseconds / own.milliseconds


def _verdict(kind: str, what: str, ratio: float, aim: float) -> str:
    reached = "reached" if ratio >= aim else "NOT REACHED"
    return f"  {kind:<20}{what:<36}{ratio:>9.2f}  (aim {aim:>5g})  {reached}"
