"""Other SPARQL servers, started for a test: an Oxigraph server and Virtuoso."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

OXIGRAPH = Path(sys.executable).with_name("oxigraph")
FIRST_USER = "dba"  # of a Virtuoso database that has just been made; its password too
_INI = """
[Database]
DatabaseFile = {folder}/v.db
ErrorLogFile = {folder}/v.log
LockFile = {folder}/v.lck
TransactionFile = {folder}/v.trx
xa_persistent_file = {folder}/v.pxa
[TempDatabase]
DatabaseFile = {folder}/t.db
TransactionFile = {folder}/t.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
ServerThreads = 20
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
[SPARQL]
{sparql}
"""


@dataclass(frozen=True)
class Server:
    """A running server: the settings with which our service uses it."""

    query: str
    graphs: str
    user: str = ""
    password: str = ""

    def settings(self, half: str = "") -> dict[str, str]:
        """Return the settings of the first half, or of half ``"_b"``."""
        found = {f"store{half}": self.query, f"store{half}_graphs": self.graphs}
        if self.user:
            found |= {"store_user": self.user, "store_password": self.password}
        return found


@contextmanager
def oxigraph(folder: Path) -> Iterator[Server]:
    """Run ``oxigraph serve``."""
    if not OXIGRAPH.exists():
        pytest.skip("no Oxigraph server here: pip install oxigraph")
    port = free_port()
    bind = f"127.0.0.1:{port}"
    command = [OXIGRAPH, "serve", "--location", folder, "--bind", bind]
    with _running(command, folder, f"http://{bind}/"):
        yield Server(f"http://{bind}/query", f"http://{bind}/store")


@contextmanager
def virtuoso(folder: Path, sparql: str = "") -> Iterator[Server]:
    """Run Virtuoso; ``sparql`` are lines of that section of its settings."""
    if shutil.which("virtuoso-t") is None:
        pytest.skip("no Virtuoso here: apt-get install virtuoso-opensource-7-bin")
    http, sql = free_port(), free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(_INI.format(folder=folder, http=http, sql=sql, sparql=sparql))
    address = f"http://127.0.0.1:{http}/"
    with _running(["virtuoso-t", "-f", "-c", settings], folder, f"{address}sparql"):
        yield Server(f"{address}sparql", f"{address}sparql-graph-crud-auth", FIRST_USER, FIRST_USER)


@contextmanager
def _running(command: list[str | Path], folder: Path, address: str) -> Iterator[None]:
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        _until_it_answers(address, process, folder / "output.log")
        yield
    finally:
        process.kill()
        process.wait(30)


def _until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            requests.get(address, timeout=5)
            return
        except requests.RequestException:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
