"""LibreOffice, which works workbooks out anew: an independent reader of the formulas that we write."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

SOFFICE = shutil.which("soffice")
needs_soffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")

_ALWAYS = (  # recalculate on load: 0 always, 1 never, 2 ask
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
    "<value>0</value></prop></item></oor:items>"
)

Values = dict[tuple[str, str], Any]


def recalculated(path: Path, work: Path) -> Path:
    """The workbook opened in a LibreOffice of its own that recalculates everything, and saved again in ``work``."""
    profile, out = work / "profile", work / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    command = [str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (out / path.name).is_file(), done.stderr
    return out / path.name


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """(sheet, cell) → formula."""
    book = openpyxl.load_workbook(path)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def values(path: Path) -> Values:
    """(sheet, cell) → value, as it was last worked out; blank text is no value."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value not in (None, "")
    }
