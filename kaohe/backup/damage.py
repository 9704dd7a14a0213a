"""What is wrong with a home that is to be backed up, and what older backups have that it lacks."""

from collections.abc import Iterator
from pathlib import Path

from kaohe.backup.contents import Label
from kaohe.errors import KaoheError
from kaohe.freshness import CONFIRMED
from kaohe.lifecycle.acts import Log
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.proceedings import decided
from kaohe.people import wrong_key
from kaohe.project import sha256_of
from kaohe.publication import MANIFEST, pointed_at, published_years
from kaohe.publication.manifest import read_manifest
from kaohe.retention import inputs_of, kept_inputs, manifests, method_of, refuse_lost_inputs
from kaohe.words import say

_KEY = "secret.key"


def damage_of(home: Path) -> list[str]:
    """What of a home's results and inputs is not as its logs and publications say, in sentences."""
    years = published_years(home)
    wrong = [sentence for year in years for sentence in _of_year(home, year)]
    if not years and kept_inputs(home):
        wrong.append(say("backup_no_results", home=home))
    return [*wrong, *_of_inputs(home)]


def key_damage(home: Path) -> list[str]:
    """Whether the key that people were hashed with is gone or another one, in a sentence."""
    return [str(wrong)] if (wrong := wrong_key(home)) else []


def _of_year(home: Path, year: int) -> list[str]:
    folder = home / "published" / str(year)
    try:
        if decided(home, year):
            return verify(home, year)
        return [say("doctor_current_no_log", path=folder / "CURRENT")] if _was_in_force(folder) else []
    except KaoheError as error:
        return [str(error)]


def _was_in_force(folder: Path) -> bool:
    """What is left of a year tells that it had acts; one whose first run was killed just before its act had none."""
    said = (read_manifest(path.parent) for path in folder.glob(f"[!.]*/{MANIFEST}"))
    first = ({"number": 0, "sha256": ""}, "provisional")
    return (folder / CONFIRMED).exists() or any((each.get("log"), each.get("state")) != first for each in said)


def _of_inputs(home: Path) -> list[str]:
    """Whether inputs that publications rest on are lost. The first version of the program kept neither scheme nor
    contracts."""
    needed: dict[str, str] = {}
    try:
        for folder, manifest in manifests(home):
            try:
                needed |= inputs_of(manifest) | (method_of(manifest) if "log" in manifest else {})
            except KeyError as error:
                raise KaoheError("manifest_unreadable", path=folder / MANIFEST) from error
        refuse_lost_inputs(home, needed)
    except KaoheError as error:
        return [str(error)]
    return []


def lacking(home: Path, older: Label) -> list[str]:
    """What an older backup has and the home has not, or not any more: the key, the results of a year, acts."""
    return [*_lacking_key(home, older), *_lacking_acts(home, older)]


def _lacking_key(home: Path, older: Label) -> Iterator[str]:
    there = sha256_of(home / _KEY) if (home / _KEY).is_file() else None
    if any(entry.path == _KEY and entry.sha256 != there for entry in older.files):
        yield say("backup_has_key")


def _lacking_acts(home: Path, older: Label) -> Iterator[str]:
    """A log goes on from an older one if it still has the last line of that."""
    files = {entry.path for entry in older.files}
    for year, standing in older.years.items():
        folder = home / "published" / str(year)
        if pointed_at(folder) is None and (standing or f"published/{year}/CURRENT" in files):
            yield say("backup_has_year", year=year)
        elif standing and not _holds(folder, {"number": standing.acts, "sha256": standing.sha256}):
            yield say("backup_has_acts", year=year, number=standing.acts)


def _holds(folder: Path, anchor: dict[str, int | str]) -> bool:
    try:
        return Log.read(folder).holds(anchor)
    except KaoheError:
        return False
