"""How kaohe starts Prefect: a server that is running is used, else a temporary one; quiet, and nothing phones home."""

import atexit
import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from kaohe.errors import KaoheError
from kaohe.words import say

if TYPE_CHECKING:
    from prefect import State

    from kaohe.run import Outcome

T = TypeVar("T")

#: The name of the state of a run whose work another one did.
SKIPPED = "Skipped"
LOCAL_SERVER = "http://127.0.0.1:4200/api"
#: How long a temporary server may take to begin and to end, in seconds; a busy machine starts slowly.
_BEGIN, _END = 120, 5


class Found(Enum):
    """What there is at an address: a Prefect server, one that wants another login, something else or nothing."""

    SERVER = "server"
    LOGIN = "login"
    NOTHING = "nothing"


def look(address: str, login: str | None = None) -> Found:
    """What answers at an API address; ``login``: user:password, if the server is said to ask for one."""
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
    asked = urllib.request.Request(f"{address}/admin/version", headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=2) as answer:
            return Found.SERVER if isinstance(json.loads(answer.read(1000)), str) else Found.NOTHING
    except urllib.error.HTTPError as error:
        return Found.LOGIN if error.code == 401 and b"Unauthorized" in error.read(1000) else Found.NOTHING
    except (OSError, ValueError):
        return Found.NOTHING


def told(home: Path) -> Path:
    """The file in which ``kaohe serve`` says where the server of this home folder is."""
    return home / "prefect" / "address"


def _addresses(home: Path | None, configured: str | None) -> list[str]:
    if configured:
        return [configured]  # a login is for that one and no other
    addresses = []
    if home and (file := told(home)).is_file():
        addresses.append(file.read_text(encoding="utf-8").strip())
    return list(dict.fromkeys([*addresses, LOCAL_SERVER]))


@cache
def _temporary(login: str | None) -> str:
    """Start a server that lasts as long as this process; gives the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "kaohe.serving.child", "127.0.0.1", str(port), "--temporary"], stdin=subprocess.PIPE
    )
    atexit.register(end, process, _END)
    address = f"http://127.0.0.1:{port}/api"
    deadline = time.monotonic() + _BEGIN
    while (found := look(address, login)) is not Found.SERVER:
        if found is Found.LOGIN:
            raise KaoheError("server_login", address=address)
        if process.poll() is not None or time.monotonic() > deadline:
            raise KaoheError("server_temporary")
        time.sleep(0.1)
    return address


def end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """End a server within so many seconds, by force if need be: a browser may hold a connection."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def quiet(home: Path | None = None) -> Iterator[None]:
    """Run flows on the server that is there (the configured one, else the one that serves ``home``, else one on this
    machine's usual port), else on a temporary one, without Prefect's log on the console: our own words say what
    matters.

    Raises ``KaoheError`` if the server asks for another login than the one in PREFECT_API_AUTH_STRING, or if a
    temporary one does not begin.
    """
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")  # of its threads, which a slow server keeps waiting
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    secret = PREFECT_API_AUTH_STRING.value()
    login = str(getattr(secret, "get_secret_value", lambda: secret)()) if secret else None
    server = None
    for address in _addresses(home, PREFECT_API_URL.value()):
        found = look(address, login)
        if found is Found.LOGIN:
            raise KaoheError("server_login", address=address)
        if found is Found.SERVER:
            server = address
            break
    server = server or _temporary(login)
    # Without heartbeats nobody waits a second for their thread to end.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_API_URL: server}):
        yield


def said(result: T, sentence: str) -> T:
    """What a flow returns: its result, with a sentence that stands beside its state on Prefect's page."""
    from prefect.states import Completed

    return cast(T, Completed(data=result, message=sentence))


def left(result: T, key: str, sentence: str, *files: Path) -> T:
    """What a flow returns, as by ``said``; where the files are stands on Prefect's page, as the artifact ``key``. They
    are there, too, if it cannot be written. To be called within a flow."""
    from prefect.artifacts import create_markdown_artifact

    from kaohe.artifacts import listing  # brings in Polars and all of a run

    try:
        create_markdown_artifact("\n".join([sentence, "", *listing(files)]), key, sentence)
    except Exception as error:  # whatever Prefect says
        sentence = "\n".join([sentence, say("artifact_failed", problem=type(error).__name__)])
    return said(result, sentence)


def skipped(by: str) -> "State[Any]":
    """The state of a run whose work the run ``by`` did."""
    from prefect.states import Completed

    return Completed(name=SKIPPED, message=say("night_caught_up", run=by))


def leave_artifacts(outcome: "Outcome") -> str:
    """Leave what came of a run on Prefect's page; gives it in a sentence. To be called within a flow. What is published
    stays so if the page cannot be written; it is a trouble."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    from kaohe.artifacts import artifacts, what_came_of_it  # brings in Polars and all of a run

    try:
        for artifact in artifacts(outcome):
            if artifact.table is not None:
                create_table_artifact(artifact.table, artifact.key, artifact.description)
            else:
                create_markdown_artifact(artifact.markdown, artifact.key, artifact.description)
    except Exception as error:  # whatever Prefect says
        outcome.unnoted.append(say("artifact_failed", problem=type(error).__name__))
    return what_came_of_it(outcome)
