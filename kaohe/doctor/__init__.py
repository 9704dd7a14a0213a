"""The doctor: looks at a home, says what is wrong with it and what to do, and mends what can be mended without loss.

Every check looks at one thing and is a function of the home; none can keep the others from being made.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe import progress
from kaohe.doctor import folders, kept, results
from kaohe.doctor.finding import Finding
from kaohe.errors import KaoheError, from_os_error, keep_traceback
from kaohe.homelock import HomeLock, holder, lock, this_machine
from kaohe.words import say

Check = Callable[[Path], Iterator[Finding]]

#: Checks that can be made at any time, and those for which nobody may be at work; in the order in which they mend.
ANY_TIME: list[Check] = [
    folders.writable, folders.space, folders.secrets, folders.settings, folders.newer, results.logs, results.clocks,
    results.publications,
]  # fmt: skip
ALONE: list[Check] = [
    folders.leftovers, folders.restored, results.in_force, results.never_in_force, results.ledgers, kept.inputs,
    kept.warehouse,
]  # fmt: skip


@dataclass
class Report:
    """What was found. ``busy``: who was at work, so that not all could be looked at; ``mended``, ``failed``: what came
    of mending, in sentences."""

    home: Path
    findings: list[Finding] = field(default_factory=list)
    busy: str | None = None
    mended: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> Iterator[str]:
        """All of it, as people read it."""
        yield from (say("doctor_mended", sentence=sentence) for sentence in self.mended)
        yield from (say("doctor_not_mended", sentence=sentence) for sentence in self.failed)
        if self.busy:
            yield say("doctor_busy", problem=self.busy)
        if self.findings:
            yield say("doctor_count", home=self.home, count=len(self.findings))
        elif not self.busy:
            yield say("doctor_well", home=self.home)
        for finding in self.findings:
            yield f"  {'＊' if finding.mend else '－'} {finding.problem}"
        if any(finding.mend for finding in self.findings):
            yield say("doctor_can_mend")

    @property
    def plain(self) -> dict[str, Any]:
        """All of it, for programs."""
        findings = [{"problem": each.problem, "mendable": each.mend is not None} for each in self.findings]
        return {
            "home": str(self.home),
            "busy": self.busy,
            "findings": findings,
            "mended": self.mended,
            "failed": self.failed,
        }


def examine(home: Path) -> Report:
    """Look at a home. Never raises; whatever a check stumbles over is a finding."""
    if not home.is_dir() or not ((home / "published").exists() or (home / "warehouse").exists()):
        return Report(home, [Finding(say("doctor_no_home", home=home))])
    with _alone(home) as busy:
        checks = ANY_TIME if busy else ANY_TIME + ALONE
        findings = []
        for done, check in enumerate(checks):
            progress.report(say("step_prepare"), done, len(checks))
            findings += _found(check, home)
    return Report(home, findings, busy)


def mend(home: Path) -> Report:
    """Look at a home, mend what can be mended, and look again."""
    before = examine(home)
    if before.busy:
        return before
    mended: list[str] = []
    failed: list[str] = []
    for finding in before.findings:
        if finding.mend:
            try:
                mended += finding.mend()
            except (KaoheError, OSError) as error:
                failed.append(str(from_os_error(error) if isinstance(error, OSError) else error))
            except Exception as error:
                failed.append(say("doctor_check", check="mend", problem=error, log=keep_traceback(error)))
    after = examine(home)
    return Report(home, after.findings, after.busy, mended, failed)


@contextmanager
def _alone(home: Path) -> Iterator[str | None]:
    """Hold the home's lock; gives who else holds it, if somebody does. A folder that cannot be locked at all is a
    finding of its own."""
    try:
        held = _lock(home)
    except KaoheError as error:
        yield str(error) if error.key == "home_busy" else None
        return
    try:
        yield None
    finally:
        held.release()


def _lock(home: Path) -> HomeLock:
    """At once or not at all; only another machine's lease is watched, in case that machine is gone."""
    try:
        return lock(home, wait_seconds=0, half_restored_too=True)
    except KaoheError as error:
        there = holder(home)
        if error.key != "home_busy" or there is None or there.machine == this_machine():
            raise
        return lock(home, half_restored_too=True)


def _found(check: Check, home: Path) -> list[Finding]:
    try:
        return list(check(home))
    except KaoheError as error:
        return [Finding(str(error))]
    except OSError as error:
        return [Finding(str(from_os_error(error)))]
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        return [Finding(say("doctor_check", check=check.__name__, problem=problem, log=keep_traceback(error)))]
