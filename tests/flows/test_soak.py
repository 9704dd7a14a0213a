"""The short forms of the long proofs in tests/soak: a first run killed at every point, and readers beside a writer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT


def soak(*arguments: str, before: tuple[str, ...] = (), **environment: str) -> str:
    done = subprocess.run(
        [*before, sys.executable, "-m", "tests.soak", *arguments],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False, timeout=500,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_killed_at_every_point_loses_and_doubles_nothing() -> None:
    said = soak("kills", "--short", "--times", "1")
    assert "kills: 6 at named points, 1 at random moments" in said
    for point in ("after load", "after validate", "after score", "after write", "before CURRENT", "after CURRENT"):
        assert f"first load: {point}" in said
    assert "recoveries: 2 of 2" in said


def test_a_power_cut_leaves_all_that_was_reported(tmp_path: Path) -> None:
    own_mounts = "unshare", "--mount"
    command = [*own_mounts, "sh", "-c", "losetup --find && command -v mkfs.ext4"]
    if not shutil.which(own_mounts[0]) or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk of its own can be mounted on this machine (Linux, root): no power cut is tried")
    said = soak("power", "--short", "--on", "ext4", before=own_mounts, TMPDIR=str(tmp_path))
    assert "ext4: kills: 2 at named points" in said
    assert "announce: at the end: 1" in said
    assert "recoveries: 2 of 2" in said


def test_readers_never_stop_a_writer() -> None:
    said = soak("readers", "--readers", "3", "--publications", "2", "--pause", "1")
    assert "2 runs published" in said
