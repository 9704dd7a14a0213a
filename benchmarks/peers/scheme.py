"""The peers' scheme as numbers: what all of them need and none of them would be compared by."""

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("scheme.yml")
_READ: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
YEAR, PERIOD_END, AS_OF = 2023, dt.date(2023, 12, 31), dt.date(2024, 3, 31)
LEAVES = list(_READ["dimensions"])
#: First and last day of the months.
MONTHS = [(dt.date(YEAR, m, 1), (dt.date(YEAR + m // 12, m % 12 + 1, 1) - dt.timedelta(days=1))) for m in range(1, 13)]
TARGET = 900_000  # of study, in millionths
SEVERITY = {"严重": 2_000_000, "一般": 1_000_000, "轻微": 500_000}  # millionths
PENALTY = {"严重": 10, "一般": 5, "轻微": 2}
STREET = ["街道", "镇", "居委", "村"]
MUSTS = ["fixed_time", "agenda", "procedure", "detailed_record"]
#: Title, cents, and the share of the units that may have it.
GRADES = [(g["title"], g["at_least"] * 100, g.get("quota")) for g in _READ["grades"].values()]


def weights() -> list[tuple[int, str, int]]:
    """For each set of leaves that are there (a bit for each, the first is 1): the leaf and its part of 10 000
    hundredths, by largest remainder."""
    rows = []
    for present in range(1, 1 << len(LEAVES)):
        there = [name for bit, name in enumerate(LEAVES) if present >> bit & 1]
        whole = sum(_READ["dimensions"][name]["weight"] for name in there)
        parts = {name: divmod(10_000 * _READ["dimensions"][name]["weight"], whole) for name in there}
        left = 10_000 - sum(floor for floor, _ in parts.values())
        more = sorted(there, key=lambda name: (-parts[name][1], there.index(name)))[:left]
        rows += [(present, name, parts[name][0] + (name in more)) for name in there]
    return rows
