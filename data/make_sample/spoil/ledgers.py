"""Bad rows of all other tables, each in one line: the kind of record, what is wrong, and the cells that say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from make_sample.bureau.books import Books
from make_sample.chance import YEAR
from make_sample.records import (
    AdverseEvent,
    CadreAction,
    CalendarDay,
    CampaignSession,
    Candidate,
    ClueSummary,
    Correction,
    Election,
    FirstTopic,
    FrontlinePost,
    Guidance,
    Honor,
    InnovationCase,
    InspectionPlan,
    IntegrityTalk,
    JointStudy,
    LoyaltySession,
    Meeting,
    Member,
    ModelOffice,
    Notice,
    R,
    Record,
    Rectification,
    Request,
    Review,
    Risk,
    ScoreAppeal,
    SecretaryMeeting,
    Talk,
    Task,
    Training,
    UnitedFrontActivity,
    WarningSession,
)

_FUTURE = date(2024, 6, 18)  # after the as-of date


def spoil_ledgers(books: Books) -> None:
    """Put the bad rows into the books."""
    spoiler = _Spoiler(books)
    _registries(spoiler)
    _theory(spoiler)
    _foundation(spoiler)
    _organisational_life(spoiler)
    _synergy(spoiler)
    _integrity(spoiler)
    _decisions(spoiler)
    _oddities(spoiler)


@dataclass
class _Spoiler:
    books: Books

    def cell(self, kind: type[Record], note: str, /, **raw: str) -> None:
        """A record with a cell that cannot be read."""
        self.books.add(self._take(kind), "bad_cell", note, **raw)

    def unit(self, kind: type[Record], name: str, column: str = "unit_id") -> None:
        """A record of a unit that nobody knows."""
        self.books.add(self._take(kind), "unknown_unit", "misspelt or foreign unit", **{column: name})

    def rule(self, kind: type[R], note: str, change: Callable[[R], R] | None = None, /, **raw: str) -> None:
        """A record that breaks a rule of its contract: by a change, or by cells as they stand in the file."""
        row = self._take(kind)
        self.books.add(change(row) if change else row, "rule", note, **raw)

    def beside(self, kind: type[Record], key: str, reason: str, note: str, /, **raw: str) -> None:
        """As the others, but beside the good records of a small table, under a number of its own."""
        row = self.books.rng(f"beside/{key}").choice(self.books.of(kind))
        self.books.add(replace(row, **{kind.KEY[0]: key}), reason, note, **raw)

    def twice(self, kind: type[Record]) -> None:
        """A record that is there twice, word for word."""
        self.books.add(self.books.pick(self.books.of(kind)), "duplicate", "the same row twice")

    def conflict(self, kind: type[R], note: str, change: Callable[[R], R]) -> None:
        """A record that is there twice with different cells: both go."""
        row = self._take(kind)
        self.books.add(row, "conflict", note)
        self.books.add(change(row), "conflict", note)

    def future(self, kind: type[Record], /, **changes: Any) -> None:
        """A record whose day is yet to come: quarantined until then."""
        if kind.EVENT is None:
            raise ValueError(f"{kind.TABLE} has no event")
        row = self.books.pick(self.books.of(kind))
        changed = replace(row, **{kind.EVENT: _FUTURE}, **changes)
        self.books.change(row, changed, "after the as-of date: quarantined while the day has not come")

    def odd(
        self, kind: type[R], note: str, change: Callable[[R], R], fits: Callable[[R], bool] = lambda _: True
    ) -> None:
        """A good record that somebody should look at."""
        row = self.books.pick(self.books.of(kind), fits)
        self.books.change(row, change(row), f"warning: {note}")

    def _take(self, kind: type[R]) -> R:
        """A good record, out of the books; not a secretary, and no review without which its unit would be pending."""

        def spare(row: Record) -> bool:
            return getattr(row, "role", "") != "书记" and (not isinstance(row, Review) or row.attributed_year < YEAR)

        return self.books.take(self.books.of(kind), spare)


def _came_more(row: Any) -> Any:
    return replace(row, attend_count=row.due_count + 2)


def _registries(spoiler: _Spoiler) -> None:
    spoiler.cell(Member, "a date in words", valid_from="入党多年")
    spoiler.unit(Member, "排水管理中心站")
    spoiler.twice(Member)
    spoiler.conflict(Member, "one member, exempt and not", lambda row: replace(row, exempt=not row.exempt))
    spoiler.rule(Member, "left before joining", lambda row: replace(row, valid_to=row.valid_from - timedelta(days=30)))
    spoiler.rule(Member, "a status that does not exist", status="积极分子")
    spoiler.twice(CalendarDay)
    spoiler.books.add(CalendarDay(date(2025, 1, 1), False), "bad_cell", "neither worked nor free", is_workday="待定")


def _theory(spoiler: _Spoiler) -> None:
    spoiler.cell(FirstTopic, "month 13", held_on="2023年13月5日")
    spoiler.cell(FirstTopic, "neither yes nor no", is_first_item="基本是")
    spoiler.unit(FirstTopic, "河道管理事物中心")
    spoiler.twice(FirstTopic)
    spoiler.cell(JointStudy, "hours in words", hours="两小时")
    spoiler.rule(JointStudy, "more came than were due", _came_more)
    spoiler.future(JointStudy)
    spoiler.rule(CampaignSession, "a kind that does not exist", kind="座谈")
    spoiler.cell(CampaignSession, "a number with 余", covered_count="30余人")
    spoiler.cell(Training, "a number with 约", hours="约20")
    spoiler.cell(Training, "a day that does not exist", start_on="2023.9.31")
    spoiler.unit(Training, "水务管理事物中心")
    spoiler.twice(Training)
    spoiler.conflict(Training, "one course, two numbers of hours", lambda row: replace(row, hours=row.hours + 4))
    spoiler.rule(Training, "a group that does not exist", trainee_group="群众")
    spoiler.rule(Training, "negative hours", lambda row: replace(row, hours=-row.hours))
    spoiler.rule(Honor, "a level that does not exist", level="镇")
    spoiler.twice(Honor)
    spoiler.rule(LoyaltySession, "more came than were due", _came_more)
    spoiler.cell(LoyaltySession, "a number with 约", attend_count="约30")


def _foundation(spoiler: _Spoiler) -> None:
    spoiler.cell(Task, "a date in words", due_on="年底前")
    spoiler.unit(Task, "监测总站")
    spoiler.rule(Task, "nobody is responsible", owner="　")
    spoiler.beside(
        Election, "D17", "rule", "extended to a day before the election is due", extension_approved_to="2019.1.1"
    )
    spoiler.beside(
        Candidate, "FZ901", "rule", "approved before the meeting", meeting_on="2023.8.1", approved_on="2023.5.1"
    )
    spoiler.beside(Candidate, "FZ902", "bad_cell", "a date in words", talked_on="已谈话")
    spoiler.rule(SecretaryMeeting, "neither there nor away", attended="请假")
    spoiler.conflict(SecretaryMeeting, "one meeting, there and away", _other_attendance)
    spoiler.twice(SecretaryMeeting)
    spoiler.rule(Guidance, "a tier that does not exist", tier="D")
    spoiler.rule(InspectionPlan, "there is no third round", round="3")
    spoiler.twice(InspectionPlan)
    spoiler.beside(InnovationCase, "CX901", "rule", "no number of the case", case_key="")
    spoiler.rule(CadreAction, "an item that does not exist", item="考察")
    spoiler.cell(CadreAction, "a date in words", done_on="按期完成")
    spoiler.rule(ModelOffice, "a grade that does not exist", grade="E")
    spoiler.conflict(
        ModelOffice, "one goal, two grades", lambda row: replace(row, grade="D" if row.grade != "D" else "C")
    )


def _other_attendance(row: SecretaryMeeting) -> SecretaryMeeting:
    return replace(row, attended="缺席" if row.attended != "缺席" else "本人")


def _organisational_life(spoiler: _Spoiler) -> None:
    spoiler.cell(Meeting, "a number with 约", attend_count="约20")
    spoiler.cell(Meeting, "a type that does not exist", types="支部党员大会、座谈会")
    spoiler.cell(Meeting, "30 February", held_on="2023.2.30")
    spoiler.unit(Meeting, "浦东新区川纱水务管理站")
    spoiler.unit(Meeting, "区城管执法局")
    spoiler.twice(Meeting)
    spoiler.twice(Meeting)
    spoiler.conflict(Meeting, "one record, two topics", lambda row: replace(row, topic="另有议题"))
    spoiler.rule(Meeting, "more came than were due", _came_more)
    spoiler.rule(Meeting, "nobody presided", host="　")
    spoiler.rule(Meeting, "a negative number of absences", leave_count="-1")
    for _ in range(2):
        spoiler.future(Meeting, created_on=None)
    spoiler.cell(Rectification, "a date in words", due_on="立行立改")
    spoiler.rule(Rectification, "an origin that does not exist", origin="自查")
    spoiler.rule(Review, "more grades than people", lambda row: replace(row, qualified=row.due_count + 1))
    spoiler.conflict(Review, "one review, two days", lambda row: replace(row, held_on=row.held_on + timedelta(days=7)))
    spoiler.cell(Talk, "two days in one cell", talked_on="2023.11.2、11.9")
    spoiler.unit(Talk, "环境督察处")
    spoiler.twice(Talk)
    spoiler.rule(Talk, "with whom is not said", member_id="　")


def _synergy(spoiler: _Spoiler) -> None:
    spoiler.cell(FrontlinePost, "days in words", days="一周")
    spoiler.rule(FrontlinePost, "a negative number of days", lambda row: replace(row, days=-row.days))
    spoiler.unit(FrontlinePost, "防汛指挥中心（筹）")
    spoiler.rule(UnitedFrontActivity, "a kind that does not exist", kind="青联")
    spoiler.future(UnitedFrontActivity)


def _integrity(spoiler: _Spoiler) -> None:
    spoiler.rule(Risk, "a level that does not exist", level="特高")
    spoiler.cell(Risk, "a date that is none", reviewed_on="2023年四季度")
    spoiler.twice(Risk)
    spoiler.rule(WarningSession, "more came than were due", _came_more)
    spoiler.unit(WarningSession, "执法大对")
    spoiler.rule(
        IntegrityTalk, "more talked with than should be", lambda row: replace(row, talked_count=row.due_count + 1)
    )
    spoiler.cell(IntegrityTalk, "a fraction in words", talked_count="全部")
    spoiler.beside(Request, "SQ901", "unknown_unit", "handled by nobody known", handler_unit_id="局信访办（原）")
    spoiler.beside(Request, "SQ902", "rule", "closed before it was received", closed_on="2021.3.1")
    spoiler.rule(ClueSummary, "a quarter written otherwise", quarter="2023年一季度")


def _decisions(spoiler: _Spoiler) -> None:
    spoiler.beside(Notice, "TB2023-91", "rule", "a level that does not exist", level="镇")
    spoiler.beside(Notice, "TB2023-92", "unknown_unit", "misspelt unit", unit_id="海糖所")
    spoiler.beside(AdverseEvent, "SJ2023-91", "rule", "approved by nobody", approver="　")
    spoiler.beside(ScoreAppeal, "SS2024-91", "rule", "decided before it was filed", decided_on=f"{YEAR}.3.1")
    first = spoiler.books.of(Correction)[0]
    spoiler.books.add(replace(first, target_column="topic"), "rule", "no document says so", source_doc="　")


def _oddities(spoiler: _Spoiler) -> None:
    """Kept, but flagged."""
    odd = spoiler.odd
    odd(JointStudy, "thirty hours in a day", lambda row: replace(row, hours=row.hours * 10), lambda row: row.hours > 2)
    odd(CampaignSession, "more covered than members", lambda row: replace(row, covered_count=row.covered_count + 200))
    odd(Training, "a digit too many", lambda row: replace(row, hours=row.hours * 10))
    odd(Meeting, "more there and away than due", lambda row: replace(row, leave_count=row.due_count))
    odd(
        Meeting,
        "it does not say which group met",
        lambda row: replace(row, group_id=None),
        lambda row: row.group_id is not None,
    )
    odd(Meeting, "counted for a year long past", lambda row: replace(row, attributed_year=YEAR - 3))
    odd(
        Review,
        "counted for a year long past",
        lambda row: replace(row, attributed_year=YEAR - 3),
        lambda row: row.attributed_year < YEAR,
    )
    odd(
        Election,
        "an extension without approval",
        lambda row: replace(row, extension_approved_to=row.due_on + timedelta(days=90)),
        lambda row: row.due_on.year > YEAR + 1,
    )
    odd(
        Election,
        "due two months off its term",
        lambda row: replace(row, due_on=row.due_on + timedelta(days=60)),
        lambda row: row.due_on.year > YEAR + 1,
    )
    key = spoiler.books.of(InnovationCase)[-1].case_key
    odd(
        InnovationCase,
        "two units claim the case",
        lambda row: replace(row, case_key=key),
        lambda row: row.case_key not in (key, "AL-hezhang"),
    )
    odd(FrontlinePost, "the host is the unit itself", lambda row: replace(row, host_unit=row.unit_id))
    odd(
        InspectionPlan,
        "drawn after its month",
        lambda row: replace(row, drawn_on=row.drawn_on + timedelta(days=40)),
    )
