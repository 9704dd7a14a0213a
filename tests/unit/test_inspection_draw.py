"""The lots of the spot checks: everybody twice a year, weaker results earlier, and the same for whoever draws again."""

import calendar
import datetime as dt
import hashlib
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.inspections.draw import QUALITIES, Draw, Duty, Rules, draw
from kaohe.words import use_language

YEAR = 2023
RULES = Rules(
    rounds={1: (1, 6), 2: (7, 12)},
    weight={"weak": 3, "never": 2, "middle": 2, "good": 1},
    at_least={"good": Decimal(95), "middle": Decimal(70)},
)
Year = list[Duty]


def owed(unit: str, begins: int = 1, ends: int = 12, **more: object) -> Year:
    """What a unit owes that is there from the month ``begins`` to the end of the month ``ends``."""
    found = []
    for number, (first, last) in RULES.rounds.items():
        if begins <= last and ends >= first:
            closes = dt.date(YEAR, ends, calendar.monthrange(YEAR, ends)[1]) if ends < 12 and ends <= last else None
            window = max(begins, first), min(ends, last)
            found.append(Duty(unit, unit, "机关处室", number, *window, closes_on=closes))
    return [replace(duty, **more) for duty in found]  # type: ignore[arg-type]


def plain(count: int) -> Year:
    return [duty for n in range(count) for duty in owed(f"U{n:02}")]


def lots(duties: Year, month: int, seed: str = "s", size: int | None = None) -> Draw:
    return draw(duties, RULES, YEAR, month, seed, size)


def units(drawn: Draw) -> list[str]:
    return [pick.duty.unit_id for pick in drawn.picks]


def after(duties: Year, drawn: Draw, inspected: bool = True) -> Year:
    """The year's duties after the month: what was drawn is recorded, and inspected or not."""
    picked = {(pick.duty.unit_id, pick.duty.round) for pick in drawn.picks}
    return [
        replace(duty, inspected=duty.inspected or inspected, drawn_month=duty.drawn_month or drawn.month)
        if (duty.unit_id, duty.round) in picked
        else duty
        for duty in duties
    ]


@st.composite
def years(draw: st.DrawFn) -> Year:
    """Units of both categories with all results; some begin or end in the year."""
    found = []
    for number in range(draw(st.integers(1, 30))):
        begins = draw(st.sampled_from([1, 1, 1, 1, *range(1, 13)]))
        ends = draw(st.sampled_from([12, 12, 12, 12, *range(begins, 13)]))
        category = draw(st.sampled_from(["机关处室", "基层单位"]))
        found += owed(f"U{number:02}", begins, ends, category=category, quality=draw(st.sampled_from(QUALITIES)))
    return found


@settings(max_examples=25)
@given(duties=years(), seed=st.text("0123456789甲乙", min_size=1, max_size=4))
def test_twelve_months_inspect_every_unit_once_in_each_round(duties: Year, seed: str) -> None:
    seen: list[tuple[str, int]] = []
    for month in range(1, 13):
        drawn = lots(duties, month, seed)
        assert drawn.warnings == []
        assert all(pick.duty.round == drawn.round for pick in drawn.picks)
        assert len(drawn.picks) <= drawn.size == drawn.needed
        windows = {(duty.unit_id, duty.round): duty for duty in duties}
        for pick in drawn.picks:
            window = windows[pick.duty.unit_id, pick.duty.round]
            assert window.first_month <= month <= window.last_month, "there in the month"
        seen += [(pick.duty.unit_id, pick.duty.round) for pick in drawn.picks]
        duties = after(duties, drawn)
    assert Counter(seen) == Counter((duty.unit_id, duty.round) for duty in duties)


@settings(max_examples=25)
@given(duties=years(), month=st.integers(1, 12), size=st.none() | st.integers(1, 12), order=st.randoms())
def test_the_order_of_the_rows_does_not_matter(duties: Year, month: int, size: int | None, order: object) -> None:
    shuffled = sorted(duties, key=lambda _: order.random())  # type: ignore[attr-defined]
    assert lots(duties, month, "s", size) == lots(shuffled, month, "s", size)


