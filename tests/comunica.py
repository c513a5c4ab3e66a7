"""Comunica 4, a query engine in Node, installed for a test run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.home import made_once

PACKAGE = "@comunica/query-sparql@4"
_QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
_SCRIPT = """
import { readFileSync } from 'node:fs';
import { QueryEngine } from '@comunica/query-sparql';
const [query, endpoint, kind, file] = process.argv.slice(2);
const sources = [kind === 'told' ? { type: 'sparql', value: endpoint } : endpoint];
if (file) {
  const value = readFileSync(file, 'utf8');
  sources.push({ type: 'serialized', value, mediaType: 'text/turtle', baseIRI: 'http://x/' });
}
const engine = new QueryEngine();
const result = await engine.query(query, { sources });
const graph = result.resultType === 'quads';
const form = graph ? 'application/n-triples' : 'application/sparql-results+json';
const { data } = await engine.resultToString(result, form);
data.pipe(process.stdout);
"""


def installed(folder: Path) -> Path:
    """Return ``folder`` with Comunica in it; it is installed once a test run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no Node here: apt-get install nodejs npm (18 to 22)")
    with made_once(folder) as to_make:
        if to_make:
            making = folder.with_suffix(".making")
            making.mkdir(exist_ok=True)
            (making / "package.json").write_text('{"private": true, "type": "module"}')
            (making / "ask.js").write_text(_SCRIPT)
            done = _run(["npm", "install", *_QUIET, PACKAGE], making)
            if done.returncode:
                pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr[-300:]}")
            making.rename(folder)
    return folder


def ask(folder: Path, query: str, endpoint: str, kind: str, file: str = "") -> str:
    """Return what Comunica answers: SPARQL JSON, or N-Triples.

    Args:
        folder: where it is installed.
        query: the query.
        endpoint: a source.
        kind: "told" that it is a SPARQL endpoint; otherwise Comunica finds out.
        file: Turtle, a second source.
    """
    done = _run(["node", "ask.js", query, endpoint, kind, *([file] if file else [])], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
