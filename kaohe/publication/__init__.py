"""A publication as it stands on disk, to be read: which one is in force, its snapshot, its method, its words.

``home/published/<year>/<publication id>/`` never changes once it stands; the file ``CURRENT`` names the one in force.
What leadership opens stands in ``leadership/``, each unit's own in ``units/<unit>/``, so that permissions can be given
by folder; at the top is what the office and programs read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kaohe.errors import KaoheError
from kaohe.words import say

State = Literal["provisional", "announced", "reviewed", "final"]

LEADERSHIP, UNITS = "leadership", "units"
#: Paths below the publication.
PAGE, WORKBOOK = f"{LEADERSHIP}/index.html", f"{LEADERSHIP}/评分表.xlsx"
NOTICE_DOCX, NOTICE_PDF = f"{LEADERSHIP}/通报.docx", f"{LEADERSHIP}/通报.pdf"
#: A unit's sheet, in the folder below ``UNITS`` that the manifest gives the unit (``units``).
CHECK_UP = "体检单.pdf"
SCORES, QUARANTINE, ALERTS, CHANGES = "scores.csv", "quarantine.csv", "alerts.csv", "变更.csv"
#: The tables that stand there as Parquet.
PARQUET = ("scores", "indicator_scores", "evidence")
SCORES_PARQUET = "scores.parquet"
SNAPSHOT = "snapshot.duckdb"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class File:
    """``path``: below the publication; ``whom``: who may open it; ``what``: it is, as docs/publication.md says."""

    path: str
    whom: Literal["leadership", "unit", "office"]
    what: str


#: Every file of a publication.
FILES = (
    File(PAGE, "leadership", "the page: one file that opens from a folder or a mail, with no network"),
    File(WORKBOOK, "leadership", "the league tables as live formulas, and every list behind them"),
    File(NOTICE_DOCX, "leadership", "the notice to all units, laid out as GB/T 9704 has it, there to be edited"),
    File(NOTICE_PDF, "leadership", "the same, to be printed"),
    File(
        f"{UNITS}/<unit>/{CHECK_UP}",
        "unit",
        "its check-up sheet; of other units, medians of the category only",
    ),
    File(SCORES, "office", "for Excel: each unit's total, rank and grade"),
    File(QUARANTINE, "office", "for Excel: the records that were set aside, and why"),
    File(ALERTS, "office", "for Excel: what somebody should look at"),
    File(CHANGES, "office", "for Excel, after the public notice only: what changed since an earlier publication"),
    File(SCORES_PARQUET, "office", "for programs: the scores, exact"),
    File("indicator_scores.parquet", "office", "for programs: the points of each indicator"),
    File("evidence.parquet", "office", "for programs: what was due and done, and which records say so"),
    File(SNAPSHOT, "office", "for programs: all tables, records among them, as a DuckDB file"),
    File(MANIFEST, "office", "what went in, by hash; what was made of it, by count; `units`: which folder is whose"),
    File(SUMS, "office", "the hash of every other file: `sha256sum --check SHA256SUMS`"),
)
FACES = tuple(file.path for file in FILES if file.whom == "leadership")


def called(question: str, state: State) -> str:
    """What a publication is called: the digest of its question, and its state once that is no longer the first."""
    return question if state == "provisional" else f"{question}-{state}"


def before_folders(path: str) -> str:
    """Where a file of ``FACES`` stands in a publication by an earlier version: at the top."""
    return path.removeprefix(f"{LEADERSHIP}/")


def pointed_at(folder: Path) -> Path | None:
    """The publication in force of those in ``folder``, or None before the first; where CURRENT says anything else than
    the name of one, a folder that is not there."""
    path = folder / "CURRENT"
    try:
        name = "" if path.is_dir() else path.read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return None
    return folder / (name if name.strip(".") and Path(name).name == name and "\0" not in name else "?")


def standing(folder: Path) -> Path | None:
    """The publication in force, which stands there. Raises ``KaoheError`` where CURRENT names none that does."""
    publication = pointed_at(folder)
    if publication and not publication.is_dir():
        raise KaoheError("current_wrong", path=folder / "CURRENT")
    return publication


def in_force(home: Path, year: int | None = None) -> Path:
    """The publication of ``year`` in force, of the latest year if none is named.

    Raises ``KaoheError`` if there is none, or CURRENT names none that stands there.
    """
    for candidate in [year] if year else reversed(published_years(home)):
        if publication := standing(home / "published" / str(candidate)):
            return publication
    raise nothing_published(home, year)


def nothing_published(home: Path, year: int | None = None) -> KaoheError:
    """What to say where there is no publication, of a year or at all."""
    return KaoheError("nothing_published", home=home, of=say("nothing_of", year=year) if year else "")


def refuse_among_publications(out: Path, home: Path) -> None:
    """Raises ``KaoheError`` for a place to write to that lies among the publications, which never change."""
    if out.resolve().is_relative_to((home / "published").resolve()):
        raise KaoheError("out_published", out=out)


def published_years(home: Path) -> list[int]:
    """The years of which there is something: a publication, or what is said of some; in their order."""
    folders = [path for path in (home / "published").glob("[0-9]*") if path.name.isdecimal()]
    return sorted(int(path.name) for path in folders if any(path.glob("[!.]*")))


def earlier_years(home: Path, year: int) -> dict[int, Path]:
    """The publications in force of the years before ``year``, in their order."""
    years = [earlier for earlier in published_years(home) if earlier < year]
    found = {earlier: pointed_at(home / "published" / str(earlier)) for earlier in years}
    return {earlier: publication for earlier, publication in found.items() if publication}
