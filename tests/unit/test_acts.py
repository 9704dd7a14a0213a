"""The log: lines that follow from one another, and nothing that was changed in them goes unseen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import NAME, Log


def log_of(folder: Path, acts: int = 4) -> Log:
    """A log with some acts."""
    log = Log.read(folder)
    for number in range(1, acts + 1):
        log.add("publish", f"p{number}", {"state": "provisional"}, by="机关党委", reason="理由", document="1号")
    return log


def test_what_was_added_is_read_again(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    again = Log.read(tmp_path)
    assert again.acts == log.acts
    assert again.head == log.head
    assert [act.number for act in again.acts] == [1, 2, 3, 4]
    assert [act.before for act in again.acts] == ["", *(act.sha256 for act in log.acts[:-1])]
    assert log.acts[0].at.endswith("+00:00")
    assert log.acts[0].office_time.endswith("+08:00")
    assert "机关党委" in (tmp_path / NAME).read_text("utf-8")


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        pytest.param(lambda lines: lines[1].replace("机关党委", "局党组"), 3, id="a word changed"),
        pytest.param(lambda lines: lines[1].replace('"number": 2', '"number": 5'), 2, id="a number changed"),
        pytest.param(lambda lines: lines[1].replace(", ", ",", 1), 2, id="written otherwise"),
        pytest.param(lambda lines: "", 2, id="a line taken out"),
        pytest.param(lambda lines: lines[1] + lines[1], 3, id="a line doubled"),
        pytest.param(lambda lines: "[]\n", 2, id="no act"),
        pytest.param(lambda lines: "不是 JSON\n", 2, id="no JSON"),
        pytest.param(lambda lines: lines[1].replace('"publish"', '"forget"'), 2, id="no such act"),
    ],
)
def test_a_changed_log_is_refused_by_its_first_bad_line(
    tmp_path: Path, spoil: Callable[[list[str]], str], line: int
) -> None:
    log_of(tmp_path)
    path = tmp_path / NAME
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[1] = spoil(lines)
    path.write_text("".join(lines), "utf-8")
    with pytest.raises(KaoheError) as caught:
        Log.read(tmp_path)
    assert caught.value.key == "log_broken"
    assert f"第 {line} 行" in str(caught.value)


@given(st.data())
def test_no_byte_of_the_log_can_be_changed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whoever knows the last line's hash finds any change; any but in the last line is found by the log itself."""
    folder = tmp_path_factory.mktemp("log")
    head = log_of(folder, acts=3).head
    path = folder / NAME
    before = path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != before[at]))
    path.write_bytes(before[:at] + bytes([byte]) + before[at + 1 :])
    try:
        assert Log.read(folder).head != head
    except KaoheError as error:
        assert error.key == "log_broken" or (error.key == "log_newer" and at >= before.rindex(b"\n", 0, -1))
    else:
        assert at >= before.rindex(b"\n", 0, -1)


def test_a_line_cut_off_while_it_was_written_was_never_an_act(tmp_path: Path) -> None:
    log_of(tmp_path, acts=2)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes() + b'{"number": 3, "at": "2024')
    log = Log.read(tmp_path)
    assert len(log.acts) == 2
    log.add("publish", "p3", {"state": "provisional"})
    assert [act.publication for act in Log.read(tmp_path).acts] == ["p1", "p2", "p3"]


def test_an_act_added_by_somebody_else_is_never_lost(tmp_path: Path) -> None:
    """The home's lock keeps two from writing at once; where it could not, the later one is refused."""
    stale = Log.read(tmp_path)
    log_of(tmp_path, acts=2)
    with pytest.raises(KaoheError) as caught:
        stale.add("publish", "stale", {})
    assert caught.value.key == "log_went_on"
    assert [act.publication for act in Log.read(tmp_path).acts] == ["p1", "p2"]


def test_an_anchor_says_how_far_the_log_had_come(tmp_path: Path) -> None:
    empty = Log.read(tmp_path).anchor
    log = log_of(tmp_path, acts=2)
    two = log.anchor
    log.add("publish", "p3", {})
    assert log.holds(empty)
    assert log.holds(two)
    assert not log.holds(two | {"sha256": "0" * 64})
    assert not log.holds({"number": 9, "sha256": log.head})
    assert json.loads((tmp_path / NAME).read_text("utf-8").splitlines()[1])["publication"] == "p2"
