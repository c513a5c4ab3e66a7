"""Shared fixtures: data folders that are made once a test run and copied where a test writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings
from tests.home import copy_home, load_bundled, made_once, make_demo, settings_for


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many mutants of the shapes were killed, by shape file (`test_shape_mutants`)."""
    reports = [row for kind in ("passed", "failed") for row in terminalreporter.getreports(kind)]
    counts = sorted(
        str(value).split()
        for report in reports
        for key, value in getattr(report, "user_properties", ())
        if key == "mutants"
    )
    if counts:
        counts.append(["all", *(str(sum(int(row[n]) for row in counts)) for n in (1, 2))])
        terminalreporter.section("mutants of the shapes: killed / total")
        for name, killed, total in counts:
            terminalreporter.write_line(f"{name:<15}{killed:>5} /{total:>5}")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="session")
def bundled_home(shared_folder: Path) -> Path:
    """A home with the bundled sources accepted, nothing published; not to be written to."""
    home = shared_folder / "bundled"
    with made_once(home) as to_make:
        if to_make:
            making = settings_for(home.with_name("bundled.making"))
            load_bundled(making)
            making.home.rename(home)
    return home


@pytest.fixture(scope="session")
def demo_home(shared_folder: Path) -> Path:
    """A home with the three synthetic waves, published; not to be written to."""
    home = shared_folder / "demo"
    with made_once(home) as to_make:
        if to_make:
            make_demo(home)
    return home


@pytest.fixture
def settings(bundled_home: Path, tmp_path: Path) -> Settings:
    """A home of the test's own, with the bundled sources accepted."""
    return copy_home(bundled_home, tmp_path / "home")
