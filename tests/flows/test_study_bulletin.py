"""The study bulletin from a small inbox: its figures in all three files, the rule of 2024, and what it refuses."""

import datetime as dt
import shutil
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest

from kaohe.bulletin import Bulletin, Written
from kaohe.errors import KaoheError
from kaohe.project import Project
from tests.helpers import assess, in_process, kaohe, registry, write_csv

XUEXI, CADRE, YOUTH = "学习强国", "上海干部在线学习城", "青年大学习"
HEADINGS = ["平台", "月份", "单位名称", "应参加人数", "参加人数", "参学率", "人均积分", "总学时", "学时达标人数"]
UNITS = (
    ("J01", "办公室", "机关处室"),
    ("J02", "法规处", "机关处室"),
    ("D01", "水务中心", "基层单位"),
    ("D02", "监测站", "基层单位"),
)  # fmt: skip

#: June 2023, and what it is compared with. 监测站 handed in a number that cannot be read; D03 came later.
ROWS = [
    [XUEXI, "2023年6月", "办公室", 10, 9, "90%", 100, "", ""],
    [XUEXI, "2023年6月", "法规处", 3, 2, "66.67%", 50.5, "", ""],
    [XUEXI, "2023年6月", "水务中心", 20, 19, "95%", 80, "", ""],
    [XUEXI, "2023年6月", "监测站", "约12", 9, "75%", 80, "", ""],
    [CADRE, "2023年6月", "办公室", 10, 10, "100%", "", 12.25, 9],
    [CADRE, "2023年6月", "水务中心", 8, 7, "87.5%", "", 30, 7],
    [YOUTH, "2023年6月", "办公室", 4, 5, "125%", "", "", ""],
    [YOUTH, "2023年6月", "法规处", 0, 0, "0%", "", "", ""],
    [YOUTH, "2023年6月", "水务中心", 6, 3, "50%", "", "", ""],
    [XUEXI, "2023年5月", "办公室", 10, 8, "80%", 90, "", ""],
    [XUEXI, "2023年5月", "法规处", 3, 3, "100%", 90, "", ""],
    [XUEXI, "2023年5月", "水务中心", 20, 20, "100%", 90, "", ""],
    [XUEXI, "2022年6月", "办公室", 9, 8, "88.89%", 90, "", ""],
]
JUNE_TOTALS = [
    # platform, category, units, enrolled, active, rate, on last month, on last year, score, passed, met, hours
    (XUEXI, "机关处室", 2, 13, 11, 0.846, 0.0, -4.3, 88.6, None, None, None),
    (XUEXI, "基层单位", 1, 20, 19, 0.95, -5.0, "—", 80.0, None, None, None),
    (XUEXI, "合计", 3, 33, 30, 0.909, -3.0, 2.0, 83.4, None, None, None),
    (CADRE, "机关处室", 1, 10, 10, 1.0, "—", "—", None, 9, 0.9, 12.3),
    (CADRE, "基层单位", 1, 8, 7, 0.875, "—", "—", None, 7, 0.875, 30.0),
    (CADRE, "合计", 2, 18, 17, 0.944, "—", "—", None, 16, 0.889, 42.3),
    (YOUTH, "机关处室", 2, 4, 4, 1.0, "—", "—", None, None, None, None),
    (YOUTH, "基层单位", 1, 6, 3, 0.5, "—", "—", None, None, None, None),
    (YOUTH, "合计", 3, 10, 7, 0.7, "—", "—", None, None, None, None),
    ("合计", "机关处室", 2, 27, 25, 0.926, 8.0, 3.7, None, None, None, None),
    ("合计", "基层单位", 1, 34, 29, 0.853, -14.7, "—", None, None, None, None),
    ("合计", "合计", 3, 61, 54, 0.885, -5.4, -0.4, None, None, None, None),
]


@pytest.fixture(scope="module")
def inbox_of_june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    later = ["D03", "新设站", "", "基层单位", "支部", "是", 1, 10, "2023-06-15"]
    write_csv(folder / "名册.csv", [*registry(*UNITS), later])
    write_csv(folder / "学情.csv", [HEADINGS, *ROWS])
    return folder


