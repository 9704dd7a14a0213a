"""What a reader can find in the files of a publication, however they are packed."""

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
from rich.console import Console

from kaohe.publication import CHANGES, FILES, MANIFEST, PAGE, SNAPSHOT, SUMS
from kaohe.summary import print_summary
from tests.helpers import Result

#: What differs between two equal publications: the time they were made, DuckDB's own bookkeeping, the list of both.
DIFFERS = (MANIFEST, SNAPSHOT, SUMS)


def files(folder: Path) -> dict[str, Path]:
    """Every file of a publication by its path below it."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def expected(manifest: dict[str, Any]) -> set[str]:
    """The files of a publication by the table, where so many units have a folder."""
    there = {file.path for file in FILES if file.path != CHANGES or "changed_units" in manifest}
    return {path.replace("<unit>", folder) for path in there for folder in manifest["units"].values()}


def summary(result: Result) -> str:
    """What a run says at its end."""
    out = io.StringIO()
    print_summary(Console(file=out, width=400), result.outcome)
    return out.getvalue()


def said(path: Path) -> bytes:
    """The bytes of a file and of everything packed into it."""
    return b"\n".join(_said(path))


def _said(path: Path) -> Iterator[bytes]:
    if path.suffix != ".html":  # the charting library in it says anything
        yield path.read_bytes()
    match path.suffix:
        case ".xlsx" | ".docx":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield archive.read(name)
        case ".pdf":
            reader = pypdf.PdfReader(path)
            yield json.dumps(dict(reader.metadata or {}), ensure_ascii=False, default=str).encode()
            for page in reader.pages:
                yield page.extract_text().encode()
        case ".html":
            yield re.sub(r"<script>.*?</script>", "", path.read_text("utf-8"), flags=re.DOTALL).encode()
            for sheet in page_data(path)["carried"].values():
                yield gzip.decompress(base64.b64decode(sheet))
        case ".js":
            for sheet in re.findall(r'"([A-Za-z0-9+/=]{40,})"', path.read_text("utf-8")):
                yield gzip.decompress(base64.b64decode(sheet))


def page_data(path: Path) -> dict[str, Any]:
    """What the script of the page is given."""
    (found,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL
    )
    data: dict[str, Any] = json.loads(found)
    return data


def check_up(folder: Path, unit: str) -> dict[str, Any]:
    """The check-up sheet of a unit, as the page carries it."""
    sheet: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(page_data(folder / PAGE)["carried"][unit])))
    return sheet
