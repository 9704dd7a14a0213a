"""Work in processes of their own, forked from one that has imported the libraries and never used them."""

import datetime as dt
import gc
import importlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kaohe import clock
from kaohe.publishing import page

#: What a child takes for now, so that two homes with the same history have the same log.
NOW = dt.datetime(2024, 6, 3, 9, 30, tzinfo=clock.OFFICE_TIME)
LIBRARIES = (
    "kaohe.validation.gx",
    "kaohe.run",
    "kaohe.lifecycle.steps",
    "kaohe.robustness.tables",
    "kaohe.explaining",
    "kaohe.sources.files",
    "openpyxl",
    "docx",
    "typst",
)


def prepare(folder: Path) -> None:
    """Import what takes long; it must not be used in this process, whose children would inherit dead threads. The script
    of the page's charts takes a second to put together and is the same in every child, so one makes it for all."""
    os.environ["KAOHE_KEY"] = "one key for all homes, so that they can be compared"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LIBRARIES:
            importlib.import_module(name)
    library = start(page._library, folder / "library").answer()
    page._library = cast(Any, lambda: library)
    gc.freeze()


@dataclass
class Child:
    """A process at work. ``report``: where its answer goes."""

    process: int
    report: Path

    def wait(self) -> int:
        """The signal that ended it, 0 if it ended by itself."""
        _, status = os.waitpid(self.process, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def answer(self) -> Any:
        """What it gave back once it has ended by itself. Raises ``AssertionError`` with its traceback if it failed."""
        ended = self.wait()
        assert ended == 0, f"ended by signal {ended}"
        said = json.loads(self.report.read_text(encoding="utf-8"))
        assert "failed" not in said, said["failed"]
        return said["answer"]


def start(work: Callable[[], object], report: Path, moment: dt.datetime | None = NOW) -> Child:
    """Do ``work`` in a child; its answer must be plain enough for JSON. ``moment``: what the child takes for now."""
    sys.stdout.flush()
    sys.stderr.flush()
    report.unlink(missing_ok=True)
    if process := os.fork():
        return Child(process, report)
    try:
        warnings.simplefilter("ignore")
        if moment is not None:
            fixed = moment
            clock.now = lambda: fixed
        try:
            said = {"answer": work()}
        except BaseException:
            said = {"failed": traceback.format_exc()}
        report.write_text(json.dumps(said, ensure_ascii=False, default=str), encoding="utf-8")
    finally:
        os._exit(0)
