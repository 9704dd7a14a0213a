"""Contracts: what is wrong with one is said with file and line, before any file is read."""

from pathlib import Path

import pytest

from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.validation import check_rules
from kaohe.words import use_language
from tests.helpers import ROOT

GOOD = """\
table: talk
title: 谈话
key: [talk_id]
event_date: talked_on
columns:
  talk_id:   {type: code, headings: [谈话编号], required: true}
  unit_id:   {type: unit, headings: [单位名称], required: true}
  talked_on: {type: date, headings: [谈话日期], required: true}
expectations:
  - type: expect_column_values_to_not_be_null
    column: talked_on
    severity: critical
    say: 不能为空
    say_en: must not be empty
"""


def folder_with(tmp_path: Path, text: str, name: str = "talk.yml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def line_of(mark: str, text: str) -> int:
    return text[: text.index(mark)].count("\n") + 1


def test_ours_are_right_and_in_the_order_they_need_one_another() -> None:
    names = list(load_contracts(ROOT / "expectations"))
    assert names.index("org_unit") < names.index("unit_alias") < names.index("inspection")
    assert names.index("inspection") < names.index("inspection_finding")
    assert names.index("pairing_agreement") < min(names.index("pairing_activity"), names.index("pairing_item"))


def test_a_good_contract(tmp_path: Path) -> None:
    contract = load_contracts(folder_with(tmp_path, GOOD))["talk"]
    assert contract.required == ["talk_id", "unit_id", "talked_on"]
    assert contract.definition().startswith('"talk_id" varchar, "unit_id" varchar, "talked_on" date, "_source" varchar')


@pytest.mark.parametrize(
    ("old", "new", "mark", "said"),
    [
        pytest.param("title: 谈话", "titel: 谈话", "titel", "不认识“titel”", id="unknown key"),
        pytest.param("title: 谈话\n", "", "table", "缺少“title”", id="missing key"),
        pytest.param("[谈话编号], required", "[谈话编号], requird", "talk_id: ", "不认识“requird”", id="in a column"),
        pytest.param("type: date", "type: dat", "talked_on: ", "不在允许的取值之内", id="unknown type"),
        pytest.param(
            "event_date: talked_on",
            "year: talk_id",
            "year:",
            "必须是 integer",
            id="a year that is neither number nor date",
        ),
        pytest.param(
            "{type: date, ",
            "{type: list, values: [a b], ",
            "talked_on: ",
            "list 列的 values",
            id="an element that cannot be told apart",
        ),
        pytest.param("key: [talk_id]", "key: [talk]", "key:", "主键“talk”", id="key that is no column"),
        pytest.param("event_date: talked_on", "event_date: unit_id", "event_date:", "date 或 month", id="event date"),
        pytest.param(
            "column: talked_on", "column: held_on", "- type:", "没有“held_on”这一列", id="rule about no column"
        ),
        pytest.param("critical", "fatal", "severity:", "不在允许的取值之内", id="unknown severity"),
        pytest.param("[谈话编号]", "[单位名称]", "unit_id:", "表头“单位名称”同时属于", id="one heading, two columns"),
        pytest.param("    say: 不能为空\n", "", "- type:", "缺少“say”", id="a rule that says nothing"),
        pytest.param(
            "title: 谈话", "title: 谈话\ntitle: 谈心", "title: 谈心", "“title”写了两次", id="a key given twice"
        ),
        pytest.param("title: 谈话", "title: [谈话", "key:", "YAML 写法有误", id="broken YAML"),
        pytest.param("type: unit", "type: choice", "unit_id:", "要写 values", id="a choice without values"),
        pytest.param("table: talk", "table: talks", "table:", "talks.yml", id="named otherwise than its file"),
        pytest.param("unit_id: ", "Unit: ", "Unit:", "不能作名称", id="a bad name"),
        pytest.param("unit_id: ", "unit_name: ", "columns:", "属于哪个单位", id="a table that is nobody's"),
        pytest.param(
            "[单位名称],",
            "[单位名称], references: {table: t, severity: critical},",
            "unit_id:",
            "没有“t”这张表",
            id="no table",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, mark: str, said: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    with pytest.raises(KaoheError) as caught:
        load_contracts(folder_with(tmp_path, text))
    assert f"talk.yml 第 {line_of(mark, text)} 行" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("expect_column_values_to_not_be_null", "expect_the_best", id="unknown to Great Expectations"),
        pytest.param("column: talked_on\n", "column: talked_on\n    mostlie: 1\n", id="argument it does not take"),
        pytest.param(
            "expect_column_values_to_not_be_null\n    column: talked_on\n",
            "unexpected_rows_expectation\n    unexpected_rows_query: select _rec from {batch} where talked < 1\n",
            id="SQL that does not run",
        ),
    ],
)
def test_a_rule_that_great_expectations_refuses_is_refused_with_the_file(
    tmp_path: Path, old: str, new: str, libraries: None
) -> None:
    contracts = load_contracts(folder_with(tmp_path, GOOD.replace(old, new)))
    with pytest.raises(KaoheError) as caught:
        check_rules(contracts, tmp_path)
    assert "talk.yml 第 10 行" in str(caught.value)


def test_errors_speak_english_when_asked(tmp_path: Path) -> None:
    use_language("en")
    with pytest.raises(KaoheError, match=r"talk\.yml line 2, titel: unknown key “titel”"):
        load_contracts(folder_with(tmp_path, GOOD.replace("title:", "titel:")))


def test_references_in_a_circle(tmp_path: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        reference = f"references: {{table: {other}, severity: critical}}"
        column = f"{name}_id: {{type: code, headings: [x], required: true, {reference}}}"
        text = f"table: {name}\ntitle: {name}\nkey: [{name}_id]\ncolumns:\n  {column}\n"
        folder_with(tmp_path, text, f"{name}.yml")
    with pytest.raises(KaoheError) as caught:
        load_contracts(tmp_path)
    assert caught.value.key == "contract_cycle"


QUERY = """\
  - type: unexpected_rows_expectation
    unexpected_rows_query: {query}
    severity: warning
    say: 请核对
    say_en: please check
"""


def test_a_table_comes_after_those_that_its_rules_read(tmp_path: Path) -> None:
    """By the alphabet talk would come first."""
    folder_with(tmp_path, GOOD.replace("talk", "visit"), "visit.yml")
    query = "with member as (select * from {batch}) select _rec from member join visit using (unit_id) where exists (select 1 from talk)"
    folder_with(tmp_path, GOOD + QUERY.format(query=query))
    assert list(load_contracts(tmp_path)) == ["visit", "talk"]


def test_no_contracts_at_all(tmp_path: Path) -> None:
    with pytest.raises(KaoheError) as caught:
        load_contracts(tmp_path)
    assert caught.value.key == "contracts_missing"
