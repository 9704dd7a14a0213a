"""The lock of a home folder: one writer at a time, whatever started it.

On one machine the operating system's lock on ``warehouse/lock`` decides; it dies with its process. Such a lock does
not reach across every shared folder, so the holder also leaves a lease, ``warehouse/holder.json``: who holds the home,
where and since when. Beside it stands a heartbeat that counts on. Who finds the lease of another machine watches that:
while it counts the home is in use, and once it has stood still for ``SILENT_SECONDS`` its holder is gone. Clocks are
never compared. A holder whose place was taken meanwhile (its machine slept) finds out before it decides anything:
``must_be_ours``.
"""

import errno
import json
import os
import re
import secrets
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from kaohe import clock
from kaohe.errors import KaoheError, from_os_error
from kaohe.home import half_restored
from kaohe.safely import make_folder, put
from kaohe.words import say

LOCK, HOLDER = "lock", "holder.json"
#: How long a command waits for another one.
WAIT_SECONDS = 10.0
#: How long a backup waits for a run.
LONG_WAIT_SECONDS = 1800.0
#: The heartbeat; how long it must stand still before its holder counts as gone (a shared folder may show it late, and
#: a holder that reads a very large workbook beats late); how long two takers at the same moment need to see each other.
BEAT_SECONDS, SILENT_SECONDS, SETTLE_SECONDS = 3.0, 60.0, 1.0
#: How often a waiting command looks.
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Holder:
    """Who holds a home. ``token``: of this one holding; ``machine``: tells machines apart; ``since``: office time."""

    token: str
    machine: str
    host: str
    process: int
    command: str
    since: str

    def __str__(self) -> str:
        return say("home_holder", command=self.command, host=self.host, process=self.process, since=self.since)


#: A lease that cannot be read: its holder was killed while it wrote, or is just about to.
_UNREADABLE = Holder("", "", "?", 0, "?", "?")


def this_machine() -> str:
    """Tells this machine from others that share a folder with it."""
    with suppress(OSError):
        return f"{socket.gethostname()} {Path('/etc/machine-id').read_text(encoding='ascii').strip()}"
    return socket.gethostname()


