"""Runs and acts end in a power cut: what had not reached the disk is gone, and still nothing is torn, lost or doubled.

Each story happens on a small disk of its own that writes down hardly anything before it is told to (fsync). The process
is killed, and what the disk held at that moment is mounted in its place. Then all is as in the proof of kills; and what
had been done before the power went is there without a recovery. Linux and permission to mount are needed.
"""

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.soak import children, killed
from tests.soak.killed import ANNOUNCE, CHANGED, END, FIRST, STORIES

#: For each file system the command that makes it, and how it is mounted: five minutes go by before it writes down what
#: nobody asks for, and ext4 brings no renamed file to the disk of its own accord.
FILE_SYSTEMS = {
    "ext4": (["mkfs.ext4", "-q", "-F"], "loop,commit=300,noauto_da_alloc,data=writeback"),
    "btrfs": (["mkfs.btrfs", "-q", "-f"], "loop,commit=300"),
    "xfs": (["mkfs.xfs", "-q", "-f"], "loop"),
}
SIZE = 320 * 2**20


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=60, help="how many random moments, on each file system")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", choices=FILE_SYSTEMS, nargs="+", default=[*FILE_SYSTEMS])
    parser.add_argument("--short", action="store_true", help="only the first load and one act")


class Cuts(killed.Proof):
    """The proof of kills on disks that lose what was not brought to them."""

    def __init__(self, folder: Path, random_: random.Random, file_system: str) -> None:
        super().__init__(folder, random_)
        self.make, self.mounted_so = FILE_SYSTEMS[file_system]
        self.image, self.mounted = folder / "image", folder / "mounted"
        self.mounted.mkdir()

    def lay_out(self, known: Path) -> Path:
        self.image.unlink(missing_ok=True)
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        _do(*self.make, self.image)
        self._mount()
        office = shutil.copytree(known, self.mounted / "office")
        _do("sync", "--file-system", office)
        return office

    def after_kill(self) -> None:
        left = self.image.with_name("what is left")
        _do("cp", "--sparse=always", self.image, left)
        _do("umount", self.mounted)
        left.replace(self.image)
        self._mount()

    def clear(self, folder: Path) -> None:
        _do("umount", self.mounted)

    def _mount(self) -> None:
        _do("mount", "-o", self.mounted_so, self.image, self.mounted)


def _do(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


def main(asked: argparse.Namespace) -> int:
    failures = 0
    children.prepare()
    for name in asked.on:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="kaohe-power-") as folder:
            proof = Cuts(Path(folder), random.Random(asked.seed), name)
            if asked.short:
                proof.kill(FIRST, ["after write"])
                proof.kill(ANNOUNCE, [END])
            else:
                for story in STORIES:
                    for point in dict.fromkeys(proof.tell(story).points):
                        proof.kill(story, [point])
                proof.kill(CHANGED, killed.CHAIN)
                killed.at_random(proof, asked.times)
        print(name, end=": ")
        killed.report(proof, time.perf_counter() - begin)
        failures += len(proof.failures)
    return 1 if failures else 0
