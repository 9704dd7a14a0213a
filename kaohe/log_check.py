"""Whether a year's log is whole: which of its lines was changed, is missing, was moved or added; and whether what was
published, delivered and entered in ledgers is as the log says.

A log cannot know of lines cut off its end. What else knows of them is asked: the manifest of every publication says how
far the log had come, CURRENT and the deliveries name acts, the journal names what runs found in force, the ledgers hold
what was ordered. Whoever noted the SHA-256 of a line outside can tell for certain.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from kaohe.delivery.log import NAME as DELIVERIES
from kaohe.delivery.log import Log as Deliveries
from kaohe.errors import KaoheError
from kaohe.freshness import CONFIRMED, confirmed_publication
from kaohe.journal import confirmed
from kaohe.lifecycle.acts import NAME, Act, Log, act_in
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.missing import log_cut, missing_act
from kaohe.lifecycle.proceedings import CLOCK_SLACK
from kaohe.publication import MANIFEST, nothing_published, pointed_at, published_years
from kaohe.publication.manifest import read_manifest
from kaohe.publication.wording import state_of
from kaohe.words import listed, say


@dataclass
class Audit:
    """What became of a year's log. ``wrong``, and ``remarks`` that make nothing wrong: in sentences; ``noted``: the
    place of the line that was noted outside."""

    year: int
    wrong: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    lines: int = 0
    head: str = ""
    noted: int | None = None


def years(home: Path) -> list[int]:
    """The years of which anything was published. Raises ``KaoheError`` if there are none."""
    found = published_years(home)
    if not found:
        raise nothing_published(home)
    return found


def audit(home: Path, year: int, noted: str = "") -> Audit:
    """Look through the log of a year; ``noted``: the SHA-256 of what once was its last line.

    Raises ``KaoheError`` if nothing of the year was published.
    """
    folder = home / "published" / str(year)
    if year not in published_years(home):
        raise nothing_published(home, year)
    found, anchors = Audit(year), _anchors(folder)
    found.wrong += line_faults(_bytes(folder / NAME), _known(anchors))
    if not found.wrong:
        log = Log.read(folder)
        found.lines, found.head = len(log.acts), log.head
        found.remarks += _gone_back(log)
        found.wrong += list(_beyond(home, year, log, anchors))
        if not found.wrong and (log.acts or pointed_at(folder)):
            found.wrong += verify(home, year)
        found.noted = next((act.number for act in log.acts if act.sha256 == noted), None)
        if noted and found.noted is None:
            found.wrong.append(say("audit_head_unknown", path=folder / NAME, sha256=noted))
    return found


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


# ---- what else knows of the log


def _anchors(folder: Path) -> dict[str, dict[str, Any]]:
    """How far the log had come when each publication was made, by its manifest."""
    found = {}
    for path in sorted(folder.glob(f"[!.]*/{MANIFEST}")):
        with suppress(KaoheError):  # that the file was changed is said by itself
            anchor = read_manifest(path.parent).get("log")
            if anchor and anchor["number"]:
                found[path.parent.name] = anchor
    return found


def _known(anchors: dict[str, dict[str, Any]]) -> dict[int, str]:
    return {anchor["number"]: anchor["sha256"] for anchor in anchors.values()}


def _beyond(home: Path, year: int, log: Log, anchors: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What is not in a log whose lines follow from one another, though something else knows of it."""
    folder = log.path.parent
    current = pointed_at(folder)
    if not log.path.exists() and (anchors or (current and _knows_of_a_log(current))):
        yield say("audit_gone", path=log.path)
        return
    cut = {publication: anchor["number"] for publication, anchor in anchors.items() if not log.holds(anchor)}
    for publication, number in cut.items():
        yield say("audit_cut", path=log.path, lines=len(log.acts), publication=publication, number=number)
    if (
        log.acts
        and current
        and (current / MANIFEST).exists()
        and not any(act.publication == current.name for act in log.acts)
    ):
        yield str(log_cut(log, current))
    delivered = [entry for entry in Deliveries.read(folder).last.values() if entry.number]
    delivered = [entry for entry in delivered if not _made(log, entry.number, entry.publication)]
    for entry in delivered:
        yield say("audit_delivered", path=log.path, number=entry.number, publication=entry.publication)
    if not cut and not delivered:  # what was cut off may well have made these
        try:
            yield from filter(None, unheard_of(home, year, log).values())
        except KaoheError as error:
            yield str(error)


def _knows_of_a_log(publication: Path) -> bool:
    """The first version of the program kept none."""
    try:
        return "log" in read_manifest(publication)
    except (OSError, KaoheError):
        return True


def _gone_back(log: Log) -> Iterator[str]:
    """The acts that are earlier than the one before them, by more than a time server sets a clock back."""
    for before, act in pairwise(log.acts):
        with suppress(ValueError, TypeError):  # no time as the program writes one: its line is as it was, all the same
            first, then = (dt.datetime.fromisoformat(each.office_time) for each in (before, act))
            if then < first - CLOCK_SLACK:
                times = {"before": f"{first:%Y-%m-%d %H:%M}", "at": f"{then:%Y-%m-%d %H:%M}"}
                yield say("audit_clock", number=act.number, earlier=before.number, **times)


def _made(log: Log, number: int, publication: str) -> bool:
    return number <= len(log.acts) and log.acts[number - 1].publication == publication


