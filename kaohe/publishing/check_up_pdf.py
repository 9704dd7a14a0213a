"""体检单.pdf of each unit, set by typst: to be handed to that unit alone."""

import itertools
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
#: So many places of records that a rule warns of.
_PLACES = 6
_WORDS = (
    "page_dimensions",
    "page_losses",
    "page_no_losses",
    "page_extras",
    "page_months",
    "page_months_note",
    "page_history",
    "page_alerts_of_unit",
    "page_warnings_of_unit",
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


def unit_folders(units: Iterable[tuple[str, str]], before: Mapping[str, str] | None = None) -> dict[str, str]:
    """unit_id → the name of its folder: the unit's own name, or with its id added where no file system bears that name
    as it is, or several units have it. ``units``: (unit_id, name).

    Whoever may read a unit's folder on a share must never find another unit's sheet there. So a unit keeps what it had
    ``before``, while it is called so, and no other gets it.
    """
    units, before = sorted(units), before or {}
    whole = Counter(_folded(name) for _, name in units if file_name(name) == name)
    owner = {_folded(folder): unit for unit, folder in before.items()}
    found: dict[str, str] = {}
    for unit, name in units:
        own = file_name(name)
        with_id = f"{own}_{file_name(unit)}"
        wanted = [before[unit]] if before.get(unit) in (own, with_id) else []
        if own and own == name and whole[_folded(name)] == 1:
            wanted.append(name)
        numbered = (f"{with_id}_{number}" for number in itertools.count(2))
        choice = itertools.chain(wanted, [with_id], numbered)
        found[unit] = next(folder for folder in choice if owner.get(_folded(folder), unit) == unit)
        owner[_folded(found[unit])] = unit
    return found


def _folded(name: str) -> str:
    """The same for all names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


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

    def first(warning: dict[str, Any]) -> dict[str, Any]:
        more = len(warning["places"]) - _PLACES
        further = [say("check_up_further", count=more)] if more > 0 else []
        return warning | {"places": [*warning["places"][:_PLACES], *further]}

    return sheet | {
        **{name: [short(part) for part in sheet[name]] for name in ("losses", "extras")},
        "warnings": [first(warning) for warning in sheet["warnings"]],
    }


def _plain(value: Any) -> Any:
    """The same, without what a PDF cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return plain(value)
