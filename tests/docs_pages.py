"""The pages of the documentation: their fenced blocks, their tables, and a shell to run them in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(
    r"^(?:<!-- (?P<note>(?:(?!-->).)*?)\s*-->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)
_END = "\x1e"


@dataclass(frozen=True)
class Example:
    """A fenced block; ``note`` is the comment before it."""

    page: Path
    line: int
    language: str
    text: str
    note: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    def noted(self, name: str) -> str | None:
        """Return what the comment says after ``name``, None when it says something else."""
        found, _, rest = self.note.partition("\n" if "\n" in self.note else ":")
        return rest.strip() if found.strip() == name else None


def examples() -> Iterator[Example]:
    """Yield the fenced blocks of all pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start("text"))
            yield Example(page, line, match["language"], match["text"], match["note"] or "")


def page(name: str) -> str:
    """Return the text of a page."""
    return next(row for row in PAGES if row.name == name).read_text(encoding="utf-8")


def table_rows(name: str) -> dict[str, list[str]]:
    """Return the rows of all tables of a page by the plain text of their first cell."""
    found = {}
    for line in page(name).splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found[cells[0].strip("` ")] = cells
    return found


@dataclass(frozen=True)
class Shell:
    """Where commands run: a folder, and an environment in which ``imonitor`` is this code."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, example: Example) -> None:
        """Run the commands of a block; each must print what stands below it."""
        steps = read_steps(example.text)
        script = "".join(f"{command}\nprintf '{_END}%s{_END}' \"$?\"\n" for command, _ in steps)
        done = subprocess.run(
            ["bash", "-c", f"exec 2>&1\n{script}"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        parts = done.stdout.decode().replace("\r\n", "\n").split(_END)
        codes = [int(code) for code in parts[1::2]]
        assert len(codes) == len(steps), parts
        for (command, expected), printed in zip(steps, parts[0::2], strict=False):
            assert matches(expected, printed), f"$ {command}\n{printed}\n--- not like\n{expected}"
        assert codes == [0] * (len(codes) - 1) + [int(example.noted("exit") or 0)], parts


def read_steps(text: str) -> list[tuple[str, str]]:
    """Return (command, what it prints); ``>`` goes on with a command."""
    steps: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], ""))
        else:
            command, printed = steps.pop()
            more = line.startswith("> ")
            steps.append(
                (f"{command}\n{line[2:]}", "") if more else (command, f"{printed}{line}\n")
            )
    return steps


def matches(expected: str, printed: str) -> bool:
    """Compare what was printed; ``…`` is anything in a line, alone it is any number of lines."""
    pattern = ""
    for line in expected.splitlines():
        anything = ".*".join(map(re.escape, line.split("…")))
        pattern += "(?:.*\n)*" if line == "…" else f"{anything}\n"
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


def shell(folder: Path, home: Path) -> Shell:
    """Return a shell in a new folder, with ``imonitor`` and curl as the pages have them."""
    program = folder / "bin" / "imonitor"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m service.cli "$@"\n')
    program.chmod(0o755)
    work = folder / "work"
    work.mkdir()
    clean = {name: text for name, text in os.environ.items() if not name.startswith("IMONITOR_")}
    return Shell(
        work,
        {
            **clean,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "IMONITOR_HOME": str(home),
            "CURL_HOME": str(folder),
            "no_proxy": "*",
        },
    )
