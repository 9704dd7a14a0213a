"""The results of every year: the log, what it says is in force, the publications and ledgers that follow from it."""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kaohe import clock
from kaohe.delivery.log import Log as DeliveryLog
from kaohe.doctor.finding import Finding, listed
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.proceedings import MOVES, Proceedings, damage, pointer_damage, proceedings
from kaohe.publication import pointed_at, published_years
from kaohe.warehouse import as_sentences
from kaohe.words import say

#: Two clocks of one office never agree to the second.
_TOLERANCE = dt.timedelta(minutes=5)


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
        if not found.log.acts and pointed_at(found.folder) is None:
            yield Finding(say("doctor_current_no_log", path=found.folder / "CURRENT"))
        if left := [name for name in found.expired if (found.folder / name).exists()]:
            yield Finding(say("doctor_leftovers", count=len(left), names=listed(left)), mend)


def _settle(home: Path, year: int) -> list[str]:
    with proceedings(home, year):
        return [say("doctor_current_mended", year=year)]


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
        if found.log.acts and now + _TOLERANCE < (last := dt.datetime.fromisoformat(found.log.acts[-1].at)):
            times = {"now": _minute(now), "last": _minute(last)}
            yield Finding(say("doctor_clock", year=found.year, **times))


def _minute(moment: dt.datetime) -> str:
    return moment.astimezone(clock.OFFICE_TIME).strftime("%Y-%m-%d %H:%M")