def holder(home: Path) -> Holder | None:
    """Who holds a home, or held it when it was killed; None if the last one let go of it."""
    try:
        read = Holder(**json.loads((home / "warehouse" / HOLDER).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return _UNREADABLE
    return read if str(read.token).isalnum() else _UNREADABLE


def lock(home: Path, wait_seconds: float = WAIT_SECONDS, half_restored_too: bool = False) -> "HomeLock":
    """The lock of a home folder, held until it is released. The lease of another machine that is silent is watched
    beyond ``wait_seconds``, unless that is 0.

    Raises ``KaoheError`` if the folder cannot be written, saying who holds it, or if a restore of it was broken off,
    unless ``half_restored_too``: whoever took such a home for a whole one would begin the year anew.
    """
    try:
        folder = home / "warehouse"
        make_folder(folder)
        folder.chmod(0o700)
        held = HomeLock(home, max(0.0, wait_seconds))
    except OSError as error:
        raise from_os_error(error, home) from error
    if half_restored(home) and not half_restored_too:
        held.release()
        raise KaoheError("home_half_restored", home=home)
    return held


def stopped_beats(home: Path) -> list[Path]:
    """The heartbeats of holders that were killed: all but that of who holds the home, who asks."""
    there = holder(home)
    ours = f"holder.{there.token}.beat" if there else None
    return [path for path in (home / "warehouse").glob("holder.*.beat") if path.name != ours]


class HomeLock:
    """A home folder's lock, held. Raises as ``lock`` does."""

    def __init__(self, home: Path, wait_seconds: float) -> None:
        self.home, self.folder = home, home / "warehouse"
        since = f"{clock.now():%Y-%m-%d %H:%M:%S}"
        self._self = Holder(secrets.token_hex(16), this_machine(), socket.gethostname(), os.getpid(), _command(), since)
        self._leased = False
        self._let_go = threading.Event()
        deadline = time.monotonic() + wait_seconds
        self._held = FileLock(self.folder / LOCK, thread_local=False)
        try:
            self._held.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise self._busy() from error
        try:
            while not self._leased and not self._take(deadline, wait_seconds > 0):
                pass
        except BaseException:
            self._held.release()
            raise
        if self._leased:
            threading.Thread(target=self._beat, name="kaohe-lease", daemon=True).start()

    def must_be_ours(self) -> None:
        """Raises ``KaoheError`` if another machine took the home meanwhile, because nothing was heard of this one."""
        if not self.is_ours:
            raise KaoheError("home_taken_over", path=self.home, holder=holder(self.home) or say("home_holder_gone"))

    @property
    def is_ours(self) -> bool:
        """Nobody took the home meanwhile."""
        there = holder(self.home)
        return there == self._self if self._leased else there is None

    def release(self) -> None:
        """Let go of the home."""
        self._let_go.set()
        with suppress(OSError):
            if self._leased and self.is_ours:
                (self.folder / HOLDER).unlink()
            self._beat_of(self._self).unlink(missing_ok=True)
        self._held.release()

    def _take(self, deadline: float, patient: bool) -> bool:
        """Write the lease; False if somebody else was quicker. The operating system's lock is held."""
        before = self._outwait(deadline, patient)
        text = json.dumps(asdict(self._self), ensure_ascii=False) + "\n"
        try:
            self._beat_of(self._self).write_text("0", encoding="ascii")
            if before is None:
                with (self.folder / HOLDER).open("x", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())  # torn by a power cut it would be anybody's, and watched for a minute
            else:
                aside = self.folder / f".holder.{self._self.token}.new"  # two takers must not write the same one
                aside.write_text(text, encoding="utf-8")
                put(aside, self.folder / HOLDER)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            for left in (self.folder / HOLDER, self._beat_of(self._self)):
                left.unlink(missing_ok=True)
            return True  # on a full disk nothing can be decided, but room can be made
        if before is not None:
            self._beat_of(before).unlink(missing_ok=True)
            if before.machine != self._self.machine:
                time.sleep(SETTLE_SECONDS)
        self._leased = holder(self.home) == self._self
        return self._leased

    def _outwait(self, deadline: float, patient: bool) -> Holder | None:
        """Wait until no other machine holds the home; gives whose lease was left behind."""
        seen: tuple[Holder, str] | None = None
        moved, since = False, time.monotonic()
        while (there := holder(self.home)) and there.machine != self._self.machine:
            now, beat = time.monotonic(), (there, self._heard(there))
            if beat != seen:
                moved, seen, since = seen is not None, beat, now
            if patient and now - since >= SILENT_SECONDS:
                break
            if now >= deadline and (moved or not patient):
                raise self._busy()
            time.sleep(LOOK_SECONDS)
        return there

    def _heard(self, there: Holder) -> str:
        try:
            return self._beat_of(there).read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""

    def _beat(self) -> None:
        """Count on until the lock is released or lost."""
        count = 0
        while not self._let_go.wait(BEAT_SECONDS):
            with suppress(OSError):  # a share that is away for a moment
                if not self.is_ours:
                    return
                count += 1
                self._beat_of(self._self).write_text(str(count), encoding="ascii")

    def _beat_of(self, there: Holder) -> Path:
        return self.folder / f"holder.{there.token}.beat"

    def _busy(self) -> KaoheError:
        return KaoheError("home_busy", path=self.home, holder=holder(self.home) or say("home_holder_gone"))


def _command() -> str:
    """What people started: the command without its options and names, or the flow."""
    program, *words = sys.argv or [""]
    name = Path(program).parent.name if Path(program).name == "__main__.py" else Path(program).stem
    flow = _flow()
    if flow and name != "kaohe":
        return flow
    said = [word for word in words[:2] if re.fullmatch("[a-z][a-z-]*", word)] if name == "kaohe" else []
    return " ".join([name, *said])


def _flow() -> str | None:
    """The Prefect flow that is running, if Prefect is there at all."""
    prefect = sys.modules.get("prefect.context")
    running = prefect and prefect.FlowRunContext.get()
    return str(running.flow.name) if running and running.flow else None
