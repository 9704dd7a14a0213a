"""体检单.pdf of each unit, set by typst: to be handed to that unit alone."""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import typst

from kaohe.publication import CHECK_UP, UNITS
from kaohe.publication.wording import state_of
from kaohe.publishing.document import plain
from kaohe.publishing.document_pdf import faces, fonts
from kaohe.safely import file_name
from kaohe.words import language, say

_LAYOUT = Path(__file__).parent / "check_up.typ"
#: So many items of an indicator stand on a sheet; the page has all.
_MOST = 40
_WORDS = (
    "page_dimensions",
    "page_losses",
    "page_no_losses",
    "page_extras",
    "page_months",
    "page_months_note",
    "page_history",
    "page_alerts_of_unit",
    "page_unscored",
    "page_rate_axis",
    "page_unit_rate",
    "page_median",
    "heading_dimension",
    "heading_points",
    "heading_lost",
    "heading_system",
    "heading_year_assessed",
    "heading_total",
    "heading_rank",
    "heading_grade",
    "explain_no_record",
)


def unit_folders(units: Iterable[tuple[str, str]]) -> dict[str, str]:
    """unit_id → the name of its folder: the unit's own name, as far as a file system bears it; of several that would
    have the same, all but the first by id have that added. ``units``: (unit_id, name)."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for unit, name in sorted(units):
        folder = file_name(name) or "_"
        number = 1
        while folder.casefold() in taken:
            number += 1
            folder = f"{file_name(name)}_{file_name(unit)}" + (f"_{number}" if number > 2 else "")
        taken.add(folder.casefold())
        found[unit] = folder
    return found


def write_check_ups(sheets: Sequence[dict[str, Any]], manifest: dict[str, Any], folder: Path) -> None:
    """Write the sheet of every unit below ``folder``, into the folders that the manifest gives the units; the same
    sheets and fonts give the same bytes."""
    found = fonts()
    source = say("check_up_source", publication=manifest["publication"], as_of=manifest["as_of"])
    shared = {
        "language": language(),
        "faces": faces(found),
        "source": source,
        "line": say("check_up_line", year=manifest["year"], state=state_of(manifest), as_of=manifest["as_of"]),
        "words": {key: say(key) for key in _WORDS},
        "month_names": [say("page_month", month=month) for month in range(1, 13)],
    }

    def write(sheet: dict[str, Any]) -> None:
        said = (
            shared | _plain(_short(sheet)) | {"title": say("check_up_title", unit=sheet["name"], year=manifest["year"])}
        )
        path = folder / UNITS / manifest["units"][sheet["id"]] / CHECK_UP
        path.parent.mkdir(parents=True, exist_ok=True)
        compiler = typst.Compiler(_LAYOUT, font_paths=found, sys_inputs={"sheet": json.dumps(said)})
        compiler.compile(output=path, format="pdf", timestamp=0)

    with ThreadPoolExecutor() as threads:  # typst lets go of the interpreter while it sets
        list(threads.map(write, sheets))


def _short(sheet: dict[str, Any]) -> dict[str, Any]:
    """The sheet with the dearest items of each indicator, and how many more there are."""

    def short(part: dict[str, Any]) -> dict[str, Any]:
        more = len(part["items"]) - _MOST
        return part | {
            "items": part["items"][:_MOST],
            "further": say("check_up_further", count=more) if more > 0 else "",
        }

    return sheet | {name: [short(part) for part in sheet[name]] for name in ("losses", "extras")}


def _plain(value: Any) -> Any:
    """The same, without what a PDF cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return plain(value)
