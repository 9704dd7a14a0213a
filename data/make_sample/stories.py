"""Units with a story: what each shows, so that every status, trap and alert is in the sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Whole units.
PERFECT: Final = ("J03", "J11")
NO_DATA: Final = "D20"
SET_UP_IN_MAY: Final = "D36"
CLOSED_IN_JUNE: Final = "D37"
TAKES_OVER: Final = "D09"
WEAK: Final = ("J05", "D07", "D29")
ENDS_LATER: Final = "J24"
ODD_COMMITTEE: Final = ("J13", "D30")
NO_COMMITTEE: Final = ("J07", "J16", "D25", "D33")
CAPPED_BONUS: Final = "J04"
TWINS: Final = ("D17", "D21")  # perfect but for what they do not report

# Study and spot checks.
NO_YOUTH: Final = "J09"
YOUTH_UNREPORTED: Final = "D22"
STUDY_UNREPORTED: Final = "J22"
NOT_IN_ROUND_2: Final = "D15"
NEVER_INSPECTED: Final = "D33"

# Pairing.
NO_PROJECTS: Final = ("J16", "D12", "D28")
PAIRING_UNREPORTED: Final = "D31"
INDUSTRY_ONLY: Final = "D18"
EXPIRES_SOON: Final = ("J08", "D24")

# Organisational life.
ALL_IN_DECEMBER: Final = "D04"
COPIES: Final = ("D02", "J10")
LATE_REPORTS: Final = "J23"
TOO_MANY_EXCELLENT: Final = ("D01", "J15")
LOW_TURNOUT: Final = "D16"
HALF_A_COMMITTEE: Final = "D11"
GROUP_MISSING: Final = "D03"
NO_RECORD: Final = "D08"
ORG_LIFE_UNREPORTED: Final = "D34"
REVIEW_PENDING: Final = "J17"
LATE_RECTIFICATION: Final = ("J12", "D07", "D29")

# Elections.
ON_TIME_AFTER_EXTENSION: Final = "D05"
EXTENSION_TOO_LONG: Final = "D06"
EXTENSION_RUNS: Final = "D08"
ELECTED_LATE: Final = "D10"
OVERDUE: Final = ("J06", "D16")
DUE_SOON: Final = {"J07": 20, "D11": 81, "D13": 163}  # unit → days after the as-of date
OVERDUE_NOW: Final = "J10"

# Members.
TRANSFERRED: Final = {("J08", "D16"): (2023, 5, 1), ("D10", "J12"): (2023, 9, 1)}
SECONDED: Final = ("J02", "D13")
OVERLAPS: Final = ("D16", "D11")
LEAVES: Final = ("J20", "D26")
INACTIVE: Final = ("J02", "D10", "D19")

# Deductions and vetoes.
ONE_FACT_THRICE: Final = "D14"
FABRICATED: Final = "D29"
MOST_DEDUCTIONS: Final = "D07"

# Who handed nothing in of which table.
UNREPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "first_topic": ("D03",),
    "joint_study": TWINS,
    "campaign_session": ("J14",),
    "training_record": ("D19",),
    "honor": ("D18", "J18", *TWINS),
    "loyalty_education": ("D32",),
    "task_breakdown": ("D23",),
    "secretary_meeting": ("D24", *TWINS),
    "org_life_record": (ORG_LIFE_UNREPORTED,),
    "democratic_review": (REVIEW_PENDING,),
    "talk_record": (REVIEW_PENDING,),
    "cadre_action": ("J18",),
    "model_office": ("J19",),
    "frontline_post": ("D25",),
    "united_front_activity": ("J20",),
    "integrity_risk": ("D27",),
    "warning_education": ("J21",),
    "integrity_talk": ("D35",),
    "guidance_log": (MOST_DEDUCTIONS,),
    "clue_summary": (),
}

#: Units whose story a bad row might spoil.
STORIES: Final = frozenset(
    {
        *PERFECT, *TWINS, NO_DATA, SET_UP_IN_MAY, CLOSED_IN_JUNE, *WEAK, CAPPED_BONUS, NO_YOUTH, YOUTH_UNREPORTED,
        STUDY_UNREPORTED, NOT_IN_ROUND_2, NEVER_INSPECTED, *NO_PROJECTS, PAIRING_UNREPORTED, INDUSTRY_ONLY,
        *EXPIRES_SOON, ALL_IN_DECEMBER, *COPIES, *TOO_MANY_EXCELLENT, *OVERDUE, OVERDUE_NOW, ON_TIME_AFTER_EXTENSION,
        EXTENSION_TOO_LONG, EXTENSION_RUNS, ELECTED_LATE, ONE_FACT_THRICE,
    }
)  # fmt: skip

#: What docs/sample.md tells: heading → (units, what they show).
TOLD: Final[Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]] = {
    "Units with a story": (
        (PERFECT, "lose nothing: tied on the first rank"),
        ((NO_DATA,), "rows of 2022 only: listed, not ranked"),
        ((SET_UP_IN_MAY,), "set up on 15 May 2023: its months start in June, its quarters in July"),
        (
            (CLOSED_IN_JUNE, TAKES_OVER),
            "closed on 30 June 2023, not assessed at the year's end; its members go to the other",
        ),
        (WEAK, "do badly everywhere"),
        ((ENDS_LATER,), "valid to the end of 2025, so assessed as any other"),
        (ODD_COMMITTEE, "a committee that does not fit the number of members (warning)"),
        (TWINS, "perfect but for what they do not report: tied on the line of the quota of 优秀"),
        ((CAPPED_BONUS,), "bonus above the cap of 5"),
        ((MOST_DEDUCTIONS,), "deductions above the cap of 10"),
    ),
    "Statuses": (
        (NO_COMMITTEE, "no committee, fewer than 7 full members: committee meetings and groups not applicable"),
        ((NO_YOUTH,), "nobody enrolled in 青年大学习: not applicable"),
        (NO_PROJECTS, "agreements without projects: not applicable, their weight is shared out"),
        ((NOT_IN_ROUND_2,), "not drawn and not inspected in the second round: not applicable"),
        ((NEVER_INSPECTED,), "drawn, never inspected: both rounds and 整改闭环 are shared out"),
        (("D23", "J18", "D35"), "no tasks, no cadre actions, no integrity talks: not applicable"),
        ((YOUTH_UNREPORTED,), "never reported 青年大学习: nothing done in any month"),
        ((STUDY_UNREPORTED,), "no study row of 2023: not reported"),
        ((PAIRING_UNREPORTED,), "no agreement: not reported"),
        ((INDUSTRY_ONLY,), "an industry partner only"),
        ((ORG_LIFE_UNREPORTED,), "no organisational-life record: not reported"),
        ((REVIEW_PENDING,), "no democratic review and no talks: pending until 31 March 2024"),
        (
            ("D03", "D17", "J14", "D19", "D32", "D24", "J19", "D25", "J20", "D27", "J21"),
            "one table each not reported: first_topic, joint_study, campaign_session, training_record, "
            "loyalty_education, secretary_meeting, model_office, frontline_post, united_front_activity, "
            "integrity_risk, warning_education",
        ),
    ),
    "Traps": (
        ((ALL_IN_DECEMBER,), "twelve themed days in December: one month"),
        (COPIES, "records copied from an earlier one (same text hash): they do not count; a veto is proposed"),
        ((LOW_TURNOUT,), "assemblies attended by 70 %: they do not count"),
        ((HALF_A_COMMITTEE,), "committee meetings attended by half: they count"),
        ((GROUP_MISSING,), "its last group never met"),
        ((NO_RECORD,), "meetings of which nothing was written down: they do not count"),
        ((LATE_REPORTS,), "records made more than seven days after the meeting"),
        (TOO_MANY_EXCELLENT, "more than a third graded 优秀"),
        (
            ("all",),
            "the review of 2023 held in December or in spring 2024, with its attributed year; that of 2022 likewise",
        ),
        (tuple(unit for pair in TRANSFERRED for unit in pair), "a member transferred in the year"),
        (SECONDED, "a member of the first seconded to the second from April to October"),
        (OVERLAPS, "a member on both registers (warning)"),
        (LEAVES, "a member who left the bureau in August"),
        (("some",), "青年大学习 above 100 %; an activity claimed under both pairings: see the end of this page"),
        ((ONE_FACT_THRICE,), "one fact as finding (事后补记), as notice and as adverse event: deducted once"),
        (("J08",), "one case taken up at two levels, and once more as an honour: the highest counts, once"),
        (("D11",), "one honour at two levels"),
        ((ON_TIME_AFTER_EXTENSION,), "elected within an approved extension"),
        ((EXTENSION_RUNS,), "an approved extension that still runs"),
        ((EXTENSION_TOO_LONG,), "extended by more than a year: does not count (warning)"),
        ((ELECTED_LATE,), "elected after the term, without approval"),
        ((OVERDUE[0],), "overdue without approval, V1 applied: 良好 at best"),
        ((FABRICATED,), "V2 applied: 不合格"),
        (("J24", "J02", "D13"), "handle members' requests: the only ones for whom they count"),
    ),
    "Alerts (as of 31 March 2024)": (
        (tuple(DUE_SOON), "elections due in 20, 81 and 163 days"),
        ((*OVERDUE, OVERDUE_NOW), "elections overdue without approval: the second has no adverse event yet"),
        (COPIES, "copied records"),
        (LATE_RECTIFICATION, "rectification overdue or done late"),
        (EXPIRES_SOON, "an agreement that expires on 31 May 2024; others have expired in the year"),
        (INACTIVE, "members talked with in spring only: months without activity"),
        ((NEVER_INSPECTED, NOT_IN_ROUND_2), "spot checks behind the plan; nobody at all was checked in January"),
        (WEAK, "weak: tier C, not visited; the second is not in the guidance log at all"),
    ),
}
