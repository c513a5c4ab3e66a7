"""The wheel holds all that the service needs: data files too, and works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.release.manifest import Release
from tests.home import settings_for

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


def run(arguments: list[str], folder: Path, **more: str) -> str:
    """Run Python elsewhere and return what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_wheel_loads_and_publishes_away_from_the_checkout(tmp_path: Path) -> None:
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    run(build, tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "installed"
    run(
        ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), str(wheel)],
        tmp_path,
    )
    settings = {"PYTHONPATH": str(place), "IMONITOR_HOME": str(tmp_path / "home")}
    where = run(["-c", "import service; print(service.__file__)"], tmp_path, **settings)
    assert Path(where.strip()).is_relative_to(place)
    run(["-m", "service.cli", "demo", "--no-serve"], tmp_path, **settings)
    release = Release.current(settings_for(tmp_path / "home").home)
    assert release is not None
    assert release.manifest["triples"] > 100_000