def unheard_of(home: Path, year: int, log: Log) -> dict[Path, str]:
    """The publications that neither an act nor CURRENT names, by a program that kept a log. Each with a sentence if it
    was in force all the same, as something else says, or may have been: somebody decided on it, or a run after the
    public notice did; without one if its command was killed before the line.

    Raises ``KaoheError`` if the manifest of one, or the log of deliveries, cannot be read.
    """
    folder = log.path.parent
    known = {act.publication for act in log.acts} | {getattr(pointed_at(folder), "name", None)}
    paths = [path.parent for path in sorted(folder.glob(f"[!.]*/{MANIFEST}")) if path.parent.name not in known]
    manifests = {path: manifest for path in paths if "log" in (manifest := read_manifest(path))}
    named = _named(home, year) if manifests else {}
    found = dict.fromkeys(manifests, "")
    for path, manifest in manifests.items():
        if path.name in named or manifest["state"] != "provisional":
            by = named.get(path.name)
            shown = say("unheard_named", path=by) if by else say("unheard_decided")
            found[path] = say(
                "audit_unheard", path=log.path, publication=path.name, state=state_of(manifest), shown=shown,
                act=missing_act(manifest),
            )  # fmt: skip
    return found


def _named(home: Path, year: int) -> dict[str, Path]:
    """The publications that were in force, each with the file beside the log that says so."""
    folder = home / "published" / str(year)
    delivered = {entry.publication: folder / DELIVERIES for entry in Deliveries.read(folder).last.values()}
    last = confirmed_publication(folder)
    return delivered | confirmed(home, year) | ({last: folder / CONFIRMED} if last else {})


# ---- the lines


@dataclass
class _Line:
    place: int
    act: Act
    number: int


def line_faults(data: bytes, known: dict[int, str]) -> list[str]:
    """What is wrong with the lines of a log, in sentences. ``known``: SHA-256 of lines by number, as others have it."""
    if b"\r\n" in data and data.count(b"\r\n") == data.count(b"\n"):
        return [say("audit_crlf"), *line_faults(data.replace(b"\r\n", b"\n"), known)]
    *whole, rest = data.split(b"\n")
    wrong = [say("audit_line_end", line=len(whole) + 1)] if act_in(rest + b"\n") else []
    lines, broken, repeated = _parsed(whole)
    wrong += [say("audit_broken", line=place) for place in broken]
    wrong += [say("audit_repeated", line=place, first=first) for place, first in repeated.items()]
    misnumbered = _renumber(lines)
    wrong += [say("audit_changed", line=place) for place in misnumbered]
    lines, added = _told_apart(lines, known)
    wrong += [say("audit_added", line=line.place, number=line.number) for line in added]
    wrong += [say("audit_moved", line=line.place, number=line.number) for line in _moved(lines)]
    if missing := _missing(lines, broken):
        wrong.append(say("audit_missing", numbers=listed(map(str, missing))))
    wrong += [say("audit_changed", line=line.place) for line in _changed(lines, known) if line.place not in misnumbered]
    return wrong


def _parsed(whole: list[bytes]) -> tuple[list[_Line], list[int], dict[int, int]]:
    """The acts; the places of lines that are none; and the places of lines that stood before, with that place."""
    lines, broken = [], []
    repeated: dict[int, int] = {}
    seen: dict[bytes, int] = {}
    for place, text in enumerate(whole, start=1):
        act = act_in(text + b"\n")
        if text in seen:
            repeated[place] = seen[text]
        elif act is None:
            broken.append(place)
        else:
            lines.append(_Line(place, act, act.number))
        seen.setdefault(text, place)
    return lines, broken, repeated


def _renumber(lines: list[_Line]) -> list[int]:
    """Give lines that follow from the one before its next number; gives the places of those that had another."""
    places, number, before = [], 0, ""
    for line in lines:
        if line.act.before == before and line.number != number + 1:
            line.number = number + 1
            places.append(line.place)
        number, before = line.number, line.act.sha256
    return places


def _told_apart(lines: list[_Line], known: dict[int, str]) -> tuple[list[_Line], list[_Line]]:
    """Of several lines with a number the one that the next line or somebody else knows, and all others."""
    said = {(line.number - 1, line.act.before) for line in lines} | set(known.items())
    chosen: dict[int, _Line] = {}
    for line in lines:
        other = chosen.get(line.number)
        if other is None or ((line.number, line.act.sha256) in said and (other.number, other.act.sha256) not in said):
            chosen[line.number] = line
    return [line for line in lines if chosen[line.number] is line], [
        line for line in lines if chosen[line.number] is not line
    ]


def _moved(lines: list[_Line]) -> list[_Line]:
    """The fewest lines without which the others stand in their order."""
    ends: list[int] = []
    lengths = []
    for line in lines:
        at = bisect_left(ends, line.number)
        ends[at : at + 1] = [line.number]
        lengths.append(at + 1)
    wanted, moved = len(ends), []
    for line, length in zip(reversed(lines), reversed(lengths), strict=True):
        if length == wanted:
            wanted -= 1
        else:
            moved.append(line)
    return moved[::-1]


def _missing(lines: list[_Line], broken: list[int]) -> list[int]:
    """The numbers between that no line has; a line that cannot be read stands for the number that would be its."""
    numbers = {line.number for line in lines}
    unread: set[int] = set()
    for place in broken:
        before = [line.number for line in lines if line.place < place]
        number = max(before, default=0) + 1
        while number in numbers | unread:
            number += 1
        unread.add(number)
    return [number for number in range(1, max(numbers, default=0)) if number not in numbers | unread]


def _changed(lines: list[_Line], known: dict[int, str]) -> list[_Line]:
    """The lines that are not as the one after them says; the one after, if others know the first as it is."""
    by_number = {line.number: line for line in lines}
    changed = {}
    if (first := by_number.get(1)) and first.act.before:
        changed[1] = first
    for number, line in sorted(by_number.items()):
        after = by_number.get(number + 1)
        if after and after.act.before != line.act.sha256:
            guilty = after if known.get(number) == line.act.sha256 else line
            changed[guilty.number] = guilty
    return [changed[number] for number in sorted(changed)]
