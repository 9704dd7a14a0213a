"""A publication as it stands on disk, to be read: which one is in force, its snapshot, its method, its words.

``home/published/<year>/<publication id>/`` never changes once it stands; the file ``CURRENT`` names the one in force.
What leadership opens stands in ``leadership/``, each unit's own in ``units/<unit>/``, so that permissions can be given
by folder; at the top is what the office and programs read.
"""

from pathlib import Path

from kaohe.errors import KaoheError
from kaohe.words import say

LEADERSHIP, UNITS = "leadership", "units"
#: What leadership opens, as paths below the publication.
PAGE, WORKBOOK = f"{LEADERSHIP}/index.html", f"{LEADERSHIP}/评分表.xlsx"
NOTICE_DOCX, NOTICE_PDF = f"{LEADERSHIP}/通报.docx", f"{LEADERSHIP}/通报.pdf"
FACES = (PAGE, WORKBOOK, NOTICE_DOCX, NOTICE_PDF)
#: A unit's sheet, in the folder below ``UNITS`` that the manifest gives the unit (``units``).
CHECK_UP = "体检单.pdf"
MANIFEST = "manifest.json"
#: The SHA-256 of every other file, as ``sha256sum --check`` reads it.
SUMS = "SHA256SUMS"


def before_folders(path: str) -> str:
    """Where a file of ``FACES`` stands in a publication by an earlier version: at the top."""
    return path.removeprefix(f"{LEADERSHIP}/")


def pointed_at(folder: Path) -> Path | None:
    """The publication in force of those in ``folder``, or None before the first; where CURRENT says anything else than
    the name of one, a folder that is not there."""
    try:
        name = (folder / "CURRENT").read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return None
    return folder / (name if name.strip(".") and Path(name).name == name and "\0" not in name else "?")


def in_force(home: Path, year: int | None = None) -> Path:
    """The publication of ``year`` in force, of the latest year if none is named.

    Raises ``KaoheError`` if there is none.
    """
    for candidate in [year] if year else reversed(published_years(home)):
        if publication := pointed_at(home / "published" / str(candidate)):
            return publication
    raise nothing_published(home, year)


def nothing_published(home: Path, year: int | None = None) -> KaoheError:
    """What to say where there is no publication, of a year or at all."""
    return KaoheError("nothing_published", home=home, of=say("nothing_of", year=year) if year else "")


def published_years(home: Path) -> list[int]:
    """The years of which there is something: a publication, or what is said of some; in their order."""
    folders = [path for path in (home / "published").glob("[0-9]*") if path.name.isdecimal()]
    return sorted(int(path.name) for path in folders if any(path.glob("[!.]*")))


def earlier_years(home: Path, year: int) -> dict[int, Path]:
    """The publications in force of the years before ``year``, in their order."""
    years = [earlier for earlier in published_years(home) if earlier < year]
    found = {earlier: pointed_at(home / "published" / str(earlier)) for earlier in years}
    return {earlier: publication for earlier, publication in found.items() if publication}
