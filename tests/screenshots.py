"""Pictures of what leadership receives, for the docs.

``make screenshots`` publishes the sample in a temporary home and writes docs/images anew. Needs Chromium, LibreOffice
and pdftoppm.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from kaohe.publication import CHECK_UP, NOTICE_PDF, PAGE, UNITS, WORKBOOK
from tests.browser import Seen, chromium
from tests.helpers import ROOT, SAMPLE, assess

IMAGES = ROOT / "docs" / "images"
_UNIT = "浦东新区水务管理事务中心"
_SHOWN_BELOW = 900  # pixels


def main() -> None:
    """Write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kaohe-") as name:
        folder = assess(SAMPLE, Path(name) / "home").folder
        _page(folder)
        _picture(folder / NOTICE_PDF, "notice", 1)
        _picture(folder / UNITS / _UNIT / CHECK_UP, "check_up", 1)
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{name}/office", "--convert-to", "pdf"]
        subprocess.run([*command, "--outdir", name, folder / WORKBOOK], check=True, capture_output=True)
        book = Path(name) / Path(WORKBOOK).with_suffix(".pdf").name
        _picture(book, "workbook", 1)
        _picture(book, "workbook_league", 2)


def _page(folder: Path) -> None:
    with chromium() as browser:
        seen = Seen(browser, folder / PAGE, height=_SHOWN_BELOW)
        seen.page.wait_for_selector("#grades-chart svg")
        seen.page.screenshot(path=IMAGES / "page.png")
        seen.page.get_by_role("link", name=_UNIT).click()
        seen.page.wait_for_selector("#sheet .chart svg")
        seen.page.screenshot(path=IMAGES / "page_unit.png", full_page=True)
        phone = Seen(browser, folder / PAGE, width=390, height=844)
        phone.page.evaluate("document.querySelector('.league').scrollIntoView()")
        phone.page.screenshot(path=IMAGES / "page_phone.png")
        assert not seen.complaints


def _picture(pdf: Path, name: str, page: int) -> None:
    """A page of a PDF."""
    command = ["pdftoppm", "-png", "-r", "80", "-f", str(page), "-l", str(page), "-singlefile"]
    subprocess.run([*command, pdf, IMAGES / name], check=True)


if __name__ == "__main__":
    sys.exit(main())
