"""The short forms of the long proofs in tests/soak: a first run killed at every point, and readers beside a writer."""

import subprocess
import sys

from tests.helpers import ROOT


def soak(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *arguments],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_killed_at_every_point_loses_and_doubles_nothing() -> None:
    said = soak("kills", "--short", "--times", "1")
    assert "kills: 6 at named points, 1 at random moments" in said
    for point in ("after load", "after validate", "after score", "after write", "before CURRENT", "after CURRENT"):
        assert f"first load: {point}" in said
    assert "recoveries: 2 of 2" in said


def test_readers_never_stop_a_writer() -> None:
    said = soak("readers", "--readers", "3", "--publications", "2", "--pause", "1")
    assert "2 runs published" in said