@settings(max_examples=25)
@given(duties=years(), month=st.integers(1, 12), size=st.integers(1, 12))
def test_strata_get_their_share_within_one_and_lots_fall_by_the_hash(duties: Year, month: int, size: int) -> None:
    duties = [replace(duty, inspected=duty.round < RULES.round_of(month)) for duty in duties]
    drawn = lots(duties, month, "s", size)
    pool = sum(stratum.pool for stratum in drawn.strata)
    places = min(pool, size - sum(pick.reason != "lot" for pick in drawn.picks))
    assert sum(stratum.lots for stratum in drawn.strata) == sum(stratum.share for stratum in drawn.strata) == places
    per_unit = {s.share / (s.pool * s.weight) for s in drawn.strata if s.pool and s.share < s.pool}
    assert len(per_unit) <= 1, "in proportion to units × weight, but for strata of which all are drawn"
    by_lot = {pick.duty.unit_id for pick in drawn.picks if pick.reason == "lot"}
    for stratum in drawn.strata:
        assert abs(stratum.lots - stratum.share) < 1
        assert stratum.share <= stratum.pool
        assert stratum.weight == RULES.weight[stratum.quality]
        among = [
            duty.unit_id
            for duty in duties
            if (duty.category, duty.quality, duty.round) == (stratum.category, stratum.quality, drawn.round)
            and duty.first_month <= month <= duty.last_month and not duty.closes_on
        ]  # fmt: skip
        among.sort(key=lambda unit: hashlib.sha256(f"s|{unit}".encode()).hexdigest())
        assert by_lot & set(among) == set(among[: stratum.lots])
    for one in drawn.coverage:
        assert one.units == one.inspected + one.drawn + one.left + len(one.lost)


@settings(max_examples=25)
@given(duties=years(), luck=st.integers(0, 1000))
def test_what_is_needed_in_july_is_enough_whatever_was_missed_before(duties: Year, luck: int) -> None:
    """Of those drawn in the first half-year, some were not inspected; the number named in July reaches all that can
    still be reached, without another warning."""
    missed = Random(luck)
    for month in range(1, 7):
        came = {(p.duty.unit_id, p.duty.round) for p in lots(duties, month).picks if missed.random() < 0.5}
        duties = [replace(d, inspected=True) if (d.unit_id, d.round) in came else d for d in duties]
    july = lots(duties, 7)
    for month in range(7, 13):
        drawn = lots(duties, month, size=max(july.needed, 1))
        assert drawn.needed <= max(july.needed, 1)
        assert [one.lost for one in drawn.coverage] == [one.lost for one in july.coverage]
        duties = after(duties, drawn)
    assert sum(one.left for one in drawn.coverage) == 0


def test_a_month_that_must_go_unused_raises_what_is_needed() -> None:
    """In October two units close and one owes both rounds: in November there is only that one to inspect, so that with
    two a month December's three would not fit."""
    first_done = [replace(duty, inspected=duty.round == 1) for unit in ("X1", "X2") for duty in owed(unit, ends=10)]
    duties = [*first_done, *owed("A"), *owed("Y1", begins=12), *owed("Y2", begins=12)]
    assert lots(duties, 10).needed == 3
    for month in (10, 11, 12):
        drawn = lots(duties, month, size=3)
        assert not drawn.warnings
        duties = after(duties, drawn)
    assert all(duty.inspected for duty in duties)


def test_the_seed_decides() -> None:
    by_seed = {tuple(units(lots(plain(20), 1, seed, 5))) for seed in "abcdef"}
    assert len(by_seed) > 1


def test_the_rest_of_a_round_is_spread_over_its_months() -> None:
    sizes, duties = [], plain(20)
    for month in range(1, 7):
        drawn = lots(duties, month, "s")
        sizes.append(len(drawn.picks))
        duties = after(duties, drawn)
    assert sizes == [4, 4, 3, 3, 3, 3]


def test_places_are_shared_out_by_units_and_weight() -> None:
    """Ten units of each result, weighing 3, 2, 2 and 1: of 6 places 2.25, 1.5, 1.5 and 0.75. The two left over go to
    0.75, then to the weaker of the two halves."""
    mixed = [replace(duty, quality=QUALITIES[int(duty.unit_id[1:]) % 4]) for duty in plain(40)]
    drawn = lots(mixed, 1, "s", 6)
    assert [(s.quality, s.weight, s.pool, s.share, s.lots) for s in drawn.strata] == [
        ("weak", 3, 10, Fraction(9, 4), 2),
        ("never", 2, 10, Fraction(3, 2), 2),
        ("middle", 2, 10, Fraction(3, 2), 1),
        ("good", 1, 10, Fraction(3, 4), 1),
    ]
    assert [pick.duty.quality for pick in drawn.picks] == ["weak"] * 2 + ["never"] * 2 + ["middle", "good"]


