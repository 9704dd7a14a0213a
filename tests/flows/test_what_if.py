"""What if the scheme were another: the same records, scored beside the publication in force."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from kaohe.errors import KaoheError
from kaohe.scheme import load_scheme
from kaohe.what_if import varied, what_if, written_out
from tests.helpers import CHECK, ROOT, STUDY, Result, assess, check, in_process, registry, write_csv

SCHEME = ROOT / "data" / "schemes" / "2023.yml"
COLUMNS = ["unit_id", "total", "rank", "grade", "status"]


AS_OF = dt.date(2024, 4, 1)  # nothing is pending any more


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(folder / "名册.csv", registry(*units))
    write_csv(
        folder / "抽查.csv",
        [CHECK, check("C1", "办公室", flags="1101"), check("C2", "法规处"), check("C3", "水务中心")],
    )
    rates = {"办公室": 8, "法规处": 5, "水务中心": 10}
    months = [f"2023-{month:02}" for month in range(1, 13)]
    rows = [["学习强国", month, unit, 10, n, f"{n * 10}%"] for month in months for unit, n in rates.items()]
    write_csv(folder / "学习.csv", [STUDY, *rows])
    return folder


@pytest.fixture(scope="module")
def published(inbox: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    return assess(inbox, tmp_path_factory.mktemp("home"), as_of=AS_OF)


def of_variant(scores: pl.DataFrame, variant: str) -> pl.DataFrame:
    return scores.filter(pl.col("variant") == variant).select(COLUMNS).sort("unit_id")


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        pytest.param(
            ["study_xuexi.params.target=0.5", "grades.qualified.at_least=5", "grades.good.at_least=10.5"],
            [("target: 0.90", "target: 0.5"), ("at_least: 80", "at_least: 10.5"), ("at_least: 60", "at_least: 5")],
            id="a parameter and grades",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["theory.study.study_xuexi.weight=1.33", "study_cadre.weight=1.34"],
            [("weight: 1.34", "weight: 1.3300"), ("weight: 1.33\n            system: 4\n            measure: study_hours",
              "weight: 1.34\n            system: 4\n            measure: study_hours")],
            id="weights",
        ),
    ],
)  # fmt: skip
def test_a_variant_is_what_a_run_with_that_scheme_gives(
    published: Result, inbox: Path, tmp_path: Path, settings: list[str], changes: list[tuple[str, str]]
) -> None:
    found = what_if(published.home, None, settings, [])
    assert list(found.variants) == ["in_force", "set"]
    now = published.table("scores").select(COLUMNS).sort("unit_id")
    assert of_variant(found.scores, "in_force").rows() == now.rows()
    text = SCHEME.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    other = tmp_path / "other.yml"
    other.write_text(text, encoding="utf-8")
    again = assess(inbox, tmp_path / "other", AS_OF, scheme=other).table("scores").select(COLUMNS).sort("unit_id")
    assert of_variant(found.scores, "set").rows() == again.rows()
    assert again.rows() != now.rows()
    by_file = what_if(published.home, 2023, [], [other, SCHEME])
    assert of_variant(by_file.scores, "scheme1").rows() == again.rows()
    assert of_variant(by_file.scores, "scheme2").rows() == now.rows()


def test_nothing_is_published(published: Result) -> None:
    before = {path: path.stat().st_mtime_ns for path in published.home.rglob("*")}
    what_if(published.home, None, ["bonus.cap=1"], [])
    assert {path: path.stat().st_mtime_ns for path in published.home.rglob("*")} == before


def test_a_weight_takes_from_its_siblings_and_gives_to_its_children() -> None:
    """study 4 → 6: the other 18 of theory's 22 come to 16; its own 1.34 + 1.33 + 1.33 to 6."""
    scheme, followed = varied(SCHEME, ["theory.study.weight=6"], "2023.yml")
    weights = {entry.name: entry.weight for entry in scheme.entries}
    assert weights["theory"] == 22
    assert weights["study"] == 6
    study = [Decimal("2.01"), Decimal("2.00"), Decimal("1.99")]  # 2.01, 1.995, 1.995; the cent left over to the first
    assert [weights[name] for name in ("study_xuexi", "study_cadre", "study_youth")] == study
    others = ("first_topic_months", "joint_study_sessions", "training", "role_models", "loyalty_sessions")
    # 4, 4, 6, 2, 2 of 18 → 3.555…, 3.555…, 5.333…, 1.777…, 1.777…: 15.97 rounded down, three cents left over
    assert [weights[name] for name in others] == [
        Decimal("3.56"), Decimal("3.55"), Decimal("5.33"), Decimal("1.78"), Decimal("1.78")
    ]  # fmt: skip
    assert weights["campaign_cover"] == 0
    assert ("重点群体培训", Decimal(6), Decimal("5.33")) in followed
    assert not {"学情通报", "立根铸魂", "强基固本"} & {title for title, _, _ in followed}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("study=6", "还要写改它的哪一项"),
        ("stdy.weight=6", "相近的有：study"),
        ("grades.excelent.quota=0.2", "相近的有：excellent"),
        ("theory.study.weight=30", "之和是 30，应为 22"),
        ("theory.study.weight=viel", "权重要是数"),
        ("theory.study.weigth=6", "不认识“weigth”"),
        ("grades.excellent.quota=2", "2023.yml"),
        ("study_xuexi.params.target=2", "study_xuexi"),
        ("theory.study.weight", "路径=值"),
        ("tie_break=[nobody]", "nobody"),
        ("bonus.cap=[1", "YAML"),
    ],
)
def test_a_setting_that_will_not_do_is_a_sentence(published: Result, setting: str, said: str) -> None:
    with pytest.raises(KaoheError) as caught:
        what_if(published.home, None, [setting], [])
    assert said in str(caught.value)


