"""What the tests of delivery need: a mail server that is real and misbehaves on purpose, and a publication to deliver."""

import asyncio
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from kaohe.lifecycle.proceedings import proceedings
from kaohe.project import file_hashes
from kaohe.publication import MANIFEST, SUMS
from tests.helpers import CHECK, YEAR, assess, check, registry, write_csv

UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
USER, PASSWORD = "kaohe", "p@ss  w+rd/="
#: No test waits longer than it must.
QUICK = {"attempts": 3, "wait": 0, "at_most": 2}

#: What the server may do instead of answering: end the connection, before it has taken the message or after; or nothing.
DROP, TAKE_AND_DROP, HANG = "drop", "take and drop", "hang"
#: The sender, a recipient, the command before a message (250 OK: go on as usual), and the whole message.
Stage = Literal["mail", "rcpt", "go", "data"]


@dataclass
class Post:
    """A mail server on this machine. ``answer``: what it says at each stage to a recipient; ``taken``: what it
    took, by recipient; ``connections``: how often somebody came; ``held``: it has one and keeps its answer back, until
    ``release`` is done."""

    port: int = 0
    answer: Callable[[Stage, str], str] = lambda stage, recipient: "250 OK"
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    connections: int = 0
    logins: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    release: "Future[None] | None" = None

    def of(self, recipient: str) -> list[EmailMessage]:
        """The mails a recipient got."""
        return [mail for to, mail in self.taken if to == recipient]

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        said = self.answer("mail", address)
        if said.startswith("2"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        said = self.answer("rcpt", address)
        if said == DROP:
            server.transport.abort()
        elif said == HANG:
            await asyncio.Event().wait()
        elif said.startswith("421"):  # it says so and goes
            asyncio.get_running_loop().call_soon(server.transport.close)
        elif said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (recipient,), content = envelope.rcpt_tos, envelope.content
        assert isinstance(content, bytes)
        said = self.answer("data", recipient)
        if said.startswith("2") or said == TAKE_AND_DROP:
            self.raw.append(content)
            mail = message_from_bytes(content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.taken.append((recipient, mail))
        if self.release:
            self.held.set()
            await asyncio.shield(asyncio.wrap_future(self.release))
        if said == HANG:
            await asyncio.Event().wait()
        if said in (DROP, TAKE_AND_DROP):
            server.transport.abort()
        return said


class _Server(SMTP):
    """A server that may say something else than 354 before a message."""

    async def smtp_DATA(self, arg: str) -> None:
        assert self.envelope is not None
        said = self.event_handler.answer("go", "".join(self.envelope.rcpt_tos))
        if said == "250 OK":
            await super().smtp_DATA(arg)
        else:
            await self.push(said)


class Certificates:
    """An authority of the tests' own and what it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.path = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.path))

    def server(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """For a server that shows the certificate of ``host``."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(host).configure_cert(context)
        return context


@contextmanager
def post(tls: ssl.SSLContext | None = None, implicit: bool = False, login: bool = True) -> Iterator[Post]:
    """A mail server with STARTTLS, or TLS from the start, or none; ``login``: it takes nothing without."""
    served, loop = Post(), asyncio.new_event_loop()

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        served.logins.append(given.login.decode())
        return AuthResult(success=good, handled=False)

    def protocol() -> SMTP:
        served.connections += 1
        secured: dict[str, Any] = {} if implicit or tls is None else {"tls_context": tls, "require_starttls": True}
        authenticated = {"auth_required": True, "authenticator": check} if login else {}
        server = _Server(served, loop=loop, hostname="mail.example", **secured, **authenticated)
        server._auth_require_tls = not implicit  # it does not see that the connection has been safe from the start
        return server

    async def listen() -> asyncio.Server:
        return await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)

    server = loop.run_until_complete(listen())
    served.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield served
    finally:
        if served.release and not served.release.done():
            served.release.set_result(None)
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def reciting(lines: list[bytes]) -> Iterator[int]:
    """A server that says its lines in turn, whatever it hears between; gives its port."""

    class Reciting(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in lines:
                self.wfile.write(line)
                self.rfile.readline()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Reciting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


async def _end(server: asyncio.Server) -> None:
    """Close the server and let everything on its loop come to an end."""
    server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)


def publish(folder: Path, units: tuple[tuple[str, str, str], ...] = UNITS) -> Path:
    """A home with a publication of three units in force that has all that is delivered; gives the home."""
    inbox, home = folder / "inbox", folder / "home"
    write_csv(inbox / "名册.csv", registry(*units))
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", units[0][1])])
    assess(inbox, home)
    return home


def change(home: Path, **said: Any) -> Path:
    """Let the manifest of the publication in force say something else, and put it in force like that; gives it."""
    with proceedings(home, YEAR) as found:
        folder = found.current
        manifest = json.loads((folder / MANIFEST).read_text("utf-8")) | said
        (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
        (folder / SUMS).unlink()
        sums = "".join(f"{sha256}  {name}\n" for name, sha256 in file_hashes(folder, "**/*").items())
        (folder / SUMS).write_text(sums, "utf-8")
        found.put_in_force("publish", folder, {"state": "provisional"})
    return folder


def write_delivery(home: Path, **said: Any) -> Path:
    """A delivery file (JSON is YAML)."""
    path = home / "delivery.yml"
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return path


def mail(port: int, certificates: Certificates | None = None, **other: Any) -> dict[str, Any]:
    """The mail server as the delivery file has it: by STARTTLS and with a login, or plain without certificates."""
    said: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "from": "党建考核 <kaohe@bureau.example>",
        "retries": QUICK,
    }
    if certificates is None:
        return said | {"tls": "none"} | other
    login = {"user": USER, "password": {"env": "KAOHE_TEST_MAIL"}}
    return said | {"ca": str(certificates.path)} | login | other


def attachments(message: EmailMessage) -> dict[str, bytes]:
    """What is attached, by name."""
    return {str(part.get_filename()): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def logged(home: Path) -> list[dict[str, Any]]:
    """The lines of the log."""
    path = home / "published" / str(YEAR) / "deliveries.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
