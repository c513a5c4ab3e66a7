"""Settings: environment variables with the prefix ``IMONITOR_`` (contract.md "Settings").

An unknown prefixed variable is an error, so that a misspelt one is not silently ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from service.problems import UsageError
from service.vocab import iri

PREFIX = "IMONITOR_"


def _setting(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class Settings:
    """What an operator can set. Times are in seconds, sizes in MiB."""

    home: Path = _setting(Path("var"), "data folder: archive, vault, releases")
    base: str = _setting("http://localhost:8000/", "base IRI of minted identifiers")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8000, "port to listen on")
    workers: int = _setting(4, "query workers that wait, ready forked")
    store: str = _setting("", "empty: embedded store; otherwise the query URL of an endpoint")
    store_graphs: str = _setting("", "Graph Store Protocol URL of that endpoint")
    store_b: str = _setting("", "query URL of the other half, for blue/green")
    store_b_graphs: str = _setting("", "Graph Store Protocol URL of the other half")
    store_user: str = _setting("", "user of the endpoint")
    store_password: str = _setting("", "password of the endpoint (or STORE_PASSWORD_FILE)")
    query_timeout: float = _setting(30.0, "seconds of wall time that one query may take")
    query_memory: int = _setting(1024, "MiB one query may use above the size of the store")
    memory_store: int = _setting(
        4096, "MiB that a release may take in memory; a larger one is read from disk"
    )
    result_limit: int = _setting(64, "MiB of one answer")
    client_budget: float = _setting(
        60.0, "seconds of processor time a minute for one client; 0: no limit"
    )
    oidc_issuer: str = _setting("", "issuer of sign-in tokens")
    oidc_audience: str = _setting("", "audience that tokens must name")
    trusted_proxies: str = _setting("", "addresses whose X-Forwarded-For is believed, by commas")
    releases_kept: int = _setting(5, "releases whose stores stay on disk")
    log_format: str = _setting("text", "text or json")

    def __post_init__(self) -> None:
        try:
            iri(self.base)
        except ValueError as error:
            raise UsageError(f"{PREFIX}BASE: {error}") from error
        if not self.base.endswith("/"):
            object.__setattr__(self, "base", self.base + "/")

    @property
    def archive(self) -> Path:
        """The system of record, append-only."""
        return self.home / "archive"

    @property
    def releases(self) -> Path:
        """Numbered immutable releases and the link ``current``."""
        return self.home / "releases"

    @property
    def vault(self) -> Path:
        """Personal data, one deletable file per response."""
        return self.home / "vault"

    @property
    def refused(self) -> Path:
        """Refused documents with their report."""
        return self.home / "refused"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings; a name that ends in ``_FILE`` holds a path to the value.

        Raises:
            UsageError: an unknown variable, or a value of the wrong kind.
        """
        known = {row.name: row for row in fields(cls)}
        values: dict[str, Any] = {}
        for name in sorted(environ):
            if not name.startswith(PREFIX):
                continue
            key, raw = name[len(PREFIX) :].lower(), environ[name]
            if key.endswith("_file") and key[:-5] in known:
                key, raw = key[:-5], Path(raw).read_text(encoding="utf-8").strip()
            if key not in known:
                raise UsageError(f"unknown setting {name}; known: {', '.join(_names())}")
            values[key] = _convert(name, known[key], raw)
        return cls(**values)

    def table(self) -> list[tuple[str, str, str, str]]:
        """Return (variable, value, default, help) of each setting; secrets are masked."""
        rows = []
        for row in fields(self):
            value = str(getattr(self, row.name))
            if row.name == "store_password" and value:
                value = "***"
            rows.append((PREFIX + row.name.upper(), value, str(row.default), row.metadata["help"]))
        return rows


def _names() -> list[str]:
    return [PREFIX + row.name.upper() for row in fields(Settings)]


def _convert(name: str, row: Field[Any], raw: str) -> Any:
    kind = type(row.default) if row.default is not MISSING else str
    try:
        return Path(raw) if isinstance(row.default, Path) else kind(raw)
    except ValueError as error:
        raise UsageError(f"{name}: {raw!r} is not a {kind.__name__}") from error
