"""One large run in a process of its own: ``python benchmarks/one_run.py INBOX HOME [MEMORY]`` prints JSON: by step its
seconds by the clock and of the processors and its peak MiB; units, records, parts."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kaohe.large.engine import LargeEngine
from kaohe.large.run import STEPS, LargeRun

YEAR = 2023


class LeftOpen(LargeEngine):
    """An engine that outlives its run."""

    def __exit__(self, *_: object) -> None:
        """Nothing is closed."""


class Watched(LargeRun):
    """Also notes the processors' seconds of each step, and the most memory, where the system lets a process begin to
    count that anew (Linux)."""

    def __init__(self, inbox: Path, home: Path, memory: str | None = None) -> None:
        super().__init__(inbox, YEAR, home=home, memory=memory)
        self.peaks = dict.fromkeys(STEPS, 0)
        self.cpu = dict.fromkeys(STEPS, 0.0)

    def engine(self) -> LargeEngine:
        """The engine, which is left open: what it has made can be looked at."""
        self.left = LeftOpen(self.kept_in, self.memory, self.threads)
        return self.left

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        used = time.process_time()
        with super().timed(step):
            yield
        self.cpu[step] += time.process_time() - used
        self.peaks[step] = max(self.peaks[step], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    run = Watched(*map(Path, sys.argv[1:3]), *sys.argv[3:])
    outcome = run.go()
    told = {"units": outcome.units, "records": sum(outcome.rows.values()), "parts": outcome.parts}
    print(json.dumps(told | {"seconds": outcome.seconds, "cpu": run.cpu, "peaks": run.peaks}))


if __name__ == "__main__":
    main()
