"""The results of every year: the log, what it says is in force, the publications and ledgers that follow from it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from kaohe import clock
from kaohe.delivery.log import Log as DeliveryLog
from kaohe.doctor.finding import Finding, first_of
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.lifecycle.damage import damage, pointer_damage
from kaohe.lifecycle.proceedings import CLOCK_SLACK, MOVES, Proceedings, discard, proceedings
from kaohe.log_check import unheard_of
from kaohe.publication import MANIFEST, pointed_at, published_years
from kaohe.publication.manifest import read_manifest
from kaohe.warehouse import as_sentences
from kaohe.words import say


def logs(home: Path) -> Iterator[Finding]:
    """Every log follows from its first line to its last."""
    for year in published_years(home):
        folder = home / "published" / str(year)
        for read in (lambda year=year: Proceedings(home, year), lambda folder=folder: DeliveryLog.read(folder)):
            try:
                with as_sentences(folder):
                    read()
            except KaoheError as error:
                yield Finding(str(error))


def _years(home: Path) -> Iterator[Proceedings]:
    """The years whose log can be read."""
    for year in published_years(home):
        try:
            yield Proceedings(home, year)
        except KaoheError:
            continue


def in_force(home: Path) -> Iterator[Finding]:
    """CURRENT is what the log says, and what has expired is gone."""
    for found in _years(home):
        mend = partial(_settle, home, found.year)
        for sentence in pointer_damage(found):
            yield Finding(sentence, mend)
        current = pointed_at(found.folder)
        if not found.log.acts and not (current and current.is_dir()) and not _killed(found):
            yield Finding(say("doctor_current_no_log", path=found.folder / "CURRENT"))
        if left := [name for name in found.expired if (found.folder / name).exists()]:
            yield Finding(say("doctor_leftovers", count=len(left), names=first_of(left)), mend)


def _settle(home: Path, year: int) -> list[str]:
    path = home / "published" / str(year) / "CURRENT"
    there = set(path.parent.glob("CURRENT.*"))
    with proceedings(home, year):
        aside = set(path.parent.glob("CURRENT.*")) - there
        moved = [say("doctor_ledger_moved", path=path, aside=each.name) for each in aside]
        return moved or [say("doctor_current_mended", year=year)]


def never_in_force(home: Path) -> Iterator[Finding]:
    """Every publication came into force; one whose command was killed just before never will. What may have been in
    force all the same is told, and stays."""
    for found in _years(home):
        yield from (Finding(sentence) for sentence in unheard_of(home, found.year, found.log).values() if sentence)
        if names := [path.name for path in _killed(found)]:
            finding = say("doctor_never_in_force", year=found.year, count=len(names), names=first_of(names))
            yield Finding(finding, partial(_discard, home, found.year))


def _killed(found: Proceedings) -> list[Path]:
    """The publications whose command was killed before the line in the log. None if the log may have been longer."""
    with suppress(KaoheError, OSError):
        manifests = [read_manifest(path.parent) for path in found.folder.glob(f"[!.]*/{MANIFEST}")]
        unheard = unheard_of(found.home, found.year, found.log)
        if all(found.log.holds(each["log"]) for each in manifests if "log" in each) and not any(unheard.values()):
            return list(unheard)
    return []


def _discard(home: Path, year: int) -> list[str]:
    held = lock(home)
    try:
        names = [path.name for path in _killed(Proceedings(home, year, held))]
        for name in names:
            discard(home / "published" / str(year) / name)
    finally:
        held.release()
    return [say("doctor_leftovers_mended", count=len(names))]


def publications(home: Path) -> Iterator[Finding]:
    """Every publication is as it was published."""
    for found in _years(home):
        for name in sorted({act.publication for act in found.log.of(*MOVES)} - found.expired.keys()):
            if wrong := damage(found, name):
                values = {"year": found.year, "publication": name, "count": len(wrong)}
                yield Finding(say("doctor_publication", **values, problem=wrong[0]))


def ledgers(home: Path) -> Iterator[Finding]:
    """The ledgers say what the log says."""
    for found in _years(home):
        for path in found.changed_ledgers:
            yield Finding(say("doctor_ledger", path=path), partial(_write_ledgers, home, found.year))


def _write_ledgers(home: Path, year: int) -> list[str]:
    """Write the ledgers anew; what stands there and is not ours is moved aside."""
    held = lock(home)
    try:
        found = Proceedings(home, year, held)
        moved = []
        for path in found.changed_ledgers:
            if path.exists():
                aside = path.with_name(f"{path.name}.changed-{clock.now():%Y%m%d-%H%M%S}")
                path.rename(aside)
                moved.append(say("doctor_ledger_moved", path=path, aside=aside.name))
        found.settle()
    finally:
        held.release()
    return moved or [say("doctor_current_mended", year=year)]


def clocks(home: Path) -> Iterator[Finding]:
    """It is not earlier than when the last act was added."""
    now = clock.now()
    for found in _years(home):
        if found.log.acts and now + CLOCK_SLACK < (last := dt.datetime.fromisoformat(found.log.acts[-1].at)):
            times = {"now": _minute(now), "last": _minute(last)}
            yield Finding(say("doctor_clock", year=found.year, **times))


def _minute(moment: dt.datetime) -> str:
    return moment.astimezone(clock.OFFICE_TIME).strftime("%Y-%m-%d %H:%M")
