"""Debian's Chromium without a screen, and pages in it that note everything a household must never see."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY

PICTURES = REPOSITORY / "build" / "live-page"
_ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
_DEADLINE_MS = 20_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the browser. Raises PartMissing where there is none."""
    program = shutil.which("chromium")
    if program is None:
        raise PartMissing("no chromium on PATH; mend it with: sudo apt install chromium")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=_ARGUMENTS) as browser:
        yield browser


@dataclass
class Tab:
    """One page in the browser. `complaints` is what its console said, `requests` all addresses it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """Give the text of an element as it is shown, with plain blanks."""
        return self.page.locator(selector).inner_text().replace("\u00a0", " ")

    def wait_for(self, selector: str, text: str, deadline_s: float = 20.0) -> None:
        """Wait until an element is shown with a text in it."""
        self.page.locator(selector).filter(has_text=text, visible=True).first.wait_for(timeout=deadline_s * 1000)

    def note(self, said: ConsoleMessage) -> None:
        """Keep what the console says, if it is a complaint."""
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    def picture(self, name: str) -> Path:
        """Keep how it looks, under build/."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path


@contextmanager
def tab(browser: Browser, address: str, script: str = "", **options: Any) -> Iterator[Tab]:
    """Open an address in a tab with a memory of its own, after a script if there is one.

    `options` are those of Playwright's `new_context`.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(_DEADLINE_MS)
    try:
        if script:
            context.add_init_script(script)
        opened = Tab(context.new_page())
        opened.page.on("console", opened.note)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("websocket", lambda socket: opened.requests.append(socket.url))
        opened.page.goto(address)
        yield opened
    finally:
        context.close()