def test_a_stratum_never_gets_more_places_than_it_has_units() -> None:
    weak = [replace(duty, quality="weak") for duty in owed("W")]
    good = [replace(duty, quality="good") for duty in plain(9)]
    drawn = lots(weak + good, 1, "s", 5)
    assert [(s.quality, s.share, s.lots) for s in drawn.strata] == [("weak", 1, 1), ("good", 4, 4)]


def test_weaker_results_come_earlier_in_the_round() -> None:
    duties = [replace(duty, quality=QUALITIES[int(duty.unit_id[1:]) % 4]) for duty in plain(60)]
    months = defaultdict(list)
    for month in range(1, 7):
        drawn = lots(duties, month, f"{month}")
        for pick in drawn.picks:
            months[pick.duty.quality].append(month)
        duties = after(duties, drawn)
    mean = {quality: sum(found) / len(found) for quality, found in months.items()}
    assert mean["weak"] < mean["never"] < mean["good"]
    assert mean["weak"] < mean["middle"] < mean["good"]
    assert mean["good"] - mean["weak"] > 1


def test_units_that_will_be_closed_and_units_drawn_before_come_first() -> None:
    duties = plain(20)
    for unit in ("U07", "U11"):
        duties = [replace(d, drawn_month=2) if d.unit_id == unit and d.round == 1 else d for d in duties]
    duties += owed("X1", ends=5) + owed("X2", ends=4)
    drawn = lots(duties, 4, "s", 5)
    assert [(pick.duty.unit_id, pick.reason) for pick in drawn.picks[:2]] == [("X2", "closing"), ("X1", "closing")]
    assert {(pick.duty.unit_id, pick.reason) for pick in drawn.picks[2:4]} == {("U07", "again"), ("U11", "again")}
    assert drawn.picks[4].reason == "lot"


def test_a_unit_that_is_not_there_in_the_month_is_not_drawn() -> None:
    duties = [*owed("gone", ends=2), *owed("new", begins=4), *owed("there")]
    drawn = lots(duties, 3, "s", 9)
    assert units(drawn) == ["there"]
    assert drawn.coverage[0].lost == ("gone",)
    assert "gone" in drawn.warnings[0]


def test_coverage_out_of_reach_is_said_with_what_it_takes() -> None:
    enough, short = (lots(plain(20), 3, "s", size) for size in (5, 4))
    assert enough.warnings == []
    assert short.warnings == ["注意：每月抽 4 个，第 1 轮已不能按期全覆盖；从本月起每月至少要抽 5 个。"]
    use_language("en")
    assert "at least 5 a month" in short.warnings[0]


def test_a_number_too_small_for_the_second_round_is_said_in_the_first() -> None:
    duties = [replace(duty, inspected=duty.round == 1) for duty in plain(29)] + owed("U29")
    assert lots(duties, 6).warnings == [], "the number follows what is needed"
    assert lots(duties, 6, size=5).warnings == []
    assert lots(duties, 6, size=4).warnings == ["注意：每月抽 4 个，第 2 轮不能全覆盖；到时每月至少要抽 5 个。"]


def test_a_unit_that_closes_early_raises_what_is_needed_now() -> None:
    duties = [duty for n in range(6) for duty in owed(f"X{n}", ends=2)]
    assert lots(duties, 1, "s").needed == 3
    assert lots(duties, 2, "s").needed == 6


def test_what_the_first_round_passed_by_is_made_up_in_the_second() -> None:
    """Nobody is inspected before July: each unit is then drawn in two months, for the first round first."""
    duties, months = plain(9), Counter[str]()
    for month in range(1, 13):
        drawn = lots(duties, month, "s")
        duties = after(duties, drawn, inspected=month > 6)
        assert len(set(units(drawn))) == len(units(drawn)), "once a month at most"
        if month > 6:
            months.update(units(drawn))
            assert not drawn.warnings
    assert all(duty.inspected for duty in duties)
    assert set(months.values()) == {2}


def test_in_the_last_month_two_rounds_cannot_be_made_up() -> None:
    drawn = lots(owed("U1"), 12, "s")
    assert [(pick.duty.unit_id, pick.duty.round) for pick in drawn.picks] == [("U1", 2)]
    assert drawn.coverage[0].lost == ("U1",)


def test_nothing_is_drawn_when_all_is_done() -> None:
    drawn = lots([replace(duty, inspected=True) for duty in plain(3)], 5, "s")
    assert (drawn.picks, drawn.needed, drawn.warnings) == ((), 0, [])
