"""Six units' records for tests of large runs, with what goes wrong in them and what concerns units of other parts."""

from pathlib import Path

from kaohe.contracts import Contract
from tests.flows.test_rules import GOOD
from tests.large import OURS, write_table

UNITS = [f"A{n:02}" for n in range(1, 7)]
REGIONS = ["R1", "R1", "R1", "R2", "R2", None]

Record = dict[str, object]


def row(table: str, **cells: object) -> Record:
    """A good record, but for ``cells``; None: empty."""
    flags = {"是": True, "否": False, 1: True, 0: False}
    good = {
        name: flags[cell] if OURS[table].columns[name].type == "flag" else cell  # type: ignore[index]
        for name, cell in GOOD[table].items()
    }
    good.pop("inspector_unit", None)
    return {name: None if cell == "" else cell for name, cell in (good | cells).items()}


def records() -> dict[str, list[Record]]:
    """Table → its records."""
    units = [
        row("org_unit", unit_id=unit, name=f"第{n}支部", short_name=f"{n}支", region=region,
            category="机关处室" if n % 2 else "基层单位")
        for n, (unit, region) in enumerate(zip(UNITS, REGIONS, strict=True), start=1)
    ]  # fmt: skip
    aliases = [
        row("unit_alias", alias="学习一部", platform="通用", unit_id="A01"),
        row("unit_alias", alias="网上二部", platform="学习强国", unit_id="A02"),
        row("unit_alias", alias="第3支部", platform="通用", unit_id="A04"),  # taken
    ]
    members = [
        row("party_member", member_id=f"{unit}-{n}", unit_id=unit, valid_from="2020-01-01")
        for unit in UNITS for n in range(3)
    ]  # fmt: skip
    members[0]["valid_to"] = "2023-06-30"
    members.append(row("party_member", member_id="A01-0", unit_id="A06", valid_from="2023-06-30"))  # moved
    study = [
        row("study_stat", unit_id=unit, period=f"2023-{month:02}-{day}", participation_rate=rate, active=9)
        for unit, day, rate in (("A01", "01", 0.9), ("网上二部", "17", 0.8), ("Ａ０３", "01", 0.35), ("第 4 支部", "01", 1),
                                ("学习一部", "02", 0.5))
        for month in range(1, 13)
        if unit != "学习一部" or month == 13
    ]  # fmt: skip
    study += [
        row("study_stat", unit_id="学习一部", platform="青年大学习", period="2023-02-01", participation_rate=0.25),
        row("study_stat", unit_id="网上二部", platform="青年大学习", period="2023-02-01", participation_rate=0.5),
        row("study_stat", unit_id="5支", period="2023-05-01", participation_rate=-0.1),
        row("study_stat", unit_id="5支", period="2023-06-01", participation_rate=0.123456),
    ]
    inspections = [
        row("inspection", inspection_id=f"C{n}-{round_}", unit_id=unit, round=round_, agenda=n % 2 == 0,
            inspected_on=f"2023-0{round_ + 2}-0{n}")
        for n, unit in enumerate(UNITS, start=1) for round_ in (1, 2)
    ]  # fmt: skip
    inspections += [
        row("inspection", inspection_id="C1-1", unit_id="A01", inspected_on="2023-03-01", agenda=False),  # again
        row(
            "inspection", inspection_id="C2-1", unit_id="A02", inspected_on="2023-03-02", inspector="另一人"
        ),  # conflict
        row("inspection", inspection_id="C3-1", unit_id="A03", inspected_on="2024-04-03"),  # conflict, though to come
        row("inspection", inspection_id="C91", unit_id="A04", inspected_on="2024-04-01"),  # still to come
        row("inspection", inspection_id="C92", unit_id="A04", round=3),
        row("inspection", inspection_id=" C93 ", unit_id="A05", inspected_on="2023-07-01", opinion=" 规范 "),
        row("inspection", inspection_id="C94", unit_id="A05", inspected_on="2023-07-01", inspector_unit="5支"),
        row("inspection", inspection_id="C95", unit_id="没有的", inspected_on="2023-07-01"),
        row("inspection", inspection_id="C96", unit_id="A05", round=1.5),
        row("inspection", inspection_id="C97", unit_id="A05", opinion="  "),
        row("inspection", inspection_id="C98", unit_id="A05", inspector_unit="外单位没有的"),
    ]
    findings = [
        row("inspection_finding", finding_id=f"F{n}", inspection_id=f"C{n}-1", unit_id=unit, found_on="2023-03-09",
            due_on="2023-05-01", rectified_on="2023-04-01", rechecked_on="2023-04-02" if n % 2 else None)
        for n, unit in enumerate(UNITS, start=1)
    ]  # fmt: skip
    findings += [
        row(
            "inspection_finding",
            finding_id="F11",
            inspection_id="C1-2",
            unit_id="A06",
            severity="严重",
            found_on="2023-04-01",
            due_on="2023-06-01",
            rectified_on=None,
            rechecked_on=None,
        ),  # another's
        row("inspection_finding", finding_id="F12", inspection_id="C93", unit_id="A05"),
        row("inspection_finding", finding_id="F13", inspection_id="C99", unit_id="A05"),
        row("inspection_finding", finding_id="F14", inspection_id="C1-1", unit_id="A02", severity="不轻"),
        row("inspection_finding", finding_id="F15", inspection_id="C1-1", unit_id="A02", due_on="2023-02-30"),
    ]
    return {
        "org_unit": units,
        "unit_alias": aliases,
        "party_member": members,
        "study_stat": study,
        "inspection": inspections,
        "inspection_finding": findings,
        "talk_record": [
            row(
                "talk_record", talk_id="T1", unit_id="A06", member_id="A01-1", talked_on="2023-05-01"
            ),  # another's member
            row(
                "talk_record", talk_id="T2", unit_id="A01", member_id="A01-0", talked_on="2023-05-01"
            ),  # who moved since
            row("talk_record", talk_id="T3", unit_id="A03", member_id="A03-2", talked_on="2023-05-01"),
        ],
        "training_record": [
            row("training_record", course_id="K1", member_id="A01-0", unit_id="A01", hours=20),
            row("training_record", course_id="K2", member_id="A01-0", unit_id="A06", hours=12.5),
            row("training_record", course_id="K1", member_id="A05-1", unit_id="A02", hours=32),
        ],
        "appeal_request": [
            row("appeal_request", request_id="Q1", unit_id="A01", handler_unit_id="A06", closed_on=None),
            row("appeal_request", request_id="Q2", unit_id="A05", handler_unit_id="2支"),
            row("appeal_request", request_id="Q3", unit_id="A05", handler_unit_id="5支"),
        ],
        "campaign_session": [
            *[row("campaign_session", session_id="X1", unit_id="A02", covered_count=2)] * 3,
            row("campaign_session", session_id="X2", unit_id="A02", covered_count=1),
        ],
        "notice": [row("notice", notice_id="N1", unit_id="A04", finding_id="F1")],
        "adverse_event": [row("adverse_event", event_id="E1", unit_id="A03", finding_id="F3")],
        "honor": [row("honor", honor_id="H1", unit_id="A05", level="市")],
        "clue_summary": [row("clue_summary", unit_id="A05", quarter="2023Q5", clues=3)],
    }


#: Columns that are of other types in the files than in the contract.
OTHER_TYPES = {
    "study_stat": {"participation_rate": "double", "period": "timestamp", "enrolled": "integer", "active": "double"},
    "inspection": {"round": "double", "inspected_on": "timestamp"},
    "inspection_finding": {"due_on": "varchar"},
    "training_record": {"hours": "float"},
    "campaign_session": {"covered_count": "utinyint"},
    "org_unit": {"member_count": "integer", "valid_from": "varchar"},
}


def write_office(inbox: Path, **changed: list[Record]) -> Path:
    """Write the office as Parquet; ``changed``: tables in place of its own."""
    for table, rows in (records() | changed).items():
        contract: Contract = OURS[table]
        write_table(inbox / f"{table}.parquet", contract, rows, OTHER_TYPES.get(table, {}))
    return inbox
