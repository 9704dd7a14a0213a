"""kaohe plan-inspections: from a publication to the workbooks, and back through the reader."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.inspections.plan import InspectionPlan, Planned
from kaohe.project import Project
from tests.helpers import ROOT, YEAR, Result, assess, copied, in_process
from tests.ledgers import ledger

AS_OF = dt.date(2023, 4, 30)
FORM, PLAN, WHY = (f"{name}（2023年5月）.xlsx" for name in ("检查记录表", "抽查计划", "抽取说明"))
CONTRACTS = load_contracts(ROOT / "expectations")
GOOD = {"fixed_time": True, "agenda": True, "procedure": True, "detailed_record": True}


def write_inbox(folder: Path) -> None:
    """Twelve units: two inspected this year, three last year, one closed, one to be closed, one still to come, one
    drawn in February and not inspected."""
    unit = {"party_org_type": "支部", "has_committee": True, "group_count": 1, "member_count": 10}
    dates = {"J10": ("2015-01-01", "2023-03-31"), "J11": ("2015-01-01", "2023-06-10"), "J12": ("2023-06-01", None)}
    ledger(folder, "org_unit", *(
        unit | {"unit_id": f"J{n:02}", "name": f"机关{n:02}处", "category": "机关处室",
                "valid_from": dates.get(f"J{n:02}", ("2015-01-01", None))[0],
                "valid_to": dates.get(f"J{n:02}", ("", None))[1]}
        for n in range(1, 13)
    ))  # fmt: skip
    ledger(folder, "inspection",
        GOOD | {"inspection_id": "A1", "unit_id": "J01", "round": 1, "inspected_on": "2023-03-05"},
        GOOD | {"inspection_id": "A2", "unit_id": "J02", "round": 1, "inspected_on": "2023-04-05"},
        GOOD | {"inspection_id": "B3", "unit_id": "J03", "round": 2, "inspected_on": "2022-09-05"},
        GOOD | {"inspection_id": "B4", "unit_id": "J04", "round": 1, "inspected_on": "2022-03-05"},
        GOOD | {"inspection_id": "B5", "unit_id": "J04", "round": 2, "inspected_on": "2022-09-05", "agenda": False},
        GOOD | {"inspection_id": "B6", "unit_id": "J05", "round": 2, "inspected_on": "2022-09-05", "agenda": False},
    )  # fmt: skip
    ledger(folder, "inspection_finding",
        {"finding_id": "F1", "inspection_id": "B6", "unit_id": "J05", "severity": "严重", "found_on": "2022-09-05",
         "due_on": "2022-10-05", "status": "待整改"},
    )  # fmt: skip
    plan = {"year": 2023, "month": 2, "round": 1, "drawn_on": "2023-02-01", "seed": "202302"}
    ledger(folder, "inspection_plan", plan | {"unit_id": "J02"}, plan | {"unit_id": "J06"})


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    folder = tmp_path_factory.mktemp("before")
    write_inbox(folder / "inbox")
    return assess(folder / "inbox", folder / "home", as_of=AS_OF)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    write_inbox(tmp_path / "inbox")
    return tmp_path / "inbox"


@pytest.fixture
def published(before: Result, home: Path) -> Result:
    return copied(before, home)


def plan(home: Path, month: int = 5, **more: Any) -> Planned:
    """The steps of the flow, without Prefect."""
    asked = InspectionPlan(YEAR, month, home=home, **more)
    return asked.write(asked.draw())


def sentences(file: Path) -> str:
    """All that a workbook says."""
    cells = [cell.value for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows() for cell in row]
    return "\n".join(str(cell) for cell in cells if cell is not None)


def test_the_facts_of_the_publication_decide(published: Result) -> None:
    drawn = plan(published.home).drawn
    found = {pick.duty.unit_id: (pick.duty.quality, pick.reason) for pick in drawn.picks}
    assert found["J11"] == ("never", "closing")
    assert found["J06"] == ("never", "again")
    assert not {"J01", "J02", "J10", "J12"} & found.keys(), "inspected, closed, or not there yet"
    assert (drawn.needed, len(drawn.picks)) == (5, 5), "nine wait, two months are left"
    assert drawn.seed == "202305"
    (first, second) = drawn.coverage
    assert (first.units, first.inspected, first.drawn, first.left, first.lost) == (12, 2, 5, 4, ("机关10处",))
    assert (second.units, second.left) == (10, 10)
    all_of_them = plan(published.home, per_month=12, out=published.home / "all").drawn
    results = {pick.duty.unit_id: pick.duty.quality for pick in all_of_them.picks}
    assert results == dict.fromkeys(["J06", "J07", "J08", "J09", "J11"], "never") | {
        "J03": "good", "J04": "middle", "J05": "weak",
    }  # fmt: skip


def test_the_same_question_gives_the_same_bytes_and_another_seed_another_draw(
    published: Result, tmp_path: Path
) -> None:
    one, again, other = (
        plan(published.home, seed=seed, out=tmp_path / out) for seed, out in (("7", "a"), ("７", "b"), ("8", "c"))
    )
    assert [path.name for path in one.files] == [FORM, PLAN, WHY]
    for path, twin in zip(one.files, again.files, strict=True):
        assert path.read_bytes() == twin.read_bytes()
    assert [pick.lot for pick in other.drawn.picks] != [pick.lot for pick in one.drawn.picks]
    assert other.files[0].read_bytes() != one.files[0].read_bytes()


def test_the_explanation_says_how_to_draw_again(published: Result) -> None:
    planned = plan(published.home, seed="双色球 2023050", per_month=2)
    said = sentences(planned.files[2])
    for text in (
        "双色球2023050", published.folder.name, "2023-04-30", "每月至少要抽 5 个", "机关10处", "95 分以上为好，70 分以上为中",
        f"--month 5 --seed '双色球2023050' --per-month 2 --publication {published.folder.name}",
    ):  # fmt: skip
        assert text in said
    for pick in planned.drawn.picks:
        assert pick.duty.unit_name in said
        assert pick.lot[:16] in said


def test_a_draw_can_be_repeated_once_its_publication_is_no_longer_in_force(
    published: Result, inbox: Path, tmp_path: Path
) -> None:
    first = plan(published.home, out=tmp_path / "first")
    checks = [
        GOOD | {"inspection_id": f"E{n}", "unit_id": pick.duty.unit_id, "round": 1, "inspected_on": "2023-05-20"}
        for n, pick in enumerate(first.drawn.picks)
    ]
    ledger(inbox, "inspection", *checks, name="五月")
    assert assess(inbox, published.home, as_of=dt.date(2023, 5, 31)).folder != published.folder

    def drawn(**more: Any) -> set[str]:
        return {pick.duty.unit_id for pick in plan(published.home, out=tmp_path / str(len(more)), **more).drawn.picks}

    once = {pick.duty.unit_id for pick in first.drawn.picks}
    assert not drawn() & once, "they have been inspected"
    again = plan(published.home, publication=published.folder.name, out=tmp_path / "again")
    for path, twin in zip(first.files, again.files, strict=True):
        assert path.read_bytes() == twin.read_bytes()
    on_the_day = plan(published.home, as_of=dt.date(2023, 5, 1), out=tmp_path / "day")
    assert on_the_day.drawn.picks == first.drawn.picks, "what came later does not count"
    assert "--as-of 2023-05-01 --publication" in sentences(on_the_day.files[2])
    between = plan(published.home, as_of=dt.date(2023, 5, 21), out=tmp_path / "between").drawn
    assert not {pick.duty.unit_id for pick in between.picks} & once
    assert between.drawn_on == dt.date(2023, 5, 21)


def test_the_form_has_the_contracts_headings_numbers_and_drop_downs(published: Result) -> None:
    planned = plan(published.home)
    book = openpyxl.load_workbook(planned.files[0])
    for table in ("inspection", "inspection_finding"):
        contract = CONTRACTS[table]
        sheet = book[contract.title]
        assert [cell.value for cell in sheet[3]] == [column.headings[0] for column in contract.columns.values()]
        lists = {rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
        assert ('"是,否"' if table == "inspection" else '"严重,一般,轻微"') in lists
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    rows = list(book[CONTRACTS["inspection"].title].iter_rows(min_row=4, max_col=4, values_only=True))
    names = [pick.duty.unit_name for pick in planned.drawn.picks]
    assert [row[1] for row in rows] == names
    assert {row[0] for row in rows} == {f"2023-R1-05-{pick.duty.unit_id}" for pick in planned.drawn.picks}
    assert {row[2:] for row in rows} == {(1, None)}


def test_the_plan_and_the_filled_form_read_back(published: Result, inbox: Path) -> None:
    planned = plan(published.home)
    count = len(planned.drawn.picks)
    book = openpyxl.load_workbook(planned.files[0])
    sheet = book[CONTRACTS["inspection"].title]
    headings = {cell.value: cell.column for cell in sheet[3]}
    for row in range(4, 4 + count):
        sheet.cell(row, headings["检查日期"], dt.date(2023, 5, 10))
        for name in ("固定时间", "会议议题", "规范程序", "详实记录"):
            sheet.cell(row, headings[name], "是")
        for name in ("检查人", "检查意见", "指导情况", "督促情况"):
            sheet.cell(row, headings[name], "张某")
    number, unit = (sheet.cell(4, column).value for column in (1, 2))
    finding = [
        f"{number}-1",
        number,
        unit,
        "轻微",
        "会议记录",
        dt.date(2023, 5, 10),
        dt.date(2023, 6, 10),
        None,
        None,
        "待整改",
    ]
    for column, value in enumerate(finding, start=1):
        book[CONTRACTS["inspection_finding"].title].cell(4, column, value)
    book.save(inbox / FORM)
    (inbox / PLAN).write_bytes(planned.files[1].read_bytes())

    result = assess(inbox, published.home, as_of=dt.date(2023, 5, 31))
    assert result.quarantine.height == 0
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as con:
        checks = con.sql("select unit_id from inspection where inspected_on = '2023-05-10' and round = 1").fetchall()
        plans = con.sql(
            "select unit_id, seed, drawn_on from inspection_plan where year = 2023 and month = 5"
        ).fetchall()
        findings = con.sql(f"select severity from inspection_finding where inspection_id = '{number}'").fetchall()
    drawn = {pick.duty.unit_id for pick in planned.drawn.picks}
    assert {unit for (unit,) in checks} == drawn
    assert set(plans) == {(unit, "202305", dt.date(2023, 5, 1)) for unit in drawn}
    assert findings == [("轻微",)]

    as_it_was = dt.date(2023, 5, 1)
    assert plan(published.home, as_of=as_it_was, out=inbox.parent / "same").drawn.warnings == planned.drawn.warnings
    other = plan(published.home, seed="8", as_of=as_it_was, out=inbox.parent / "other").drawn
    assert other.warnings[0].startswith(f"注意：5 月的抽查计划已经登记过（{count} 个单位，种子 202305）")

    june = plan(published.home, month=6).drawn
    assert not drawn & {pick.duty.unit_id for pick in june.picks}
    assert june.coverage[0].left == 0


def test_a_form_that_is_there_is_never_overwritten(published: Result) -> None:
    form = plan(published.home).files[0]
    assert plan(published.home).files[0] == form
    with form.open("ab") as file:
        file.write(b"filled in")
    kept = form.read_bytes()
    with pytest.raises(KaoheError, match="没有覆盖"):
        plan(published.home)
    assert form.read_bytes() == kept


def test_nothing_to_inspect_writes_nothing(inbox: Path, home: Path) -> None:
    ledger(inbox, "inspection", *(
        GOOD | {"inspection_id": f"D{n}", "unit_id": f"J{n:02}", "round": 1, "inspected_on": "2023-04-10"}
        for n in range(3, 12) if n != 10
    ), name="更多")  # fmt: skip
    assess(inbox, home, as_of=AS_OF)
    planned = plan(home)
    assert planned.files == ()
    assert not (home / "plans").exists()
    assert "第 1 轮还没查的 1 个本月尚未成立" in planned.sentence
    ledger(inbox, "inspection", GOOD | {"inspection_id": "D12", "unit_id": "J12", "round": 1, "inspected_on": "2023-04-20"},
           name="又一")  # fmt: skip
    assess(inbox, home, as_of=AS_OF)
    assert "第 1 轮能查的都查过了" in plan(home).sentence


def test_a_unit_is_drawn_in_months_that_it_is_there_from_the_first_day_to_the_last(published: Result) -> None:
    """机关11处 closes on 10 June, 机关12处 begins on 1 June."""
    may, june = (plan(published.home, month=month, per_month=20).drawn for month in (5, 6))
    assert {"J11", "J12"} & {pick.duty.unit_id for pick in may.picks} == {"J11"}
    assert {"J11", "J12"} & {pick.duty.unit_id for pick in june.picks} == {"J12"}
    assert june.coverage[0].lost == ("机关10处", "机关11处")


def test_the_scheme_decides_rounds_bounds_and_weights(inbox: Path, home: Path, project: Project) -> None:
    scheme = project.scheme(YEAR)
    text = scheme.read_text(encoding="utf-8")
    for old, new in (
        ('rounds: &rounds {"1": 6, "2": 12}', 'rounds: &rounds {"1": 4, "2": 12}'),
        ("at_least: {good: 95, middle: 70}", "at_least: {good: 60.5, middle: 60}"),
        ("weight: {weak: 3, never: 2", "weight: {weak: 9, never: 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    scheme.write_text(text, encoding="utf-8")
    assess(inbox, home, as_of=AS_OF)
    drawn = plan(home, per_month=12).drawn
    assert (drawn.round, drawn.rules.rounds) == (2, {1: (1, 4), 2: (5, 12)})
    assert {pick.duty.quality for pick in drawn.picks} == {"never", "good"}, "65 and 75 points are good now"
    assert {s.quality: s.weight for s in drawn.strata} == {"never": 1, "good": 1}
    assert {pick.duty.round for pick in drawn.picks if pick.reason == "overdue"} == {1}


def test_a_month_throughout_which_nobody_is_there_is_refused(tmp_path: Path, home: Path) -> None:
    inbox = tmp_path / "small"
    new = {"unit_id": "N1", "name": "新设处", "category": "机关处室", "valid_from": "2023-05-02"}
    ledger(inbox, "org_unit", new)
    assess(inbox, home, as_of=dt.date(2023, 6, 30))
    with pytest.raises(KaoheError, match="没有 2023 年 5 月整月存续的单位"):
        plan(home, 5)
    assert len(plan(home, 6).drawn.picks) == 1


def test_a_publication_whose_scheme_says_nothing_of_spot_checks_is_refused(
    inbox: Path, home: Path, project: Project
) -> None:
    scheme = project.scheme(YEAR)
    lines = scheme.read_text(encoding="utf-8").replace("by_month: *rounds", 'by_month: {"1": 6, "2": 12}').splitlines()
    start = lines.index("spot_checks:")
    scheme.write_text("\n".join(lines[:start] + lines[start + 4 :]), encoding="utf-8")
    assess(inbox, home, as_of=AS_OF)
    with pytest.raises(KaoheError, match="spot_checks"):
        plan(home)


def test_a_mistake_in_the_query_names_the_file(published: Result, project: Project) -> None:
    query = project.sql / "plans" / "inspection_duty.sql"
    query.write_text(query.read_text(encoding="utf-8").replace("org_unit.name as", "org_unit.nam as"), encoding="utf-8")
    with pytest.raises(KaoheError, match=r"inspection_duty\.sql"):
        plan(published.home)


@pytest.mark.parametrize(
    ("lang", "wrong", "said"),
    [
        ("zh", ("--month", 13), "没有 13 月"),
        ("en", ("--month", 0), "there is no month 0"),
        ("zh", ("--month", 5, "--per-month", 0), "至少为 1"),
        ("zh", ("--month", 5, "--seed", "——"), "没有字母或数字"),
        ("zh", ("--month", 5, "--as-of", "2023-06-01"), "2023-06-01 在 2023 年 5 月之后"),
        ("zh", ("--month", 5, "--as-of", "五月"), "看不懂"),
        ("en", ("--month", 5), "nothing has been published"),
    ],
)
def test_a_bad_question_is_refused_in_a_sentence(
    tmp_path: Path, lang: str, wrong: tuple[object, ...], said: str
) -> None:
    done = in_process("plan-inspections", "--year", 2023, *wrong, "--home", tmp_path, "--lang", lang)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_publication_that_is_not_there_is_refused(published: Result) -> None:
    for name in ("20230101-nothing", "../2023", ".", "*"):
        with pytest.raises(KaoheError, match="没有发布"):
            plan(published.home, publication=name)


def test_the_command_draws_through_the_flow(published: Result, tmp_path: Path, server: str) -> None:
    done = in_process(
        "plan-inspections", "--year", 2023, "--month", 5, "--per-month", 2, "--home", published.home, "--out", tmp_path / "out",
        server=server,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    for said in ("每月至少要抽 5 个", "种子 202305", "机关11处", "即将撤销", FORM, PLAN, WHY, published.folder.name):
        assert said in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {FORM, PLAN, WHY}


def test_the_query_stands_in_the_project(project: Project, published: Result) -> None:
    """A bureau that keeps its own SQL draws by it."""
    query = project.sql / "plans" / "inspection_duty.sql"
    text = query.read_text(encoding="utf-8")
    query.write_text(
        text.replace("from org_unit\n", "from (from org_unit where unit_id <> 'J11') as org_unit\n", 1),
        encoding="utf-8",
    )
    assert "J11" not in {pick.duty.unit_id for pick in plan(published.home).drawn.picks}
