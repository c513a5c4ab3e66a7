"""The processes of the service: releases change, anything may be killed, and it ends clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.store.limits import Limits
from tests.live_service import Live, address, live, until
from tests.serving_release import BASE, write_release

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("live")
    write_release(home, 1, size=3000)
    with live(home) as service:
        yield service


@pytest.mark.slow
def test_clients_that_do_not_read_cost_little_memory(service: Live) -> None:
    def resident() -> int:
        return sum(_resident(pid) for pid in _family(service.process.pid))

    query = address("SELECT * { ?s ?p ?o . ?s ?q ?r }")
    assert len(service.ask(query).body) > 400_000
    before = resident()
    request = f"GET {query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    waiting = [service.raw(request) for _ in range(100)]
    time.sleep(1)
    assert resident() - before < 150 << 20
    assert service.ready()
    for connection in waiting:
        connection.close()


def test_releases_change_under_load_without_a_failed_request(tmp_path: Path) -> None:
    write_release(tmp_path, 1)
    number = f"SELECT ?n {{ <{BASE}id/uitgave> <https://w3id.org/imonitor/ns#number> ?n }}"
    with live(tmp_path) as service, ThreadPoolExecutor(4) as threads:
        stop = time.monotonic() + 60

        def ask(serial: int) -> list[int]:
            seen = []
            while not seen or seen[-1] < 3:
                assert time.monotonic() < stop
                salt = f"# {serial}.{len(seen)}\n"
                answer = service.ask(address(salt + number, format="csv"))
                assert answer.status == 200, answer.body
                seen.append(int(answer.body.split()[1]))
            return seen

        asking = [threads.submit(ask, serial) for serial in range(4)]
        for release in (2, 3):
            time.sleep(1)
            write_release(tmp_path, release)
        for row in asking:
            seen = row.result()
            assert seen == sorted(seen)
            assert set(seen) == {1, 2, 3}


def test_every_process_may_be_killed_and_the_service_comes_back(tmp_path: Path) -> None:
    write_release(tmp_path, 1)
    with live(tmp_path) as service:
        killed = 0
        for _ in range(3):
            for pid in _family(service.process.pid)[1:]:
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
            until(service.ready, service.log)
            assert service.ask(address("ASK {}")).status == 200
    assert killed >= 6


def test_sigterm_ends_every_process(tmp_path: Path) -> None:
    write_release(tmp_path, 1)
    with live(tmp_path) as service:
        family = _family(service.process.pid)
        assert len(family) > 4
    assert service.process.returncode == 0
    until(lambda: not any(_runs(pid) for pid in family), service.log, 5)


def test_a_port_in_use_is_an_error_and_not_shared(service: Live, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.live_service", str(tmp_path), str(service.port), "{}"]
    done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    assert done.returncode != 0
    assert b"cannot listen" in done.stderr


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for row in found:
        for task in Path(f"/proc/{row}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_zygote_that_is_killed_while_it_loads_leaves_nobody_behind(tmp_path: Path) -> None:
    public = write_release(tmp_path, 1, size=20_000) / "public"
    limits = Limits().as_json()
    command = [sys.executable, "-m", "service.store.zygote", str(os.getpid()), str(public)]
    zygote = subprocess.Popen([*command, str(tmp_path / "socket"), "1", limits, "20000"])
    reading: list[int] = []

    def reads() -> bool:
        reading[:] = _family(zygote.pid)[1:]
        return bool(reading)

    until(reads, Path(os.devnull))
    zygote.kill()
    zygote.wait()
    until(lambda: not Path(f"/proc/{reading[0]}").exists(), Path(os.devnull))
