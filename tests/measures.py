"""A bench for one model of sql/base, sql/measures or sql/alerts: a few rows in, all its rows out."""

import datetime as dt
from decimal import Decimal

import duckdb

from kaohe.contracts import SQL_TYPES, Contract, load_contracts
from kaohe.models import tables_in
from kaohe.sqltext import quoted
from tests.helpers import AS_OF, ROOT, YEAR

SQL = ROOT / "sql"
D = Decimal

#: The first columns of the tables that contracts describe, in the order in which tests give them; the others follow in
#: the contract's own order.
FIRST = {
    "adverse_event": "unit_id event_id level _year _rec",
    "appeal_request": "unit_id handler_unit_id request_id due_on closed_on _year _rec",
    "cadre_action": "unit_id action_id planned_on done_on _year _rec",
    "campaign_session": "unit_id campaign held_on covered_count _year _rec",
    "clue_summary": "unit_id quarter clues _rec",
    "democratic_review": "unit_id _year excellent qualified basic unqualified _rec",
    "election": "unit_id term_start due_on held_on extension_approved_to approval_no _year _rec",
    "first_topic": "unit_id held_on is_first_item _year _rec",
    "frontline_post": "unit_id post_id member_id days outcome _year _rec start_on",
    "guidance_log": "unit_id guidance_id tier reason followed_up_on _rec",
    "honor": "unit_id honor_id title level publicised_on case_key _year _rec",
    "innovation_case": "unit_id case_key level _year _rec",
    "inspection": "unit_id inspection_id _year round fixed_time agenda procedure detailed_record _rec inspected_on",
    "inspection_finding": "unit_id finding_id inspection_id severity _year due_on rechecked_on _rec category",
    "inspection_plan": "unit_id year month round _rec",
    "integrity_risk": "unit_id risk_id level measure owner reviewed_on _rec",
    "integrity_talk": "unit_id talk_id due_count talked_count _year _rec",
    "joint_study": "unit_id held_on due_count attend_count _year _rec",
    "loyalty_education": "unit_id held_on due_count attend_count _year _rec",
    "member_development": "unit_id person_id applied_on talked_on activist_on object_on training_hours prereview_on "
    "meeting_on approved_on regular_on _rec",
    "model_office": "unit_id goal grade _year _rec",
    "notice": "unit_id notice_id level finding_id _year _rec",
    "org_life_record": "unit_id record_id group_id types held_on topic host recorder due_count attend_count resolutions "
    "text_hash created_on _year _rec",
    "org_unit": "unit_id name category valid_from valid_to has_committee group_count party_org_type _rec member_count",
    "pairing_activity": "unit_id activity_id agreement_id held_on theme _year _rec",
    "pairing_agreement": "unit_id agreement_id partner_type signed_on expires_on _rec partner",
    "pairing_item": "item_id agreement_id kind due_on done_on _rec",
    "party_member": "member_id unit_id status role exempt valid_from valid_to _rec",
    "rectification": "unit_id item_id origin due_on done_on _year _rec",
    "secretary_meeting": "unit_id meeting_id attended reported _year _rec",
    "study_stat": "unit_id platform period enrolled passed participation_rate _rec",
    "talk_record": "unit_id member_id _year _rec talked_on",
    "task_breakdown": "unit_id task_id due_on done_on _year _rec",
    "training_record": "member_id unit_id trainee_group hours _year _rec start_on",
    "united_front_activity": "unit_id held_on _year _rec",
    "warning_education": "unit_id held_on due_count attend_count _year _rec",
}

#: The columns of tables that a run makes, in the order in which tests give them.
MADE = {
    "assessed_unit": "unit_id varchar, valid_from date, valid_to date, category varchar",
    "indicator_scores": "unit_id varchar, indicator varchar, status varchar",
    "member_now": "member_id varchar, unit_id varchar, status varchar, role varchar, exempt boolean",
    "month_due": "unit_id varchar, item varchar, month_start date",
    "param": "name varchar, key varchar, text varchar, number decimal(18,6), effective_from date, effective_to date",
    "quarter_due": "unit_id varchar, item varchar, quarter_start date",
    "scheme_grade": "position integer, grade varchar, title varchar, at_least decimal(9,2)",
    "scheme_indicator": "indicator varchar, deadline date",
    "scheme_node": "node varchar, title varchar, position integer",
    "scheme_veto": "veto varchar, lowest_position integer",
    "scores": "unit_id varchar, total decimal(9,2), veto varchar, status varchar",
    "unit_rank": "unit_id varchar, rank bigint, sharing bigint, ranked_units bigint",
    "valid_activity": "unit_id varchar, _rec varchar, held_on date, partner_type varchar",
    "valid_meeting": "unit_id varchar, type varchar, group_id varchar, held_on date, due_count bigint, "
    "attend_count bigint, _year bigint, _rec varchar",
}


def _columns(contract: Contract) -> str:
    types = {name: SQL_TYPES[column.type] for name, column in contract.columns.items()}
    types |= {"_year": "bigint", "_rec": "varchar"}
    first = FIRST.get(contract.table, "").split()
    return ", ".join(f"{quoted(name)} {types[name]}" for name in dict.fromkeys([*first, *types]))


#: Every table that a model may read, with its columns.
TABLES = {name: _columns(contract) for name, contract in load_contracts(ROOT / "expectations").items()} | MADE

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
