"""Comparing: each cause is charged with what it did, and together they are the whole change to the cent."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from kaohe import comparing
from kaohe.comparing import Comparison
from kaohe.comparing.again import Again
from kaohe.comparing.plain import plain
from kaohe.comparing.steps import THINGS
from kaohe.comparing.tables import tables, write_workbook
from kaohe.lifecycle import steps as lifecycle
from kaohe.people import MASK
from kaohe.project import Project
from kaohe.words import use_language
from tests.helpers import CHECK, YEAR, Result, assess, check, in_process, project_copy, registry, write_csv
from tests.ledgers import ledger
from tests.office import BY, Office, refused

D = Decimal
UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("J03", "规划处", "机关处室")
HONORS = "sql/measures/honors.sql"
SCHEME = """\
id: t
title: 试用办法
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {digits: 2, mode: half_up}
dimensions:
  theory:
    title: 立根铸魂
    weight: TOPIC
    children:
      topic:
        title: 第一议题
        weight: TOPIC
        measure: first_topic_months
        rule: share
        basis: {rule: r, article: a, basis_type: default}
  foundation:
    title: 强基固本
    weight: CHECK
    children:
      check:
        title: 抽查
        weight: CHECK
        measure: spot_check
        rule: share
        params: {round: 1, must: 25, penalty: {严重: 10, 一般: 5, 轻微: 2}}
        basis: {rule: r, article: a, basis_type: default}
bonus:
  cap: 5
  indicators:
    honors:
      title: 荣誉
      measure: honors
      rule: per_item
      params: {points: {局: 1, 区: 2, 市: 2, 国家: 3}, title: {模范机关: 1}}
      basis: {rule: r, article: a, basis_type: default}
deductions: {cap: 10}
grades:
  excellent: {title: 优秀, at_least: 90, quota: 0.34}
  good: {title: 良好, at_least: 80}
  unqualified: {title: 不合格, at_least: 0}
lifecycle: {notice_days: 5, appeal_days: 5}
"""
#: The months of each unit's first topics; J01's of September did not come first, until its ledger is mended.
TOPICS = {"J01": range(1, 10), "J02": range(1, 11), "J03": range(1, 6)}
OCTOBER, NOVEMBER = dt.date(2023, 10, 31), dt.date(2023, 11, 30)


@dataclass(frozen=True)
class World:
    """All that the scores of the tests' three units depend on, and what they come to, worked out by hand."""

    honor: int = 1  # what the program makes of an honour
    topic: int = 60  # the scheme's weight of the first topics; the check has the rest of 100
    corrected: bool = False  # J02's check has its detailed record after all
    as_of: dt.date = OCTOBER
    mended: bool = False  # J01's topic of September came first after all

    def total(self, unit: str) -> Decimal:
        due = self.as_of.month
        done = len(TOPICS[unit]) - (unit == "J01" and not self.mended)
        musts = {"J01": 3, "J02": 3 if self.corrected else 2, "J03": 4}[unit]
        parts = D(self.topic) * done / due, D(100 - self.topic) * musts / 4
        cents = (part.quantize(D("0.01"), ROUND_HALF_UP) for part in parts)
        return sum(cents, D(0)) + (self.honor if unit == "J01" else 0)


CHANGES: dict[str, dict[str, Any]] = {
    "code": {"honor": 2},
    "scheme": {"topic": 50},
    "corrections": {"corrected": True},
    "as_of": {"as_of": NOVEMBER},
    "data": {"mended": True},
}


def hand_in(office: Office, mended: bool = False, **checks: list[object]) -> None:
    """The units' ledgers; ``checks``: inspections in place of, or beside, what there is."""
    write_csv(office.inbox / "名册.csv", registry(*UNITS))
    ledger(office.inbox, "first_topic", *(
        {"topic_id": f"{unit}-{month}", "unit_id": unit, "held_on": f"2023-{month:02}-05",
         "is_first_item": mended or (unit, month) != ("J01", 9), "topic": "内容", "meeting": "会"}
        for unit, months in TOPICS.items() for month in months
    ))  # fmt: skip
    rows = {"C1": check("C1", "办公室", flags="1110"), "C2": check("C2", "法规处", flags="1100"),
            "C3": check("C3", "规划处")} | checks  # fmt: skip
    write_csv(office.inbox / "抽查.csv", [CHECK, *(row for row in rows.values() if row)])
    honor = {"honor_id": "H1", "unit_id": "J01", "title": "先进", "level": "局", "granted_on": "2023-05-05"}
    ledger(office.inbox, "honor", honor)


