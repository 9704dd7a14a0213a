"""What was done to a log is found, and said by its line."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kaohe.audit import line_faults
from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import NAME, Log

Lines = list[bytes]
ACTS = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """The lines of a log, of an earlier version without operators and of today's."""
    folder = tmp_path_factory.mktemp("log")
    log = Log.read(folder)
    for number in range(1, ACTS + 1):
        operator = None if number < 3 else "李四"
        log.add("correct", f"p{number}", {"on": "2024-05-07"}, "机关党委", "理由", "1号", operator)
    return (folder / NAME).read_bytes().splitlines(keepends=True)


def faults(lines: Lines, known: dict[int, str] | None = None) -> list[str]:
    return line_faults(b"".join(lines), known or {})


def test_a_whole_log_has_no_faults(whole: Lines) -> None:
    assert [b"operator" in line for line in whole] == [False] * 2 + [True] * 4
    for lines in range(ACTS + 1):  # that lines are missing at the end only others know
        assert faults(whole[:lines]) == []


FIELDS = (
    "number",
    "at",
    "office_time",
    "act",
    "by",
    "operator",
    "reason",
    "document",
    "publication",
    "details",
    "before",
)


def spoilt(line: bytes, name: str) -> bytes:
    """The line with another first letter or digit of a field."""
    start = line.index(f'"{name}": '.encode()) + len(name) + 4
    if name == "details":
        start = line.index(b"2024-05-07")
    elif line[start : start + 1] == b'"':
        start += 1
    byte = line[start]
    other = {True: b"9" if byte != ord("9") else b"8", False: b"f" if byte != ord("f") else b"e"}[chr(byte).isdigit()]
    return line[:start] + other + line[start + 1 :]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("place", [3, ACTS - 1])
def test_a_changed_byte_in_any_field_is_found_in_its_line(whole: Lines, place: int, name: str) -> None:
    lines = [*whole]
    lines[place - 1] = spoilt(lines[place - 1], name)
    assert lines != whole
    found = faults(lines)
    said = [int(line) for sentence in found for line in re.findall(r"第 (\d+) 行", sentence)]
    assert place in said
    # What a line says of the one before it can be wrong for either's sake; else nobody else is accused.
    assert set(said) <= ({place - 1, place} if name == "before" else {place})


@pytest.mark.parametrize("name", FIELDS)
def test_of_two_lines_that_do_not_fit_the_one_that_others_know_is_good(whole: Lines, name: str) -> None:
    lines = [*whole]
    lines[2] = spoilt(lines[2], name)
    known = {2: json.loads(whole[2])["before"]}
    assert {line for sentence in faults(lines, known) for line in re.findall(r"第 (\d+) 行", sentence)} == {"3"}


def without(*places: int) -> Callable[[Lines], Lines]:
    return lambda lines: [line for place, line in enumerate(lines, start=1) if place not in places]


def order(*places: int) -> Callable[[Lines], Lines]:
    return lambda lines: [lines[place - 1] for place in places]


def inserted(lines: Lines) -> Lines:
    """One more act after the third, which follows from it in every way."""
    third = json.loads(lines[2])
    forged = third | {"number": 4, "before": Log(Path(), []).head or json.loads(lines[3])["before"], "reason": "假"}
    return [*lines[:3], (json.dumps(forged, ensure_ascii=False) + "\n").encode(), *lines[3:]]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(without(1), ["日志缺第 1 条"], id="missing at the start"),
        pytest.param(without(3), ["日志缺第 3 条"], id="missing in the middle"),
        pytest.param(without(2, 5), ["日志缺第 2、5 条"], id="two missing"),
        pytest.param(order(1, 3, 2, 4, 5, 6), ["日志第 2 行是第 3 条"], id="two swapped"),
        pytest.param(order(2, 3, 4, 5, 6, 1), ["日志第 6 行是第 1 条"], id="the first at the end"),
        pytest.param(order(1, 2, 2, 3, 4, 5, 6), ["日志第 3 行与第 2 行相同"], id="repeated"),
        pytest.param(order(1, 2, 3, 4, 5, 6, 2), ["日志第 7 行与第 2 行相同"], id="repeated at the end"),
        pytest.param(inserted, ["日志第 4 行是插进来的：另有第 4 条"], id="put in"),
        pytest.param(lambda lines: [*lines[:2], b"\n", *lines[2:]], ["日志第 3 行被改过"], id="a blank line put in"),
        pytest.param(lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], ["日志第 1 行被改过"], id="a mark at the start"),
        pytest.param(lambda lines: [*lines[:2], b"[]\n", *lines[3:]], ["日志第 3 行被改过"], id="no act"),
        pytest.param(lambda lines: [*lines[:2], lines[2].replace(b", ", b",", 1), *lines[3:]], ["日志第 3 行被改过"], id="written otherwise"),
        pytest.param(lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], ["日志的换行被改成了 CRLF"], id="CRLF"),
        pytest.param(lambda lines: [line.replace(b"\n", b"\r\n") for line in without(3)(lines)],
                     ["日志的换行被改成了 CRLF", "日志缺第 3 条"], id="CRLF and missing"),
        pytest.param(lambda lines: [*lines[:-1], lines[-1].rstrip()], ["日志第 6 行少了末尾的换行"], id="no last line end"),
    ],
)  # fmt: skip
def test_what_was_done_to_the_lines_is_said(
    tmp_path: Path, whole: Lines, spoil: Callable[[Lines], Lines], said: list[str]
) -> None:
    found = faults(spoil(whole))
    assert len(found) == len(said), found
    for sentence, begin in zip(found, said, strict=True):
        assert sentence.startswith(begin)


def test_the_audit_finds_whatever_stops_the_other_commands(tmp_path: Path, whole: Lines) -> None:
    """Every log of these lines, with one taken out or put elsewhere: refused by all commands if and only if faulty."""
    for taken in range(ACTS):
        for put in range(ACTS + 1):
            lines = [*whole[:taken], *whole[taken + 1 :]]
            lines = lines if put == ACTS else [*lines[:put], whole[taken], *lines[put:]]
            (tmp_path / NAME).write_bytes(b"".join(lines))
            try:
                Log.read(tmp_path)
            except KaoheError:
                assert faults(lines)
            else:
                assert not faults(lines)


def test_a_line_cut_off_by_a_kill_is_no_fault(whole: Lines) -> None:
    assert faults([*whole, whole[-1][:50]]) == []
