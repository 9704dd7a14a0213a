"""leadership/index.html, the page: one file, to be opened from a folder or a mail, asking for nothing else.

The league tables stand in the HTML itself, so that they show and print where scripts do not run. Scripts sort, filter
and open a unit's check-up sheet. These are packed into the page; where they would make it too heavy, they stand in
files beside it.
"""

import base64
import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from kaohe.contracts import Contracts
from kaohe.explaining import plain_number
from kaohe.explaining.text import basis_of
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import interval, stale_sources, state_of
from kaohe.publishing.check_up import CheckUps, moved, signed
from kaohe.safely import replace
from kaohe.scheme import Scheme
from kaohe.scheme.parts import Leaf
from kaohe.words import language, say

Plain = dict[str, Any]
_HERE = Path(__file__).parent
#: Base64 of check-up sheets that one page carries; more of them stand in files of about this size beside it.
_CARRIED, _IN_A_FILE = 1_200_000, 400_000
#: So many units of a category are shown at first, and so many more each time they are asked for.
_MOST = 300
#: SHA-256 of the script that draws the charts, as the vl-convert of the lock puts it together.
_LIBRARY = "373b1f84072b31010f15ceb787be6b415c53936411aae267c8c2b2b6ccde46e7"
#: The folder of those files.
SHEETS = "index.files"
#: Words that the script says.
_SPOKEN = (
    "page_back",
    "page_count",
    "page_no_script_data",
    "page_not_unpacked",
    "page_print",
    "page_median",
    "page_unit_rate",
    "page_losses",
    "page_no_losses",
    "page_extras",
    "page_unscored",
    "page_months",
    "page_months_note",
    "page_history",
    "page_no_months",
    "page_alerts_of_unit",
    "page_warnings_of_unit",
    "page_month",
    "page_nothing_due",
    "page_dimensions",
    "heading_dimension",
    "heading_points",
    "heading_effective_weight",
    "heading_lost",
    "heading_system",
    "heading_total",
    "heading_rank",
    "heading_grade",
    "heading_year_assessed",
    "explain_no_record",
    "page_rate_axis",
    "page_units_axis",
)


@dataclass(frozen=True)
class _Packed:
    """Check-up sheets ready to be carried: unit → its sheet, pressed and in letters; and which file each stands in."""

    carried: dict[str, str]
    files: dict[str, dict[str, str]]


def write_page(
    snapshot: Snapshot,
    contracts: Contracts,
    scheme: Scheme,
    manifest: Plain,
    check_ups: CheckUps,
    sheets: Sequence[Plain],
    path: Path,
) -> None:
    """Write the page to ``path``, from the check-up sheet of every unit; the same publication gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = _pack(sheets)
    for name, carried in packed.files.items():
        file = path.parent / SHEETS / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"kaohe({json.dumps(carried)});\n", encoding="utf-8", newline="\n")
    page = _Page(snapshot, contracts, scheme, manifest, check_ups)
    data = page.data() | {
        "carried": packed.carried,
        "files": {unit: f"{SHEETS}/{name}" for name, units in packed.files.items() for unit in units},
    }
    scripts = [_library(), (_HERE / "page.js").read_text(encoding="utf-8")]
    said = {
        "lang": {"zh": "zh-CN", "en": "en"}[language()],
        "policy": _policy(scripts, bool(packed.files)),
        "css": Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        "scripts": [Markup(script) for script in scripts],
        "data": Markup(_in_script(data)),
        "say": say,
        **page.context(),
    }
    path.write_text(_template().render(said), encoding="utf-8", newline="\n")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((_HERE / "page.html.j2").read_text(encoding="utf-8"))


@cache
def _library() -> str:
    """Vega-Lite and what shows it, as one script. To put it together takes two seconds, so it is kept among the caches
    of whoever runs this; what is there counts if it is the very same."""
    kept = None
    with suppress(OSError, RuntimeError):
        kept = _caches() / f"charts-{_LIBRARY[:16]}.js"
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest() == _LIBRARY:
            return data.decode()
    import vl_convert

    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    assert "</script" not in script.lower()
    if kept:
        with suppress(OSError):  # nobody's result depends on it
            replace(kept, script.encode())
    return script


def _caches() -> Path:
    """Where this user's programs keep what they can make again. Raises ``RuntimeError`` where that is nowhere."""
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return Path(given or Path.home() / ".cache") / "kaohe"


def _policy(scripts: Sequence[str], files: bool) -> str:
    """The page's content security policy: its own scripts and the files beside it, and nothing from anywhere else."""
    own = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    beside = " 'self' file:" if files else ""
    return f"default-src 'none'; script-src {own}{beside}; style-src 'unsafe-inline'; img-src data:; form-action 'none'"


