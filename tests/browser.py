"""A real Chromium for tests of pages: what a person sees, and what the page did meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a browser: apt-get install chromium"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser of the machine for the length of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page, and what it did: addresses it asked for, and what the browser complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """What it asked of another host."""
        here = urlsplit(self.page.url).netloc
        return [row for row in self.asked if urlsplit(row).netloc not in ("", here)]

    @property
    def violations(self) -> list[str]:
        """What it did that the Content-Security-Policy forbids."""
        return [row for row in self.messages if "Content Security Policy" in row]

    @property
    def scrolls_sideways(self) -> bool:
        """Tell whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@contextmanager
def visit(browser: Browser, **more: Any) -> Iterator[Visit]:
    """Open an empty page in a profile of its own; ``more`` are settings of Playwright's context."""
    context = browser.new_context(**{"locale": "nl-BE", **more})
    context.set_default_timeout(20_000)
    found = Visit(context.new_page())
    found.page.on("request", lambda request: found.asked.append(request.url))
    found.page.on("console", lambda message: found.messages.append(message.text))
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    yield found
    context.close()
