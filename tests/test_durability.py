"""Nothing acknowledged is lost: the order of system calls, and kill -9 at random moments.

Killing a process never loses the page cache, so durability itself is shown by tracing the calls:
file fsync, rename, folder fsync, and only then the acknowledgement. Each is also taken away, to
show that the same check then fails.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.release.archive import Archive
from service.release.check import check_home
from service.release.manifest import Release
from service.settings import Settings
from tests.home import copy_home, full_answers, gemeenten, load, publish, response, write_answers

STRACE = shutil.which("strace")
CALLS = "openat,fsync,fdatasync,rename,renameat,renameat2,write,close"
#: what a run of the command line is changed to, to show that the check sees it
WITHOUT = {
    "nothing": "",
    "file fsync": (
        "import os, stat; keep = os.fsync\n"
        "os.fsync = lambda fd: keep(fd) if stat.S_ISDIR(os.fstat(fd).st_mode) else None\n"
    ),
    "folder fsync": "import service.release.files as f\nf.sync_folder = lambda folder: None\n",
    "rename": (
        "import pathlib, shutil\n"
        "def copy(self, target):\n"
        "    shutil.copyfile(self, target); self.unlink()\n"
        "pathlib.Path.replace = copy\n"
    ),
}
ACKNOWLEDGED = re.compile(r"^answers (\S+)\.csv: (?:1 |was er)", re.M)
MAIN = "import sys; sys.argv[0] = 'imonitor'; from service.cli import main; main()"


def command_line(
    settings: Settings, *arguments: str, change: str = ""
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a run of the command line."""
    environment = {"IMONITOR_HOME": str(settings.home), "PATH": "/usr/bin:/bin"}
    return [sys.executable, "-c", change + MAIN, *arguments], environment


def one_answer_files(
    settings: Settings, folder: Path, bodies: Sequence[str], year: str = "2016"
) -> list[Path]:
    """Write one file with one response for each gemeente."""
    answers = full_answers(settings, "B", 2)
    found = []
    for kbo in bodies:
        name = f"{year}-{kbo}"
        rows = response(f"R-{name}", "B", [kbo], answers, wave=f"synthetisch/{year}")
        found.append(write_answers(folder / f"{name}.csv", rows))
    return found


def faults(trace: str, final: str, acknowledgement: str) -> list[str]:
    """Return what is out of order in a trace, for the file whose name matches ``final``."""
    lines = trace.splitlines()
    opened: dict[str, str] = {}
    synced_file = renamed = synced_folder = acknowledged = -1
    temporary = ""
    for number, line in enumerate(lines):
        if found := re.search(r'openat\(\S+ "([^"]*)".* = (\d+)$', line):
            opened[found[2]] = found[1]
            if re.search(r"/\.[^/]*\.tmp$", found[1]) and "/documents/" in found[1]:
                temporary = found[1]
        elif found := re.search(r"f(?:data)?sync\((\d+)\) += 0", line):
            name = opened.get(found[1], "")
            if temporary and name == temporary:
                synced_file = number
            if renamed >= 0 and synced_folder < 0 and name.endswith("/documents"):
                synced_folder = number
        elif re.search(rf'rename.*"[^"]*", .*"[^"]*{final}"', line) and renamed < 0:
            renamed = number
        elif "write(1," in line and acknowledgement in line and acknowledged < 0:
            acknowledged = number
    steps = [
        ("file fsync", synced_file),
        ("rename", renamed),
        ("folder fsync", synced_folder),
        ("acknowledgement", acknowledged),
    ]
    missing = [name for name, at in steps if at < 0]
    order = [at for _, at in steps]
    return missing or ([] if order == sorted(order) else [f"out of order: {steps}"])


@pytest.mark.skipif(STRACE is None, reason="needs strace: apt-get install strace")
@pytest.mark.parametrize("removed", list(WITHOUT))
def test_a_document_is_on_disk_before_it_is_acknowledged(
    settings: Settings, tmp_path: Path, removed: str
) -> None:
    file = one_answer_files(settings, tmp_path, ["0216771046"])[0]
    command, environment = command_line(
        settings, "load", "answers", str(file), change=WITHOUT[removed]
    )
    trace = tmp_path / "trace"
    traced = ["strace", "-f", "-s", "400", "-e", f"trace={CALLS}", "-o", str(trace), *command]
    done = subprocess.run(traced, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = faults(trace.read_text(errors="replace"), r"[0-9a-f]{64}\.zip", "answers ")
    assert (found == []) == (removed == "nothing"), found


def kill_at_random(
    command: list[str], environment: dict[str, str], after: float
) -> tuple[bool, str]:
    """Run a command, kill it after some seconds; tell whether it was alive, and what it printed."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
            return True, output
    return False, output


@pytest.mark.slow
def test_every_acknowledged_document_survives_fifty_kills_of_load(
    bundled_home: Path, settings: Settings, tmp_path: Path
) -> None:
    files = []
    for year in ("2016", "2020", "2025"):
        (tmp_path / year).mkdir()
        files += one_answer_files(settings, tmp_path / year, gemeenten(settings, 300, year), year)
    moments = random.Random("load")
    acknowledged: set[str] = set()
    kills = within = homes = 0
    while kills < 50 or (within <= 10 and kills < 250):  # where starting takes long, few are within
        rest = [str(path) for path in files if f"R-{path.stem}" not in acknowledged]
        if not rest:  # all of it is in: go on with a new home
            homes += 1
            settings = copy_home(bundled_home, tmp_path / f"home-{homes}")
            acknowledged = set()
            continue
        command, environment = command_line(settings, "load", "answers", *rest)
        alive, output = kill_at_random(command, environment, moments.uniform(0.4, 1.6))
        told = {f"R-{name}" for name in ACKNOWLEDGED.findall(output)}
        kills += alive
        within += alive and bool(told)
        acknowledged |= told
        documents = Archive(settings.archive).documents()
        held = {row.reference for document in documents for row in document.records}
        assert acknowledged <= held
    assert within > 10, "processes were killed after they had acknowledged some documents"
    done = load(settings, "answers", *files)
    assert all(report.accepted or report.already for report in done)
    publish(settings)
    assert check_home(settings) == []


@pytest.mark.slow
def test_the_served_release_stays_whole_through_fifty_kills_of_publish(
    settings: Settings, tmp_path: Path
) -> None:
    bodies = gemeenten(settings, 200)
    files = one_answer_files(settings, tmp_path, bodies)
    load(settings, "answers", *files[:5])
    publish(settings)
    moments = random.Random("publish")
    kills = half_made = 0
    for file in files[5:]:
        if kills == 50:
            break
        load(settings, "answers", file)
        command, environment = command_line(settings, "publish")
        alive, _ = kill_at_random(command, environment, moments.uniform(0.5, 1.7))
        kills += alive
        half_made += bool(list(settings.releases.glob(".building-*")))
        current = Release.current(settings.home)
        assert current is not None
        assert check_home(settings) == []
    assert kills == 50
    assert half_made, "some processes were killed in the midst of a release"
    last = publish(settings)
    assert not list(settings.releases.glob(".building-*"))
    assert len(last.private["graphs"]) >= 4
    assert check_home(settings) == []