def test_a_node_can_be_named_by_a_part_of_its_title() -> None:
    by_name = varied(SCHEME, ["first_topic_months.weight=8", "study_xuexi.params.target=0.5"], "2023.yml")
    assert varied(SCHEME, ["第一议题.weight=8", "学情通报.学习强国.params.target=0.5"], "2023.yml") == by_name
    with pytest.raises(KaoheError, match="“共建”"):  # of several
        varied(SCHEME, ["共建.weight=8"], "2023.yml")


def test_what_was_tried_can_be_saved_with_its_comments(tmp_path: Path) -> None:
    settings = ["theory.study.weight=6", "study_xuexi.params.target=0.5", "grades.excellent.title=特优"]
    path = tmp_path / "tried.yml"
    path.write_text(written_out(SCHEME, settings), "utf-8")
    assert load_scheme(path) == varied(SCHEME, settings, "2023.yml")[0]
    comments = [[line.partition("#")[2] for line in file.read_text("utf-8").splitlines()] for file in (SCHEME, path)]
    assert comments[0] == comments[1]
    for setting in ("study_xuexi.params.more=1", "tie_break=[theory]"):
        with pytest.raises(KaoheError, match="没有写成一个值"):
            written_out(SCHEME, [setting])


def test_the_command(published: Result, tmp_path: Path) -> None:
    asked = ("what-if", "--home", published.home, "--set", "study_xuexi.params.target=0.5")
    table = in_process(*asked)
    assert table.returncode == 0, table.stderr
    assert "什么也不发布" in table.stdout
    assert "设想" in table.stdout
    plain = json.loads(in_process(*asked, "--format", "json").stdout)
    assert {row["variant"] for row in plain["scores"]} == {"in_force", "set"}
    assert len(plain["scores"]) == 6
    nothing = in_process("what-if", "--home", published.home)
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (2, 1)
    wrong_year = in_process("what-if", "--home", published.home, "--scheme", ROOT / "data" / "schemes" / "2024.yml")
    assert wrong_year.returncode == 2
    assert "2024" in wrong_year.stderr
    written = tmp_path / "tried.yml"
    saved = in_process(*asked, "--set", "theory.study.weight=6", "--write", written)
    assert saved.returncode == 0 and str(written) in saved.stdout, saved.stderr
    again = in_process(*asked, "--write", written)
    assert again.returncode == 2 and "已存在" in again.stderr
    nowhere = in_process("what-if", "--home", tmp_path / "empty", "--set", "bonus.cap=1")
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (2, 1)