def _in_script(data: Plain) -> str:
    """JSON that cannot end the script it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _pack(sheets: Sequence[Plain]) -> _Packed:
    pressed = {sheet["id"]: _press(sheet) for sheet in sheets}
    if sum(map(len, pressed.values())) <= _CARRIED:
        return _Packed(pressed, {})
    files: dict[str, dict[str, str]] = {}
    room = 0
    for unit, text in pressed.items():
        if room < len(text):
            room = _IN_A_FILE
            files[f"{len(files) + 1:04d}.js"] = {}
        room -= len(text)
        files[f"{len(files):04d}.js"][unit] = text
    return _Packed({}, files)


def _press(sheet: Plain) -> str:
    text = json.dumps(sheet, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


class _Page:
    """What stands in the page besides the sheets."""

    def __init__(
        self, snapshot: Snapshot, contracts: Contracts, scheme: Scheme, manifest: Plain, check_ups: CheckUps
    ) -> None:
        self.snapshot, self.contracts, self.scheme, self.manifest = snapshot, contracts, scheme, manifest
        self.check_ups = check_ups
        self.grades = [grade.title for grade in scheme.grades.values()]
        self.scores = list(snapshot.frame("select * from main.scores").iter_rows(named=True))
        self.categories = sorted({row["category"] for row in self.scores}, reverse=True)
        self.counts = list(self._counts())

    def _counts(self) -> Iterator[Plain]:
        """How many units of each category have each grade."""
        for category in self.categories:
            for number, grade in enumerate(self.grades):
                count = sum(row["category"] == category and row["grade"] == grade for row in self.scores)
                yield {"category": category, "grade": grade, "order": number, "count": count}

    def data(self) -> Plain:
        """What the script needs."""
        return {
            "most": _MOST,
            "grades": self.counts,
            "order": self.grades,
            "words": {key: _spoken(key) for key in _SPOKEN},
        }

    def context(self) -> Plain:
        """What the template needs."""
        manifest = self.manifest
        return {
            "most": _MOST,
            "title": say("page_title", year=manifest["year"]),
            "state": state_of(manifest),
            "manifest": manifest,
            "notice": say("sheet_notice", **manifest["act"]) if manifest["state"] == "announced" else "",
            "stale": stale_sources(manifest),
            "tiles": list(self._tiles()),
            "compared": self._compared(),
            "pending": any(row["status"] == "pending" for row in self.scores),
            "grades": self.grades,
            "counts": self.counts,
            "categories": self.categories,
            "dimensions": [node.title for node in self.scheme.dimensions.values()],
            "league": self._league(),
            "bounds": list(self._bounds()),
            "quality": self._quality(),
            "alerts": self._alerts(),
            "method": list(self._method()),
            "scheme": self.scheme,
        }

    def _tiles(self) -> Iterator[tuple[str, str, str]]:
        """(heading, number, remark) of what a reader wants to know first."""
        ranked = sum(row["rank"] is not None for row in self.scores)
        by_category = " · ".join(f"{c} {sum(r['category'] == c for r in self.scores)}" for c in self.categories)
        yield say("page_units"), str(len(self.scores)), by_category
        best = self.grades[0]
        excellent = sum(row["grade"] == best for row in self.scores)
        yield best, str(excellent), say("page_of_ranked", count=ranked)
        manifest = self.manifest
        files = len(manifest["inputs"])
        yield say("page_files"), str(files), say("page_unreadable", count=len(manifest["unreadable"]))
        yield (
            say("page_records"),
            f"{manifest['records_in']:,}",
            say("page_used", count=f"{manifest['records_used']:,}"),
        )
        again = say("page_duplicates", count=manifest["quarantined_by_reason"].get("duplicate", 0))
        yield say("page_quarantined"), f"{manifest['records_quarantined']:,}", again

    def _compared(self) -> str:
        """Which publication the changes are measured against."""
        last = {row["publication"] for row in self.check_ups.last.values()}
        if not last:
            return ""
        changes = [change for row in self.scores if (change := self.check_ups.change(row))]
        points, places = (sum(bool(change[name]) for change in changes) for name in ("points", "places"))
        return say("page_compared", publication=last.pop(), points=points, places=places)

    def _league(self) -> dict[str, list[Plain]]:
        """Category → its rows."""
        nodes = self.snapshot.rows("select unit_id, node, points from main.node_scores")
        points = {(unit, node): value for unit, node, value in nodes}
        held = {
            unit: (low, high, overlaps)
            for unit, low, high, overlaps in self.snapshot.rows(
                "select unit_id, rank_low, rank_high, overlaps_above from main.rank_interval"
            )
        }
        known: dict[str, list[str]] = {}
        for unit, name in self.snapshot.rows("select unit_id, name from main.unit_name order by all"):
            known.setdefault(unit, []).append(name)
        ranked = Counter(row["category"] for row in self.scores if row["rank"] is not None)
        highest = max((row["total"] for row in self.scores), default=Decimal(1)) or Decimal(1)
        league: dict[str, list[Plain]] = {category: [] for category in self.categories}
        for row in self.scores:
            unit, there, category = row["unit_id"], row["status"] != "no_data", row["category"]
            change = self.check_ups.change(row)
            low, high, overlaps = held.get(unit, (None, None, False))
            said = {
                "id": unit,
                "name": row["unit_name"],
                "search": " ".join([unit.lower(), row["unit_name"].lower(), *known.get(unit, [])]),
                "rank": row["rank"],
                "total": row["total"] if there else None,
                "width": f"{float(row['total'] / highest * 100):.1f}",
                "grade": row["grade"] or "",
                "band": self.grades.index(row["grade"]) if row["grade"] else "",
                "interval": interval(low, high) if low else "",
                "overlaps": overlaps,
                "low": f"{100 * (low - 1) / ranked[category]:.1f}" if low else "",
                "high": f"{100 * high / ranked[category]:.1f}" if high else "",
                "places": change["places"] if change else None,
                "moved": moved(change["places"]) if change else "",
                "gained": signed(change["points"]) if change else "",
                "dimensions": [points.get((unit, name)) if there else None for name in self.scheme.dimensions],
                "bonus": row["bonus"] if there else None,
                "deduction": row["deduction"] if there else None,
                "marks": list(self._marks(row)),
            }
            league[category].append(said)
        return league

    def _marks(self, row: Plain) -> Iterator[tuple[str, str]]:
        """What else is to be said of a unit, and more of it for who asks."""
        if row["status"] != "scored":
            yield say(f"status_{row['status']}"), ""
        if row["veto"]:
            yield f"{say('heading_veto')} {row['veto']}", self.scheme.vetoes[row["veto"]].title
        for name in ("tied", "quota_tie"):
            if row[name]:
                yield say(f"heading_{name}"), ""

    def _bounds(self) -> Iterator[str]:
        """What each grade asks for."""
        for grade in self.scheme.grades.values():
            key = "page_bound" if grade.at_least else "page_bound_none"
            bound = say(key, grade=grade.title, at_least=plain_number(grade.at_least))
            quota = say("page_quota", quota=plain_number(grade.quota * 100)) if grade.quota is not None else ""
            yield bound + quota

    def _quality(self) -> Plain:
        manifest = self.manifest
        counts = [
            [self.contracts[table].title, *(count[name] for name in _COUNTED)]
            for table, count in manifest["tables"].items()
            if table in self.contracts and not self.contracts[table].restricted and count["records_in"]
        ]
        return {
            "tables": sorted(counts, key=lambda row: -row[3]),
            "reasons": [[say(f"reason_{why}"), count] for why, count in manifest["quarantined_by_reason"].items()],
            "unreadable": list(manifest["unreadable"].items()),
            "left_out": len(manifest["left_out"]),
            "flagged": manifest["flagged"],
        }

    def _alerts(self) -> list[Plain]:
        """How many there are of each kind, the most urgent first."""
        found = self.snapshot.rows(
            "select level, title, count(*), count(distinct unit_id) from main.alerts group by level, title "
            "order by case level when 'urgent' then 1 when 'warning' then 2 else 3 end, count(*) desc, title"
        )
        return [
            {"level": level, "called": say(f"level_{level}"), "title": title, "count": count, "units": units}
            for level, title, count, units in found
        ]

    def _method(self) -> Iterator[Plain]:
        section = "base"
        for entry in self.scheme.entries:
            if entry.section != section:
                section = entry.section
                yield {"title": say(f"explain_part_{_SECTIONS[section]}"), "depth": 1, "weight": None, "basis": ""}
            leaf = entry.node if isinstance(entry.node, Leaf) else None
            yield {
                "title": entry.node.title,
                "depth": entry.depth if section == "base" else 2,
                "weight": entry.weight,
                "basis": basis_of(leaf),
            }


_SECTIONS = {"bonus": "bonus", "deduction": "deductions", "veto": "vetoes"}
_COUNTED = ("records_in", "records_used", "records_quarantined")


def _spoken(key: str) -> str:
    """A sentence for the script, with its blanks left open."""
    return say(key, count="{count}", month="{month}") if key in ("page_count", "page_month") else say(key)
