"""A real browser: the system's Chromium, driven by Playwright."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
#: Nothing of the browser's own goes out, and it runs where there is no screen and no sandbox.
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser. Skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"FONTCONFIG_FILE": str(_fonts(Path(folder)))}
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET], env=environment)
        yield browser
        browser.close()


def _fonts(folder: Path) -> Path:
    """Settings by which the browser finds our Chinese fonts beside the system's: many machines have none."""
    path, package = folder / "fonts.conf", find_spec("pylopdf_fonts_zh_cn")
    ours = "".join(f"<dir>{escape(each)}</dir>" for each in (package and package.submodule_search_locations) or [])
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include>{ours}</fontconfig>',
        encoding="utf-8",
    )
    return path


class Seen:
    """A page that is looked at: what it asked for and what it complained of on the way."""

    def __init__(self, browser: Browser, path: Path, width: int = 1280, height: int = 900) -> None:
        self.page: Page = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    def texts(self, selector: str) -> list[str]:
        """The visible text of every element that fits and is shown."""
        return [each.inner_text() for each in self.page.locator(selector).all() if each.is_visible()]