@pytest.fixture(scope="module")
def home_of_june(inbox_of_june: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    folder = tmp_path_factory.mktemp("home")
    assess(inbox_of_june, folder)
    return folder


def write(home: Path, out: Path, month: int = 6, year: int = 2023) -> Written:
    """The steps of the flow, without Prefect."""
    bulletin = Bulletin(year, month, home, out)
    return bulletin.write(bulletin.work_out())


@pytest.fixture(scope="module")
def june(home_of_june: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bulletin")
    written = write(home_of_june, out)
    assert [path.name for path in written.files] == ["学情通报.docx", "学情通报.pdf", "学情通报.xlsx"]
    assert sorted(out.iterdir()) == sorted(written.files)
    return out


def paragraphs(folder: Path) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(str(folder / "学情通报.docx")).paragraphs if paragraph.text]


def tables(folder: Path) -> list[list[tuple[str, ...]]]:
    found = docx.Document(str(folder / "学情通报.docx")).tables
    return [[tuple(cell.text for cell in row.cells) for row in table.rows] for table in found]


def sheet(folder: Path, name: str) -> list[tuple[object, ...]]:
    """The rows of a sheet, from its heading on."""
    return list(openpyxl.load_workbook(folder / "学情通报.xlsx")[name].iter_rows(min_row=3, values_only=True))


def test_the_document_says_what_an_office_writes(june: Path) -> None:
    assert paragraphs(june) == [
        "关于2023年6月学习情况的通报",
        "机关各处室、局属各单位党组织：",
        "根据各单位报送的学习数据（截至2024年3月31日），现将2023年6月学习强国、上海干部在线学习城、青年大学习学习情况通报如下。",
        "一、总体情况",
        "本月应报送学习数据的单位4个，已报送3个，数据有误待更正1个（监测站）。各平台合计应参加61人次，参加54人次，总体参学率88.5%，"
        "较上月下降5.4个百分点，较上年同期下降0.4个百分点。",
        "各平台参学情况（增减单位：百分点）",
        "二、学情分析",
        "（一）学习强国",
        "3个单位报送，应参加33人，参加30人，参学率90.9%，较上月下降3.0个百分点，较上年同期上升2.0个百分点。人均积分83.4分。",
        "参学率较高的单位：水务中心（95.0%）。",
        "参学率较低的单位：法规处（66.7%）。",
        "学习强国分类参学情况（增减单位：百分点）",
        "（二）上海干部在线学习城",
        "2个单位报送，应参加18人，参加17人，参学率94.4%，较上月—，较上年同期—。学时达标16人，学时达标率88.9%。总学时42.3。",
        "参学率较高的单位：办公室（100.0%）。",
        "参学率较低的单位：水务中心（87.5%）。",
        "上海干部在线学习城分类参学情况（增减单位：百分点）",
        "（三）青年大学习",
        "3个单位报送，应参加10人，参加7人，参学率70.0%，较上月—，较上年同期—。办公室参加人数多于应参加人数（重复参学），按100%计。",
        "参学率较高的单位：办公室（100.0%）。",
        "参学率较低的单位：水务中心（50.0%）。",
        "青年大学习分类参学情况（增减单位：百分点）",
        "三、存在问题",
        "（一）未按时报送。法规处未报送上海干部在线学习城数据。",
        "（二）数据有误。监测站报送的数据有误，更正后计入。",
        "（三）未达到目标。学习强国参学率低于90%的单位1个，占报送单位的33.3%。上海干部在线学习城学时达标率低于100%的单位2个，"
        "占报送单位的100.0%。青年大学习参学率低于95%的单位1个，占报送单位的50.0%。",
        "四、下步要求",
        "（一）补报数据。未报送或者只报送部分平台的2个单位，要尽快补报，今后每月按时报送。",
        "（二）更正数据。数据有误的1个单位，要按反馈的问题逐条核对，更正后重新报送。",
        "（三）核准人数。参加人数多于应参加人数的1个单位，要核准应参加人数，剔除重复参学。",
        "（四）补齐短板。未达到目标的3个单位，要逐人了解原因，帮助党员、干部统筹好工作与学习，下月有所改进。",
        "（五）注重实效。要把线上学习同“三会一课”、主题党日结合起来，防止只看积分、替人代学，以学习成效检验学习。",
        "附件：各单位学习情况表（学情通报.xlsx）",
        "局机关党委",
        "2024年3月31日",
    ]  # fmt: skip
    whole, xuexi, *_ = tables(june)
    assert whole == [
        ("平台", "报送单位", "应参加", "参加", "参学率", "较上月", "较上年同期"),
        (XUEXI, "3", "33", "30", "90.9%", "-3.0", "+2.0"),
        (CADRE, "2", "18", "17", "94.4%", "—", "—"),
        (YOUTH, "3", "10", "7", "70.0%", "—", "—"),
        ("合计", "3", "61", "54", "88.5%", "-5.4", "-0.4"),
    ]
    assert xuexi == [
        ("类别", "报送单位", "应参加", "参加", "参学率", "较上月", "较上年同期", "人均积分"),
        ("机关处室", "2", "13", "11", "84.6%", "0.0", "-4.3", "88.6"),
        ("基层单位", "1", "20", "19", "95.0%", "-5.0", "—", "80.0"),
        ("合计", "3", "33", "30", "90.9%", "-3.0", "+2.0", "83.4"),
    ]


def test_the_pdf_says_the_same_as_the_docx(june: Path) -> None:
    pages = pypdf.PdfReader(june / "学情通报.pdf").pages
    text = "".join("".join(page.extract_text().split()) for page in pages)
    for number in range(1, len(pages) + 1):
        text = text.replace(f"—{number}—", "")
    for said in paragraphs(june):
        assert "".join(said.split()) in text
    for table in tables(june):
        for row in table:
            assert "".join(row) in text


def test_the_workbook_has_the_totals_and_the_units_of_each_platform(june: Path) -> None:
    assert openpyxl.load_workbook(june / "学情通报.xlsx").sheetnames == ["总体", XUEXI, CADRE, YOUTH]
    headings, *rows = sheet(june, "总体")
    assert headings[:6] == ("平台", "类别", "报送单位", "应参加", "参加", "参学率")
    assert rows == JUNE_TOTALS
    assert sheet(june, XUEXI) == [
        ("类别", "单位", "应参加", "参加", "参学率", "较上月（百分点）", "较上年同期（百分点）", "人均积分", "说明"),
        ("机关处室", "办公室", 10, 9, 0.9, 10.0, 1.1, 100.0, None),
        ("机关处室", "法规处", 3, 2, 0.667, -33.3, "—", 50.5, "参学率未达目标"),
        ("基层单位", "水务中心", 20, 19, 0.95, -5.0, "—", 80.0, None),
        ("基层单位", "监测站", None, None, None, None, None, None, "数据有误待更正"),
    ]
    assert [row[-1] for row in sheet(june, CADRE)[1:]] == ["学时未达目标", "未报送", "学时未达目标", "未报送"]
    assert sheet(june, YOUTH)[1:] == [
        ("机关处室", "办公室", 4, 4, 1.0, "—", "—", "重复参学：上报 5 人，按 100% 计"),
        ("机关处室", "法规处", 0, 0, "—", "—", "—", "无应参加人员"),
        ("基层单位", "水务中心", 6, 3, 0.5, "—", "—", "参学率未达目标"),
        ("基层单位", "监测站", None, None, None, None, None, "未报送"),
    ]
    formats = {
        cell.column_letter: cell.number_format for cell in openpyxl.load_workbook(june / "学情通报.xlsx")[XUEXI][4]
    }
    assert (formats["E"], formats["F"], formats["H"]) == ("0.0%", "+0.0;-0.0;0.0", "0.0")


def test_the_first_month_has_nothing_to_compare_with(home_of_june: Path, tmp_path: Path) -> None:
    write(home_of_june, tmp_path, month=5)
    said = paragraphs(tmp_path)
    assert any("参学率93.9%，较上月—，较上年同期—" in text for text in said)
    assert said.count("本月没有单位报送。") == 2  # the other platforms
    assert any("监测站未报送本月数据。" in text for text in said)
    assert not any("数据有误" in text for text in said)  # the bad record was of June


def test_a_month_without_figures_and_a_year_without_a_publication_are_sentences(
    home_of_june: Path, tmp_path: Path
) -> None:
    for year, month, key in ((2023, 7, "bulletin_no_figures"), (2022, 6, "publication_missing")):
        with pytest.raises(KaoheError) as caught:
            Bulletin(year, month, home_of_june, tmp_path)
        assert caught.value.key == key
    done = in_process("bulletin", "--year", 2023, "--month", 7, "--home", home_of_june)
    assert (done.returncode, done.stdout) == (2, "")
    assert "没有 2023 年 7 月的学情统计" in done.stderr
    done = in_process("bulletin", "--year", 2023, "--month", 13, "--home", home_of_june)
    assert done.returncode == 2
    assert "--month 的值不对" in done.stderr


def test_a_snapshot_that_is_broken_is_a_sentence(home_of_june: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(home_of_june / "published", home / "published")
    for path in home.rglob("snapshot.duckdb"):
        path.write_bytes(b"broken")
    with pytest.raises(KaoheError) as caught:
        Bulletin(2023, 6, home, None)
    assert caught.value.key == "snapshot_broken"


def test_the_command_writes_the_same_bytes_in_a_process_of_its_own(
    home_of_june: Path, june: Path, server: str, prefect_home: Path
) -> None:
    done = kaohe(
        "bulletin", "--year", 2023, "--month", 6, "--home", home_of_june,
        PREFECT_API_URL=server, PREFECT_HOME=str(prefect_home), PYTHONHASHSEED="7",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "未报送 2 个单位，数据有误待更正 1 个单位" in done.stdout
    files = sorted((home_of_june / "bulletins" / "2023-06").iterdir())
    assert [path.name for path in files] == [path.name for path in sorted(june.iterdir())]
    for path in files:
        assert str(path) in done.stdout
        assert path.read_bytes() == (june / path.name).read_bytes()


def test_english(home_of_june: Path, tmp_path: Path) -> None:
    from kaohe.words import use_language

    use_language("en")
    write(home_of_june, tmp_path)
    said = paragraphs(tmp_path)
    assert "1. Overall" in said
    assert "(1) 学习强国" in said
    assert any(
        "33 were enrolled and 30 took part: 90.9%; on last month down 3.0 percentage points" in text for text in said
    )
    assert openpyxl.load_workbook(tmp_path / "学情通报.xlsx").sheetnames[0] == "overall"


# --- From 2024 on ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home_of_2024(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    folder = tmp_path_factory.mktemp("2024")
    inbox = folder / "inbox"
    write_csv(inbox / "名册.csv", registry(*UNITS))
    rows = [[row[0], str(row[1]).replace("2023年", "2024年").replace("2022年", "2023年"), *row[2:]] for row in ROWS]
    write_csv(inbox / "学情.csv", [HEADINGS, *rows])
    home = folder / "home"
    assess(inbox, home, year=2024, as_of=dt.date(2024, 7, 5))
    return home


def test_from_2024_on_no_unit_is_named_and_the_rule_is(home_of_2024: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(home_of_2024, out, year=2024)
    assert openpyxl.load_workbook(out / "学情通报.xlsx").sheetnames == ["总体"]
    assert sheet(out, "总体")[1:] == JUNE_TOTALS
    said = paragraphs(out)
    text = "\n".join([*said, *("\n".join(row) for table in tables(out) for row in table)])
    for _, name, _ in UNITS:
        assert name not in text
    for word in ("较高", "较低", "附件", "目标", "按名称"):
        assert word not in text
    assert "根据《整治形式主义为基层减负若干规定》《政务移动互联网应用程序规范化管理办法》，自2024年起" in said[2]
    assert "参学率90.9%，较上月下降3.0个百分点，较上年同期上升2.0个百分点" in text
    assert "数据有误待更正1个。" in text
    assert "1个单位未报送上海干部在线学习城数据。" in text
    assert "1个单位参加人数多于应参加人数（重复参学），按100%计。" in text
    assert any(line.endswith("注重实效。") and "不得以参学率、积分、学时" in line for line in said)


def test_the_rule_is_the_contracts(home_of_2024: Path, tmp_path: Path, project: Project) -> None:
    """Were the rule in force from 2025 on, units of 2024 would still be named."""
    contract = project.expectations / "study_stat.yml"
    contract.write_text(contract.read_text("utf-8").replace("from_year: 2024", "from_year: 2025"), "utf-8")
    write(home_of_2024, tmp_path / "out", year=2024)
    assert "参学率较低的单位：法规处（66.7%）。" in paragraphs(tmp_path / "out")


# --- The template is data --------------------------------------------------------------------------------------------


def test_the_wording_is_changed_without_a_line_of_code(home_of_june: Path, tmp_path: Path, project: Project) -> None:
    path = project.templates / "study_bulletin.yml"
    path.write_text(path.read_text("utf-8").replace("issuer: 局机关党委", "issuer: 中共某局委员会"), "utf-8")
    write(home_of_june, tmp_path / "out")
    assert "中共某局委员会" in paragraphs(tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        pytest.param("人均积分{score}分", "人均积分{points}分", "template_blank", "{points}", id="unknown blank"),
        pytest.param("人均积分{score}分", "人均积分{score分", "template_blank", "{score分", id="open brace"),
        pytest.param("  issuer: 局机关党委\n", "", "yaml_wrong", "issuer", id="missing sentence"),
        pytest.param("when: below", "when: bellow", "yaml_wrong", "bellow", id="misspelt when"),
    ],
)
def test_a_mistake_in_the_template_names_the_file(
    home_of_june: Path, tmp_path: Path, project: Project, old: str, new: str, key: str, said: str
) -> None:
    path = project.templates / "study_bulletin.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KaoheError) as caught:
        write(home_of_june, tmp_path / "out")
    assert caught.value.key == key
    assert "study_bulletin.yml" in str(caught.value)
    assert said in str(caught.value)
    assert not list((tmp_path / "out").glob("*"))


def test_both_languages_fill_in_the_same() -> None:
    import string

    from kaohe.bulletin.text import Template
    from kaohe.yamlfile import read_yaml
    from tests.helpers import ROOT

    template = read_yaml(ROOT / "data" / "templates" / "study_bulletin.yml", Template)

    def blanks(value: object) -> object:
        if isinstance(value, str):
            return sorted({name for _, name, _, _ in string.Formatter().parse(value) if name})
        if isinstance(value, dict):
            return {key: value[key] if key == "when" else blanks(value[key]) for key in value}
        assert isinstance(value, list)
        return [blanks(item) for item in value]

    assert blanks(template.zh.model_dump()) == blanks(template.en.model_dump())
