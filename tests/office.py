"""An office at work: an inbox, a home, and the acts from 初评 to 定稿, without Prefect."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kaohe import clock
from kaohe.errors import KaoheError
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.proceedings import Proceedings
from kaohe.loading import Pulled
from kaohe.reissue import Reissue
from kaohe.run import Outcome
from tests.helpers import YEAR, Result, assess

AS_OF = dt.date(2024, 4, 1)
#: May Day: off from the 1st to the 5th, worked on Sunday 28 April and Saturday 11 May.
CALENDAR = {
    day: day.weekday() < 5 and not dt.date(2024, 5, 1) <= day <= dt.date(2024, 5, 5)
    for day in (dt.date(2024, 4, 20) + dt.timedelta(days=n) for n in range(42))
} | {dt.date(2024, 4, 28): True, dt.date(2024, 5, 11): True}
ANNOUNCED, NOTICE_ENDS, APPEAL_ENDS, FINAL = (dt.date(2024, *day) for day in ((4, 26), (5, 7), (5, 13), (5, 14)))

BY: dict[str, Any] = {"by": "机关党委", "document": "党办〔2024〕1号"}
SAYS = {
    "table": "组织生活记录抽查",
    "key": "C1",
    "column": "详实记录",
    "expect": "否",
    "value": "是",
    "reason": "补交原件",
}


class Office:
    """An inbox and a home, and the acts of the office on them, a day like any other."""

    def __init__(self, folder: Path, scheme: Path | None = None) -> None:
        self.inbox, self.home, self.scheme = folder / "inbox", folder / "home", scheme

    @property
    def folder(self) -> Path:
        return self.home / "published" / str(YEAR)

    @property
    def current(self) -> str:
        return (self.folder / "CURRENT").read_text("utf-8").strip()

    @property
    def state(self) -> Proceedings:
        return Proceedings(self.home, YEAR)

    def run(self, as_of: dt.date | None = None) -> Result:
        return assess(self.inbox, self.home, as_of=as_of, scheme=self.scheme)  # type: ignore[arg-type]

    def announce(self, on: dt.date = ANNOUNCED) -> None:
        lifecycle.announce(self.home, YEAR, on=on, **BY)

    def appeal(self, on: dt.date = NOTICE_ENDS, unit: str = "办公室", indicator: str = "spot_check_round_1") -> str:
        act = lifecycle.add_appeal(self.home, YEAR, unit, indicator, "记录是全的", on=on, **BY)
        return str(act.details["appeal"])

    def decide(self, appeal: str = "A1", decision: lifecycle.Decision = "upheld") -> None:
        lifecycle.resolve_appeal(self.home, YEAR, appeal, decision, "核实", on=APPEAL_ENDS, **BY)

    def correct(self, **other: str) -> int:
        return lifecycle.correct(self.home, YEAR, **(SAYS | other), **BY).number

    def withdraw(self, number: int) -> None:
        lifecycle.withdraw(self.home, YEAR, number, "登记有误", **BY)

    def finalize(self, on: dt.date = FINAL) -> None:
        lifecycle.finalize(self.home, YEAR, on=on, **BY)

    def reissue(self) -> Result:
        with Reissue(self.inbox, YEAR, self.scheme, self.home, False, "局党组", "局〔2024〕9号", "漏计一次检查") as run:
            run.pull()
            run.validate()
            run.score()
            run.publish()
            return Result(run.outcome(new=True), self.home)

    def published(self, name: str | None = None) -> Result:
        """A publication, the current one if none is named."""
        return Result(Outcome(self.folder / (name or self.current), False, Pulled(), clock.now()), self.home)

    def ledger(self, name: str) -> list[dict[str, str]]:
        rows = pl.read_csv(self.home / "ledgers" / str(YEAR) / name, infer_schema=False)
        return rows.fill_null("").to_dicts()


def refused(act: Callable[..., object], *arguments: object, **named: object) -> KaoheError:
    """The error of an act that changes nothing."""
    with pytest.raises(KaoheError) as caught:
        act(*arguments, **named)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return caught.value