def scheme(folder: Path, topic: int = 60, **replaced: str) -> Path:
    """A scheme file."""
    text = SCHEME.replace("TOPIC", str(topic)).replace("CHECK", str(100 - topic))
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"scheme-{topic}.yml"
    path.write_text(text, encoding="utf-8")
    return path


def with_honor(project: Project, honor: int) -> None:
    """The program in which an honour counts so many times."""
    path = project.root / HONORS
    text = path.read_text(encoding="utf-8")
    before = "max(coalesce(titled.number, levelled.number))"
    path.write_text(text.replace(before, f"{honor} * {before}"), encoding="utf-8")


def publish(office: Office, world: World) -> Result:
    """Make the world so and publish; the program is whatever KAOHE_PROJECT names."""
    hand_in(office, world.mended)
    if world.corrected and not office.state.corrections:
        office.correct(key="C2")
    result = assess(office.inbox, office.home, as_of=world.as_of, scheme=scheme(office.inbox.parent, world.topic))
    for unit in TOPICS:
        assert result.score(unit)["total"] == world.total(unit), "what was worked out by hand"
    return result


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Iterator[Office]:
    """An office with one publication."""
    office = Office(tmp_path_factory.mktemp("compare"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAOHE_PROJECT", str(project_copy(office.inbox.parent / "project").root))
        publish(office, World())
    yield office


@pytest.fixture
def ours(before: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A copy of that office, with a project of its own that the test may change."""
    shutil.copytree(before.inbox.parent, tmp_path / "office")
    monkeypatch.setenv("KAOHE_PROJECT", str(tmp_path / "office" / "project"))
    return Office(tmp_path / "office")


def charged(found: Comparison) -> dict[str, dict[str, Decimal]]:
    """Unit → cause → points, without what came to nothing."""
    units = {unit.unit_id: {cause: number for cause, number in unit.causes.items() if number} for unit in found.units}
    return {unit: causes for unit, causes in units.items() if causes}


def adds_up(found: Comparison, a: Result, b: Result) -> None:
    """Causes make the whole change of every unit, and of every indicator, and the indicators that of the unit."""
    changed = {unit.unit_id: unit for unit in found.units}
    for unit in sorted({*a.table("scores")["unit_id"], *b.table("scores")["unit_id"]}):
        before, after = (_scores(result, unit) for result in (a, b))
        change = after["total"] - before["total"]
        if unit not in changed:
            assert all(before[thing] == after[thing] for thing in THINGS)
            continue
        told = changed[unit]
        assert told.change == change == sum(told.causes.values())
        assert sum((each.change for each in told.indicators), D(0)) == change
        for each in told.indicators:
            assert each.change == sum(each.causes.values()) == (each.after or 0) - (each.before or 0)
        for cause in found.causes:
            assert told.causes[cause] == sum((each.causes[cause] for each in told.indicators), D(0))


def _scores(result: Result, unit: str) -> dict[str, Any]:
    rows = result.table("scores").filter(result.table("scores")["unit_id"] == unit).to_dicts()
    return rows[0] if rows else {"total": D(0)}


@pytest.mark.parametrize(
    "cause", [pytest.param(cause, marks=[] if cause in ("code", "data") else pytest.mark.long) for cause in CHANGES]
)
def test_one_cause_alone_is_charged_with_everything_and_nothing_is_made_again(
    ours: Office, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, world = ours.published(), World(**CHANGES[cause])
    if cause == "code":
        with_honor(Project.find(), 2)
    b = publish(ours, world)
    monkeypatch.setattr(Again, "scores", None)
    found = comparing.compare(ours.home, a.folder.name, "current")
    assert found.causes == [cause]
    expected = {unit: world.total(unit) - World().total(unit) for unit in TOPICS}
    assert charged(found) == {unit: {cause: number} for unit, number in expected.items() if number}
    adds_up(found, a, b)


@pytest.mark.parametrize(
    "causes",
    [
        pytest.param(("code", "data"), marks=pytest.mark.long),
        ("code", "scheme", "corrections", "as_of", "data"),
    ],
)
def test_several_causes_are_told_apart(ours: Office, causes: tuple[str, ...]) -> None:
    """Each is charged with what it does to the world as the ones before it left it."""
    a, worlds = ours.published(), [World()]
    for cause in causes:
        worlds.append(replace(worlds[-1], **CHANGES[cause]))
    if "code" in causes:
        with_honor(Project.find(), 2)
    b = publish(ours, worlds[-1])
    untouched = _bytes_of(ours.home)
    found = comparing.compare(ours.home, a.folder.name, b.folder.name)
    assert found.causes == list(causes)
    expected: dict[str, dict[str, Decimal]] = {}
    for cause, one, other in zip(causes, worlds, worlds[1:], strict=False):
        for unit in TOPICS:
            if number := other.total(unit) - one.total(unit):
                expected.setdefault(unit, {})[cause] = number
    assert charged(found) == expected
    adds_up(found, a, b)
    assert _bytes_of(ours.home) == untouched
    records = {step.cause: [record.key for record in step.records] for step in found.steps}
    assert records.get("data", ["J01-9"]) == ["J01-9"]
    assert not records.get("code"), "people are hashed with the home's key, so inspectors stay who they were"


def _bytes_of(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_both_ends_are_made_again_if_neither_is_of_todays_program(ours: Office) -> None:
    """What today's program makes otherwise of both is the program's, at the beginning and at the end."""
    a = ours.published()
    with_honor(Project.find(), 2)
    b = publish(ours, World(honor=2, topic=50, mended=True))
    with_honor(Project.find(), 2)  # four times, today
    found = comparing.compare(ours.home, a.folder.name, b.folder.name)
    assert [step.cause for step in found.steps] == ["code", "scheme", "data", "code"]
    assert [step.change("J01", "honors") for step in found.steps] == [3, 0, 0, -2]
    assert charged(found)["J01"]["code"] == 1
    adds_up(found, a, b)


def test_schemes_are_tried_on_the_data_in_force(ours: Office) -> None:
    other, third = scheme(ours.inbox.parent, 50), scheme(ours.inbox.parent, 25)
    found = comparing.compare(ours.home, "current", str(other))
    assert charged(found) == {unit: {"scheme": World(topic=50).total(unit) - World().total(unit)} for unit in TOPICS}
    assert [(each.place, each.before, each.after) for each in found.scheme or []] == [
        ("theory.weight", 60, 50), ("theory.topic.weight", 60, 50),
        ("foundation.weight", 40, 50), ("foundation.check.weight", 40, 50),
    ]  # fmt: skip
    assert [each.place for each in found.concerned["topic"]] == ["theory.weight", "theory.topic.weight"]
    assert found.concerned["honors"] == []
    both = comparing.compare(ours.home, str(other), str(third))
    assert charged(both) == {
        unit: {"scheme": World(topic=25).total(unit) - World(topic=50).total(unit)} for unit in TOPICS
    }
    same = comparing.compare(ours.home, "current", str(scheme(ours.inbox.parent)))
    assert (same.steps, same.units) == ([], [])


def test_the_records_behind_a_change(ours: Office) -> None:
    """A changed cell is the same record even if its row moved; a new one and one set aside are told too."""
    a = ours.published()
    hand_in(ours, C0=check("C0", "规划处", flags="0000"), C1=check("C1", "办公室", flags="1111", inspector="李某"),
            C2=check("C2", "没有的处"))  # fmt: skip
    rows = (ours.inbox / "抽查.csv").read_text("utf-8-sig").splitlines()
    write_csv(ours.inbox / "抽查.csv", [line.split(",") for line in [rows[0], rows[-1], *rows[1:-1]]])
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    found = comparing.compare(ours.home, a.folder.name, "current")
    (step,) = found.steps
    told = {record.key: record for record in step.records}
    assert set(told) == {"C0", "C1", "C2"}, "C3 only moved"
    assert [(cell.heading, cell.before, cell.after) for cell in told["C1"].cells] == [
        ("检查人", MASK, MASK), ("详实记录", "false", "true")
    ]  # fmt: skip
    assert (str(told["C1"].before), str(told["C1"].after)) == ("抽查.csv · 第 2 行", "抽查.csv · 第 3 行")
    assert (told["C0"].before, str(told["C0"].after)) == (None, "抽查.csv · 第 2 行")
    assert (told["C2"].after, told["C2"].set_aside) == (None, "unknown_unit")
    assert told["C0"].set_aside is None, "its place is another record's no more than its reason"
    items = {(item.unit_id, item.item): item for item in step.items}
    assert items["J01", "C1"].done == (75, 100)
    assert items["J01", "C1"].lost == (10, 0)
    assert items["J01", "C1"].records == (told["C1"],)
    assert items["J03", "C0"].done == (None, 0)
    assert items["J02", "C2"].due == (100, None)
    assert items["J02", "C2"].records == (told["C2"],)
    assert {(file.path, file.kind) for file in found.files} == {("抽查.csv", "changed")}
    assert not any(name in json.dumps(plain(found), ensure_ascii=False, default=str) for name in ("王某", "李某"))


def test_a_record_that_was_set_aside_says_why(ours: Office) -> None:
    a = ours.published()
    hand_in(ours, C2=check("C2", "没有的处"))
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    for one, other, at in ((a.folder.name, "current", 0), ("current", a.folder.name, 1)):
        (record,) = comparing.compare(ours.home, one, other).steps[0].records
        assert record.set_aside == "unknown_unit"
        assert [record.before is None, record.after is None] == [at == 1, at == 0]


def test_what_is_due_from_the_registry_names_the_registry(ours: Office) -> None:
    """No record of J01's first topics changed; that it was founded in March is in the registry."""
    a = ours.published()
    rows = registry(*UNITS)
    rows[1][-1] = "2023-03-01"
    write_csv(ours.inbox / "名册.csv", rows)
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    (step,) = comparing.compare(ours.home, a.folder.name, "current").steps
    items = {item.item: item for item in step.items}
    assert set(items) == {"2023-01", "2023-02"}
    assert [record.table for record in items["2023-01"].records] == ["org_unit"]


def test_a_unit_that_moved_only_because_others_did_is_told_so(ours: Office) -> None:
    """J01 goes from 79 to 85 and passes J02, whose own points stay as they were."""
    a = ours.published()
    publish(ours, World(mended=True))
    found = comparing.compare(ours.home, a.folder.name, "current")
    units = {unit.unit_id: unit for unit in found.units}
    assert set(units) == {"J01", "J02"}
    (moved,) = units["J02"].moves
    assert (moved.cause, moved.rank, moved.by_others) == ("data", ("1", "2"), True)
    assert units["J02"].by_others
    assert units["J02"].change == 0
    assert not units["J01"].by_others
    (own,) = units["J01"].moves
    assert (own.rank, own.grade, own.by_others) == (("2", "1"), ("不合格", "良好"), False)


def test_a_grade_that_the_schemes_bounds_changed_is_no_matter_of_others(ours: Office) -> None:
    stricter = scheme(ours.inbox.parent, at_least="at_least").rename(ours.inbox.parent / "stricter.yml")
    text = stricter.read_text(encoding="utf-8")
    stricter.write_text(text.replace("title: 良好, at_least: 80", "title: 良好, at_least: 85"), encoding="utf-8")
    found = comparing.compare(ours.home, "current", str(stricter))
    (unit,) = found.units
    assert (unit.unit_id, unit.moves[0].grade, unit.by_others) == ("J02", ("良好", "不合格"), False)
    assert [each.place for each in found.scheme or []] == ["grades.good.at_least"]


def test_a_unit_that_is_new_or_gone_is_charged_whole(ours: Office) -> None:
    a = ours.published()
    write_csv(ours.inbox / "名册.csv", registry(*UNITS[1:], ("J04", "新设处", "机关处室")))
    b = assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    found = comparing.compare(ours.home, a.folder.name, "current")
    units = {unit.unit_id: unit for unit in found.units}
    assert (units["J01"].after, units["J01"].change) == (None, -World().total("J01"))
    assert (units["J04"].before, units["J04"].change) == (None, 0)
    adds_up(found, a, b)
    assert any("只在 A 中" in row for row in tables(found)[1].rows)


def test_a_file_of_corrections_in_the_inbox_is_corrections_and_a_withdrawn_one_is_told(ours: Office) -> None:
    a = ours.published()
    heading = ["更正台账", "更正记录编号", "更正栏目", "更正前", "更正后", "更正理由", "依据文件", "批准机构"]
    row = ["组织生活记录抽查", "C2", "详实记录", "否", "是", "补交", "文1号", "局党组"]
    write_csv(ours.inbox / "更正.csv", [heading, row])
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    found = comparing.compare(ours.home, a.folder.name, "current")
    assert charged(found) == {"J02": {"corrections": D(10)}}
    for one, other, withdrawn in ((a.folder.name, "current", False), ("current", a.folder.name, True)):
        (step,) = comparing.compare(ours.home, one, other).steps
        (told,) = step.corrected
        assert (told.key, told.heading, told.before, told.after, told.document) == (
            "C2",
            "详实记录",
            "否",
            "是",
            "文1号",
        )
        assert told.withdrawn is withdrawn


@pytest.mark.long
def test_a_correction_of_a_record_that_came_later_goes_after_the_data(ours: Office) -> None:
    """B's corrections cannot be carried out on A's records: then the data are exchanged first."""
    a = ours.published()
    hand_in(ours, mended=True, C9=check("C9", "规划处", flags="1110"))
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    ours.correct(key="C9")
    b = assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    found = comparing.compare(ours.home, a.folder.name, b.folder.name)
    assert found.causes == ["data", "corrections"]
    assert charged(found) == {"J01": {"data": D(6)}, "J03": {"data": D(-5), "corrections": D(5)}}
    adds_up(found, a, b)


@pytest.mark.long
def test_corrections_and_data_that_go_only_together_are_charged_together(ours: Office) -> None:
    """A corrects a record that B does not have, and B one that A does not have."""
    ours.correct(key="C2")
    a = assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    ours.withdraw(ours.state.corrections[0].number)
    hand_in(ours, C2=check("C9", "规划处", flags="1110"))
    assess(ours.inbox, ours.home, as_of=OCTOBER, scheme=scheme(ours.inbox.parent))
    ours.correct(key="C9")
    b = assess(ours.inbox, ours.home, as_of=NOVEMBER, scheme=scheme(ours.inbox.parent))
    found = comparing.compare(ours.home, a.folder.name, b.folder.name)
    assert found.causes == ["as_of", "together"]
    (told, other) = found.steps[-1].corrected
    assert (told.key, told.withdrawn, other.key, other.withdrawn) == ("C2", True, "C9", False)
    adds_up(found, a, b)


def test_two_years_differ_by_the_year_alone(ours: Office) -> None:
    """Nothing of one year can be exchanged for the other's; units and indicators are matched by their names."""
    a = ours.published()
    text = (
        SCHEME.replace("TOPIC", "70").replace("CHECK", "30").replace("2023", "2024").replace("2024-01-31", "2025-01-31")
    )
    path = ours.inbox.parent / "2024.yml"
    path.write_text(text.replace("honors:\n", "awards:\n"), encoding="utf-8")
    write_csv(ours.inbox / "名册.csv", registry(*UNITS[:2], ("J05", "新处", "机关处室")))
    ledger(
        ours.inbox, "first_topic", {"topic_id": "n", "unit_id": "J05", "held_on": "2024-01-05", "is_first_item": True}
    )
    b = assess(ours.inbox, ours.home, as_of=dt.date(2024, 10, 31), scheme=path, year=2024)
    found = comparing.compare(ours.home, "2023", "2024")
    assert found.causes == ["year"]
    units = {unit.unit_id: unit for unit in found.units}
    assert (units["J03"].after, units["J05"].before) == (None, None)
    adds_up(found, a, b)
    assert units["J01"].dimensions["bonus"] == -1
    assert sum(units["J01"].dimensions.values()) == units["J01"].change
    assert "foundation.check.weight" in [each.place for each in found.scheme or []]
    assert [step.items for step in found.steps] == [()]
    tried = comparing.compare(ours.home, str(path), str(scheme(ours.inbox.parent)))
    assert {unit.unit_id: unit.change for unit in tried.units} == {unit: -units[unit].change for unit in units}
    assert comparing.compare(ours.home, "current", "2024").steps == [], "the latest year's"
    assert comparing.compare(ours.home, "current", "2023", year=2023).steps == []


def test_a_restated_publication_is_the_same(ours: Office) -> None:
    lifecycle.announce(ours.home, YEAR, **BY)
    name = ours.current.removesuffix("-announced")
    found = comparing.compare(ours.home, name, "current")
    assert (found.steps, found.units) == ([], [])


def test_a_side_that_is_not_there(ours: Office) -> None:
    publish(ours, World(mended=True))
    for given, key in (
        ("2022", "nothing_published"), ("20240101-", "compare_unknown"), ("20231031", "compare_ambiguous"),
        ("没有.yml", "compare_no_scheme"),
    ):  # fmt: skip
        assert refused(comparing.compare, ours.home, "current", given).key == key


def test_the_beginning_of_an_id_is_enough_and_a_whole_id_is_never_ambiguous(ours: Office) -> None:
    name = ours.current
    assert comparing.compare(ours.home, name[:12], name).steps == []
    lifecycle.announce(ours.home, YEAR, **BY)
    assert comparing.compare(ours.home, name, ours.current[:-2]).a.label == name


def test_bytes_that_are_gone_are_asked_for_only_if_they_are_needed(ours: Office) -> None:
    a = ours.published()
    b = publish(ours, World(topic=50, mended=True))
    ledger_of_a = next(entry for entry in a.manifest["inputs"] if entry["path"] == "first_topic.csv")
    kept = ours.home / "warehouse" / "inputs"
    for sha256 in (ledger_of_a["sha256"], b.manifest["scheme"]["sha256"]):
        before = (kept / sha256).read_bytes()
        (kept / sha256).unlink()
        assert refused(comparing.compare, ours.home, a.folder.name, b.folder.name).key == "compare_input_gone"
        (kept / sha256).write_bytes(b"")
        assert refused(comparing.compare, ours.home, a.folder.name, b.folder.name).key == "compare_input_gone"
        (kept / sha256).write_bytes(before)
    (kept / b.manifest["scheme"]["sha256"]).unlink()
    c = publish(ours, World(topic=50))
    assert comparing.compare(ours.home, b.folder.name, c.folder.name).causes == ["data"]


def test_a_scheme_that_todays_program_refuses_is_said_in_a_sentence(ours: Office) -> None:
    unknown = scheme(ours.inbox.parent, first_topic_months="no_such_measure")
    error = refused(comparing.compare, ours.home, "current", str(unknown))
    assert error.key == "compare_not_again"
    assert "no_such_measure" in str(error)


def test_a_home_in_use_is_read_all_the_same(ours: Office) -> None:
    """Without the warehouse to begin with, everything is read anew: slower, and the same."""
    from kaohe.homelock import lock

    path = scheme(ours.inbox.parent, 50)
    held = lock(ours.home)
    try:
        found = comparing.compare(ours.home, "current", str(path))
    finally:
        held.release()
    assert charged(found)["J01"] == {"scheme": World(topic=50).total("J01") - World().total("J01")}


@pytest.mark.long
def test_the_three_forms_say_the_same(ours: Office, tmp_path: Path) -> None:
    a = ours.published()
    publish(ours, World(topic=50, corrected=True, as_of=NOVEMBER, mended=True))
    found = comparing.compare(ours.home, a.folder.name, "current")
    as_json = json.loads(json.dumps(plain(found), default=str))
    units = {unit["unit_name"]: unit for unit in as_json["units"]}
    for unit in units.values():
        assert D(unit["change"]) == sum(map(D, unit["causes"].values()))
    write_workbook(found, tmp_path / "比较.xlsx")
    book = openpyxl.load_workbook(tmp_path / "比较.xlsx")
    heading, *rows = book["有变化的单位"].iter_rows(min_row=3, values_only=True)
    shown = [dict(zip(heading, row, strict=True)) for row in rows]
    assert {row["单位"] for row in shown} == units.keys()
    for row in shown:
        unit = units[row["单位"]]
        assert D(str(row["变化"])) == D(unit["change"])
        for name, cause in (("考核办法", "scheme"), ("更正", "corrections"), ("截至日期", "as_of"), ("数据", "data")):
            assert D(str(row[name])) == D(unit["causes"][cause])
    assert {table.title for table in tables(found)} == set(book.sheetnames) == {
        "各步", "有变化的单位", "各指标的变化", "考核办法的差别", "更正的差别", "文件的差别", "变化的事项和记录", "变化的记录",
    }  # fmt: skip
    told = [row for table in tables(found) for row in table.rows]
    assert ["theory.topic.weight", "60", "50"] in told
    assert any(
        row[-1] == "第一议题学习台账 J01-9（first_topic.csv · 第 10 行）是否第一议题 false → true" for row in told
    )
    use_language("en")
    assert {table.title for table in tables(found)} >= {"steps", "units that changed", "files that differ"}


def test_the_command(ours: Office, tmp_path: Path) -> None:
    a = ours.published()
    b = publish(ours, World(mended=True))
    arguments = "compare", a.folder.name, b.folder.name, "--home", ours.home
    path = tmp_path / "out" / "比较.xlsx"
    forms = ((), ("--format", "json"), ("--format", "xlsx", "--out", path), ("--lang", "en"))
    text, as_json, as_xlsx, english = (in_process(*arguments, *more) for more in forms)
    for process in (text, as_json, as_xlsx, english):
        assert (process.returncode, process.stderr) == (0, "")
    for words in ("办公室", "+6.00", "本单位得分未变，因其他单位变动", "first_topic.csv"):
        assert words in text.stdout
    assert {unit["change"] for unit in json.loads(as_json.stdout)["units"]} == {"6.00", "0.00"}
    assert str(path) in as_xlsx.stdout
    assert openpyxl.load_workbook(path).sheetnames[0] == "各步"
    assert "moved because others did" in english.stdout


def test_refusals_on_the_command_line(ours: Office, tmp_path: Path) -> None:
    for arguments in (("current", "没有"), ("current", "没有.yml"), ("2011", "current"),
                      ("current", "current", "--out", tmp_path / "x.xlsx"),
                      ("current", "current", "--format", "xlsx", "--out", ours.folder / "x.xlsx")):  # fmt: skip
        process = in_process("compare", *arguments, "--home", ours.home)
        assert process.returncode == 2, arguments
        assert len(process.stderr.strip().splitlines()) == 1, process.stderr
        assert "Traceback" not in process.stderr
    same = in_process("compare", "current", ours.current[:14], "--home", ours.home)
    assert (same.returncode, "没有差别" in same.stdout) == (0, True)


def test_a_publication_that_an_older_program_made_is_refused_in_a_sentence(ours: Office) -> None:
    a = ours.published()
    shutil.copytree(a.folder, ours.folder / "old")
    with duckdb.connect(str(ours.folder / "old" / "snapshot.duckdb")) as snapshot:
        snapshot.execute("drop table measure_table")
    path = ours.folder / "old" / "manifest.json"
    manifest = a.manifest
    path.write_text(json.dumps(manifest | {"inputs": manifest["inputs"][1:]}), encoding="utf-8")
    assert refused(comparing.compare, ours.home, "current", "old").key == "compare_old"
    del manifest["sheets"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert refused(comparing.compare, ours.home, "current", "old").key == "compare_old"
