"""An office whose home is looked after: two publications made by real runs, more made of them, and commands killed."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaohe.lifecycle.proceedings import proceedings
from kaohe.publication import MANIFEST
from kaohe.publication.manifest import read_manifest
from tests.helpers import CHECK, ROOT, SMALL, YEAR, check, registry, write_csv
from tests.office import AS_OF, CALENDAR, Office

GOOD, BAD, OTHER = "1111", "0000", "1000"


def inspected(office: Office, flags: str) -> None:
    """The one ledger of checks says this of the four musts."""
    write_csv(office.inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags=flags)])


def founded(folder: Path) -> Office:
    """An office that has published a good ledger and then a bad one."""
    office = Office(folder, SMALL)
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")
    write_csv(office.inbox / "名册.csv", registry(*units))
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(office.inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    for flags in (GOOD, BAD):
        inspected(office, flags)
        office.run(AS_OF)
    return office


def copied(office: Office, folder: Path) -> Office:
    """The same office in a folder of its own."""
    shutil.copytree(office.inbox.parent, folder)
    return Office(folder, SMALL)


def first_of(office: Office) -> str:
    """The publication of the good ledger."""
    return office.state.log.acts[0].publication


def published(
    office: Office,
    name: str,
    inputs: dict[str, bytes] | None = None,
    change: Callable[[Path], None] = lambda _: None,
    **said: Any,
) -> str:
    """Another publication of the year: the current one under another name, made of ``inputs``, after ``change``. Much
    cheaper than a run."""
    with proceedings(office.home, YEAR) as found:
        target = found.folder / name
        shutil.copytree(found.current, target)
        manifest = read_manifest(target) | {"publication": name, "log": found.log.anchor} | said
        if inputs is not None:
            manifest["inputs"] = [
                {"source": "inbox", "path": path, "sha256": kept(office, data)} for path, data in inputs.items()
            ]
        (target / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
        change(target)
        found.put_in_force("publish", target, {"state": manifest["state"]})
    return name


def kept(office: Office, data: bytes) -> str:
    """The SHA-256 under which the home now keeps these bytes."""
    sha256 = hashlib.sha256(data).hexdigest()
    (office.home / "warehouse" / "inputs" / sha256).write_bytes(data)
    return sha256


def killed(where: str, statement: str) -> None:
    """Run a statement in a process that is killed where it would call ``where``: a function, or a method."""
    module, _, name = where.rpartition(".")
    of, _, last = module.rpartition(".")
    holder = f"import_module({of!r}).{last}" if last[0].isupper() else f"import_module({module!r})"
    script = (
        "import os, signal\nfrom importlib import import_module\nfrom pathlib import Path\n"
        f"setattr({holder}, {name!r}, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))\n{statement}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
