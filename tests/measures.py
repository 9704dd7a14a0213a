"""A bench for one model of sql/base, sql/measures or sql/alerts: a few rows in, all its rows out."""

import datetime as dt
from decimal import Decimal

import duckdb

from kaohe.models import tables_in
from tests.helpers import AS_OF, ROOT, YEAR

SQL = ROOT / "sql"
D = Decimal

#: The columns that the SQL reads, by table, in the order in which tests give them.
TABLES = {
    "adverse_event": "unit_id varchar, event_id varchar, level varchar, _year bigint, _rec varchar",
    "appeal_request": "unit_id varchar, handler_unit_id varchar, request_id varchar, due_on date, closed_on date, "
    "_year bigint, _rec varchar",
    "assessed_unit": "unit_id varchar, valid_from date, valid_to date, category varchar",
    "cadre_action": "unit_id varchar, action_id varchar, planned_on date, done_on date, _year bigint, _rec varchar",
    "campaign_session": "unit_id varchar, campaign varchar, held_on date, covered_count bigint, _year bigint, "
    "_rec varchar",
    "clue_summary": "unit_id varchar, quarter varchar, clues bigint, _rec varchar",
    "democratic_review": "unit_id varchar, _year bigint, excellent bigint, qualified bigint, basic bigint, "
    "unqualified bigint, _rec varchar",
    "election": "unit_id varchar, term_start date, due_on date, held_on date, extension_approved_to date, "
    "approval_no varchar, _year bigint, _rec varchar",
    "first_topic": "unit_id varchar, held_on date, is_first_item boolean, _year bigint, _rec varchar",
    "frontline_post": "unit_id varchar, post_id varchar, member_id varchar, days bigint, outcome varchar, "
    "_year bigint, _rec varchar, start_on date",
    "guidance_log": "unit_id varchar, guidance_id varchar, tier varchar, reason varchar, followed_up_on date, "
    "_rec varchar",
    "honor": "unit_id varchar, honor_id varchar, title varchar, level varchar, publicised_on date, case_key varchar, "
    "_year bigint, _rec varchar",
    "indicator_scores": "unit_id varchar, indicator varchar, status varchar",
    "innovation_case": "unit_id varchar, case_key varchar, level varchar, _year bigint, _rec varchar",
    "inspection": "unit_id varchar, inspection_id varchar, _year bigint, round bigint, fixed_time boolean, "
    "agenda boolean, procedure boolean, detailed_record boolean, _rec varchar, inspected_on date",
    "inspection_finding": "unit_id varchar, finding_id varchar, inspection_id varchar, severity varchar, _year bigint, "
    "due_on date, rechecked_on date, _rec varchar, category varchar",
    "inspection_plan": "unit_id varchar, year bigint, month bigint, round bigint, _rec varchar",
    "integrity_risk": "unit_id varchar, risk_id varchar, level varchar, measure varchar, owner varchar, "
    "reviewed_on date, _rec varchar",
    "integrity_talk": "unit_id varchar, talk_id varchar, due_count bigint, talked_count bigint, _year bigint, "
    "_rec varchar",
    "joint_study": "unit_id varchar, held_on date, due_count bigint, attend_count bigint, _year bigint, _rec varchar",
    "loyalty_education": "unit_id varchar, held_on date, due_count bigint, attend_count bigint, _year bigint, "
    "_rec varchar",
    "member_development": "unit_id varchar, person_id varchar, applied_on date, talked_on date, activist_on date, "
    "object_on date, training_hours decimal(18,6), prereview_on date, meeting_on date, approved_on date, "
    "regular_on date, _rec varchar",
    "member_now": "member_id varchar, unit_id varchar, status varchar, role varchar, exempt boolean",
    "model_office": "unit_id varchar, goal varchar, grade varchar, _year bigint, _rec varchar",
    "month_due": "unit_id varchar, item varchar, month_start date",
    "notice": "unit_id varchar, notice_id varchar, level varchar, finding_id varchar, _year bigint, _rec varchar",
    "org_life_record": "unit_id varchar, record_id varchar, group_id varchar, types varchar[], held_on date, "
    "topic varchar, host varchar, recorder varchar, due_count bigint, attend_count bigint, resolutions varchar, "
    "text_hash varchar, created_on date, _year bigint, _rec varchar",
    "org_unit": "unit_id varchar, name varchar, category varchar, valid_from date, valid_to date, "
    "has_committee boolean, group_count bigint, party_org_type varchar, _rec varchar, member_count bigint",
    "pairing_activity": "unit_id varchar, activity_id varchar, agreement_id varchar, held_on date, theme varchar, "
    "_year bigint, _rec varchar",
    "pairing_agreement": "unit_id varchar, agreement_id varchar, partner_type varchar, signed_on date, "
    "expires_on date, _rec varchar, partner varchar",
    "pairing_item": "item_id varchar, agreement_id varchar, kind varchar, due_on date, done_on date, _rec varchar",
    "param": "name varchar, key varchar, text varchar, number decimal(18,6), effective_from date, effective_to date",
    "party_member": "member_id varchar, unit_id varchar, status varchar, role varchar, exempt boolean, "
    "valid_from date, valid_to date, _rec varchar",
    "quarter_due": "unit_id varchar, item varchar, quarter_start date",
    "rectification": "unit_id varchar, item_id varchar, origin varchar, due_on date, done_on date, _year bigint, "
    "_rec varchar",
    "scheme_grade": "position integer, grade varchar, title varchar, at_least decimal(9,2)",
    "scheme_indicator": "indicator varchar, deadline date",
    "scheme_node": "node varchar, title varchar, position integer",
    "scheme_veto": "veto varchar, lowest_position integer",
    "scores": "unit_id varchar, total decimal(9,2), veto varchar, status varchar",
    "secretary_meeting": "unit_id varchar, meeting_id varchar, attended varchar, reported boolean, _year bigint, "
    "_rec varchar",
    "study_stat": "unit_id varchar, platform varchar, period date, enrolled bigint, passed bigint, "
    "participation_rate decimal(18,6), _rec varchar",
    "talk_record": "unit_id varchar, member_id varchar, _year bigint, _rec varchar, talked_on date",
    "task_breakdown": "unit_id varchar, task_id varchar, due_on date, done_on date, _year bigint, _rec varchar",
    "training_record": "member_id varchar, unit_id varchar, trainee_group varchar, hours decimal(18,6), "
    "_year bigint, _rec varchar, start_on date",
    "unit_rank": "unit_id varchar, rank bigint, sharing bigint, ranked_units bigint",
    "united_front_activity": "unit_id varchar, held_on date, _year bigint, _rec varchar",
    "valid_activity": "unit_id varchar, _rec varchar, held_on date, partner_type varchar",
    "valid_meeting": "unit_id varchar, type varchar, group_id varchar, held_on date, due_count bigint, "
    "attend_count bigint, _year bigint, _rec varchar",
    "warning_education": "unit_id varchar, held_on date, due_count bigint, attend_count bigint, _year bigint, "
    "_rec varchar",
}

