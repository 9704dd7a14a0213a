"""How long things stay: old provisional publications expire, and kept inputs that nobody needs any more go with them.

Of a year stay for ever: what was announced, reviewed or final, what is in force, what somebody went back from, and what
anything that stays was made from or compared with.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import ACTS, Act
from kaohe.lifecycle.proceedings import MOVES, Proceedings, look_up
from kaohe.project import sha256_of
from kaohe.publication import MANIFEST, published_years
from kaohe.publication.manifest import read_manifest
from kaohe.schedule import Keep
from kaohe.warehouse import Warehouse, as_sentences
from kaohe.words import listed, say

#: Where a manifest, or the details of an act, name a publication that they rest on.
_RESTS_ON = ("compared_with", "restated_from", "made_from", "instead_of")
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Expired:
    """What was removed, or would be. ``size``: in bytes, of publications and inputs together; ``act``: the one that
    removed publications, if there were any."""

    publications: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    size: int = 0
    act: Act | None = field(default=None, compare=False)


def expire(home: Path, year: int, keep: Keep, now: dt.datetime, dry_run: bool = False) -> Expired:
    """Remove the year's provisional publications that are older than ``keep`` says, and the kept inputs of the home
    that no publication left and nothing in the warehouse needs. With ``dry_run`` only say which.

    Raises ``KaoheError`` if nothing was published, a manifest cannot be read, or the warehouse cannot be opened.
    """
    look_up(home, year)
    with Warehouse(home) as warehouse, as_sentences(home):
        found = Proceedings(home, year, warehouse.held)
        if not dry_run:
            found.settle()
        _refuse_unknown(home)
        old = [found.folder / name for name in expiring(found, keep, now)]
        size = sum(map(_size, old))
        act = None
        if old and not dry_run:
            act = found.enact("expire", found.current.name, {"publications": [path.name for path in old]})
        needed = needed_inputs(home, without=old).keys() | loaded_inputs(warehouse).keys()
        unneeded = [path for path in kept_inputs(home) if path.name not in needed]
        size += sum(path.stat().st_size for path in unneeded)
        for path in [] if dry_run else unneeded:
            path.unlink()
    return Expired([path.name for path in old], [path.name for path in unneeded], size, act)


def expiring(found: Proceedings, keep: Keep, now: dt.datetime) -> list[str]:
    """The provisional publications that are too old, the oldest first. Their age counts from when they last came into
    force."""
    came = {act.publication: act for act in found.log.of("publish", "rollback")}
    provisional = {act.publication for act in found.log.of("publish") if act.details["state"] == "provisional"}
    there = [name for name in came if name in provisional and name not in found.expired]
    there.sort(key=lambda name: came[name].number)
    limit = now - dt.timedelta(days=keep.days)
    old = [name for name in there[: -keep.least] if dt.datetime.fromisoformat(came[name].at) < limit]
    stays = _stays(found, {found.folder / name for name in old})
    return [name for name in old if name not in stays]


def _stays(found: Proceedings, old: set[Path]) -> set[str]:
    """The publications that something else rests on: those in force or gone back from, and what acts, and those of any
    year that are not old, name."""
    named = {found.current.name, *(act.publication for act in found.log.acts if ACTS[act.act].keeps)}
    for act in found.log.acts:
        named |= {str(act.details[key]) for key in _RESTS_ON if key in act.details}
    for folder, manifest in manifests(found.home):
        if folder not in old:
            named |= {str(manifest[key]) for key in _RESTS_ON if key in manifest}
            named |= set(manifest.get("earlier_years", {}).values())
    return named


def manifests(home: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every publication of a home with its manifest. Raises ``KaoheError`` for one that cannot be read."""
    for path in sorted((home / "published").glob(f"[0-9]*/[!.]*/{MANIFEST}")):
        yield path.parent, read_manifest(path.parent)


def _refuse_unknown(home: Path) -> None:
    """Raises ``KaoheError`` if nobody knows what a publication needs that should be there: its manifest is gone."""
    for year in published_years(home):
        found = Proceedings(home, year)
        for act in found.log.of(*MOVES):
            path = found.folder / act.publication / MANIFEST
            if act.publication not in found.expired and not path.exists():
                raise KaoheError("manifest_unreadable", path=path)


def needed_inputs(home: Path, without: list[Path] | None = None) -> dict[str, str]:
    """What publications (``without`` some) were made from, scheme and contracts among it: SHA-256 → what the file was
    called. Raises ``KaoheError`` for a manifest that cannot be read."""
    found: dict[str, str] = {}
    for folder, manifest in manifests(home):
        if folder not in (without or []):
            found |= inputs_of(manifest) | method_of(manifest)
    return found


def inputs_of(manifest: dict[str, Any]) -> dict[str, str]:
    """The files whose records a publication rests on."""
    return {entry["sha256"]: entry["path"] for entry in manifest["inputs"]}


def method_of(manifest: dict[str, Any]) -> dict[str, str]:
    """The scheme and the contracts of a publication."""
    scheme = manifest["scheme"]
    return {scheme["sha256"]: scheme["file"], **{sha256: name for name, sha256 in manifest["contracts"].items()}}


def loaded_inputs(warehouse: Warehouse) -> dict[str, str]:
    """The files whose records are in the warehouse: SHA-256 → path."""
    return dict(warehouse.rows("select sha256, path from meta.file"))


def kept_inputs(home: Path) -> list[Path]:
    """The inputs that a home keeps, each under its SHA-256."""
    return sorted(path for path in (home / "warehouse" / "inputs").glob("*") if _SHA256.fullmatch(path.name))


def lost_inputs(home: Path, needed: dict[str, str]) -> dict[str, str]:
    """Those of ``needed`` (SHA-256 → name) whose bytes are not kept, or are not what they were."""
    kept = home / "warehouse" / "inputs"
    return {
        sha256: name
        for sha256, name in needed.items()
        if not (kept / sha256).is_file() or sha256_of(kept / sha256) != sha256
    }


def refuse_lost_inputs(home: Path, needed: dict[str, str]) -> None:
    """Raises ``KaoheError`` naming those of ``needed`` whose bytes are not kept as they were."""
    if lost := sorted(lost_inputs(home, needed).values()):
        names = listed(lost[:5]) + (say("and_more") if len(lost) > 5 else "")
        raise KaoheError("rebuild_input_gone", count=len(lost), files=names, folder=home / "warehouse" / "inputs")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
