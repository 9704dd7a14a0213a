"""LibreOffice, which works workbooks out anew: an independent reader of the formulas that we write."""

import io
import shutil
import subprocess
import warnings
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


def recalculated(work: Path, *paths: Path) -> list[Path]:
    """The workbooks opened in a LibreOffice of its own that recalculates everything, and saved again in ``work``."""
    profile, out = work / "profile", work / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    command = [str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert all((out / path.name).is_file() for path in paths), done.stderr
    return [out / path.name for path in paths]


def load(path: Path, data_only: bool = False) -> openpyxl.Workbook:
    """A workbook; what openpyxl does not know of LibreOffice's files is no matter here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*extension is not supported", UserWarning)
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()), data_only=data_only)


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """(sheet, cell) → formula."""
    book = load(path)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def values(book: openpyxl.Workbook) -> Values:
    """(sheet, cell) → value of a workbook's values; blank text is no value."""
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value not in (None, "")
    }