Row = tuple[object, ...]

#: Ends of a parameter that never changes.
OPEN = ("0001-01-01", "9999-12-31")


def run(model: str, *, as_of: str | dt.date = AS_OF, **tables: list[Row]) -> list[Row]:
    """The rows of one model, in order. A measure's are (unit_id, item, due, done, records), an alert's (unit_id, item,
    level, due_on, days, number, text, records), cast as a run casts them; ``tables`` are the ones it reads, as rows
    under ``TABLES``. What a row leaves out at its end is null."""
    last_day = dt.date(YEAR, 12, 31)
    seen_on = dt.date.fromisoformat(str(as_of))
    text = (SQL / f"{model}.sql").read_text(encoding="utf-8")
    with duckdb.connect() as con:
        con.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
        con.execute(
            "create table assessment as select ? as year, ? as as_of, ? as year_start, ? as year_end, ? as period_end",
            [YEAR, seen_on, dt.date(YEAR, 1, 1), last_day, min(seen_on, last_day)],
        )
        for table, rows in {"param": [], **tables}.items():
            columns = [column.split()[0] for column in TABLES[table].split(", ")]
            con.execute(f"create table {table} ({TABLES[table]})")
            for row in rows:
                names = ", ".join(columns[: len(row)])
                con.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row))
        for name in sorted(tables_in(text) - {"assessment", "param", *tables}):  # shared models that were not given
            con.execute(f"create view {name} as {(SQL / 'base' / f'{name}.sql').read_text(encoding='utf-8')}")
        if model.startswith("measures/"):
            text = (
                "select unit_id, cast(item as varchar), cast(due as decimal(18,6)), cast(done as decimal(18,6)), "
                f"coalesce(list_sort(records), []) from ({text}\n)"
            )
        if model.startswith("alerts/"):
            text = (
                "select unit_id, cast(item as varchar), level, cast(due_on as date), cast(days as bigint), "
                f"cast(number as decimal(18,6)), cast(text as varchar), coalesce(list_sort(records), []) from ({text}\n)"
            )
        return con.sql(f"select * from ({text}\n) order by all").fetchall()


def param(name: str, value: object, key: str | None = None, during: tuple[str, str] = OPEN) -> Row:
    """A parameter of a scheme, laid out as a run does: its text, and its number if it is one."""
    return name, key, str(value), None if isinstance(value, str) else str(value), *during


def params(**given: object) -> list[Row]:
    """Parameters as a scheme writes them: a value, a list of values, or values by key."""
    rows: list[Row] = []
    for name, value in given.items():
        if isinstance(value, dict):
            rows += [param(name, each, key) for key, each in value.items()]
        else:
            rows += [param(name, each) for each in (value if isinstance(value, list) else [value])]
    return rows


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def units(*names: str) -> list[Row]:
    """Assessed units that were always there."""
    return [(name, "2015-01-01", None, "基层单位") for name in names]


def months(*numbers: int, unit: str = "U") -> list[Row]:
    """Months of the assessed year that are due from a unit."""
    return [(unit, f"{YEAR}-{number:02}", f"{YEAR}-{number:02}-01") for number in numbers]


def quarters(*numbers: int, unit: str = "U") -> list[Row]:
    """Quarters of the assessed year that are due from a unit."""
    return [(unit, f"{YEAR}Q{number}", f"{YEAR}-{3 * number - 2:02}-01") for number in numbers]
