"""The servers of the comparison, each in processes of its own on the same triples."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from service.settings import Settings
from tests.store_servers import OXIGRAPH, free_port

ROOT = Path(__file__).resolve().parents[2]
_TICK = os.sysconf("SC_CLK_TCK")
_START = 600.0  # seconds; rdflib reads a million triples in some minutes


@dataclass(frozen=True)
class Peer:
    """A server: where it answers queries, and the first of its processes."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Return the CPU seconds of its processes so far, also of those that have ended."""
        parents, spent = {}, {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                values = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended between the listing and the reading
            pid = int(path.parent.name)
            parents[pid] = int(values[1])
            spent[pid] = sum(int(value) for value in values[11:15]) / _TICK
        found, todo = 0.0, [self.pid]
        while todo:
            pid = todo.pop()
            found += spent[pid]
            todo += [child for child, parent in parents.items() if parent == pid]
        return found


@contextmanager
def ours(settings: Settings) -> Iterator[Peer]:
    """Run the service of this checkout, without a budget for its clients."""
    port = free_port()
    environment = {
        "IMONITOR_HOME": str(settings.home),
        "IMONITOR_BASE": settings.base,
        "IMONITOR_PORT": str(port),
        "IMONITOR_CLIENT_BUDGET": "0",
    }
    command = [sys.executable, "-m", "service.cli", "serve"]
    url = f"http://127.0.0.1:{port}"
    with _running(command, f"{url}/health/ready", environment) as pid:
        yield Peer(f"{url}/sparql", pid)


@contextmanager
def oxigraph_on_disk(data: Path, folder: Path) -> Iterator[Peer]:
    """Run ``oxigraph serve`` on a store on disk, loaded in bulk and optimised."""
    if not folder.exists():
        _oxigraph("load", "--location", str(folder), "--file", str(data), "--lenient")
        _oxigraph("optimize", "--location", str(folder))
    with _oxigraph_serve("--location", str(folder)) as peer:
        yield peer


@contextmanager
def oxigraph_in_memory(data: Path) -> Iterator[Peer]:
    """Run ``oxigraph serve`` on a store in memory."""
    with _oxigraph_serve() as peer, data.open("rb") as quads:
        address = peer.url.replace("/query", "/store")
        header = {"Content-Type": "application/n-quads"}
        requests.post(address, data=quads, headers=header, timeout=_START).raise_for_status()
        yield peer


@contextmanager
def rdflib_endpoint(data: Path, folder: Path) -> Iterator[Peer | None]:
    """Run rdflib-endpoint from an environment of its own; None when it cannot be installed.

    It has the same engine below it, which is its fastest store by far.
    """
    program = folder / "bin" / "rdflib-endpoint"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        names = ["rdflib-endpoint[cli]", "oxrdflib"]
        install = [str(folder / "bin" / "pip"), "install", "--quiet", *names]
        if subprocess.run(install, check=False).returncode != 0:
            print("rdflib-endpoint cannot be installed here, so it is not measured")
            yield None
            return
    port = free_port()
    bind = ["--host", "127.0.0.1", "--port", str(port), "--store", "Oxigraph"]
    url = f"http://127.0.0.1:{port}/"
    probe = f"{url}?query=ASK%7B%7D"
    with _running([str(program), "serve", *bind, str(data)], probe, {}) as pid:
        yield Peer(url, pid)


def _oxigraph(*arguments: str) -> None:
    subprocess.run([OXIGRAPH, *arguments], check=True, capture_output=True)


@contextmanager
def _oxigraph_serve(*more: str) -> Iterator[Peer]:
    bind = f"127.0.0.1:{free_port()}"
    command = [str(OXIGRAPH), "serve", "--union-default-graph", "--bind", bind, *more]
    with _running(command, f"http://{bind}/", {}) as pid:
        yield Peer(f"http://{bind}/query", pid)


@contextmanager
def _running(command: list[str], probe: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a server; yield its process number once ``probe`` is answered with 200."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("IMONITOR_")}
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**kept, **environment}
        )
        end = time.monotonic() + _START
        try:
            while not _answers(probe):
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise AssertionError(f"{command[0]} does not start: {log.read()[-2000:]!r}")
                time.sleep(0.2)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=10).status_code == 200
    except requests.RequestException:
        return False
