"""The Prefect server of a home folder: where it listens, who may, what it is told, its start and its end."""

import errno
import ipaddress
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from kaohe.errors import KaoheError
from kaohe.prefects import Found, end, look

#: How long a server may take to begin and to end, in seconds.
BEGIN, END = 180, 15
#: How long a log may be when something is started, in bytes.
_LONG = 1_000_000


def is_loopback(host: str) -> bool:
    """Only programs on this machine reach the address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _for_a_url(host: str) -> str:
    """The host as it stands in the address that programs on this machine use."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host


def kept_short(log: Path) -> Path:
    """A log that is gone on with; a long one is begun anew, and the old one stays beside it."""
    if log.exists() and log.stat().st_size > _LONG:
        log.replace(log.with_name(f"{log.name}.1"))
    return log


class Server:
    """A server that listens at ``host`` and ``port``; its files are in ``folder`` unless PREFECT_HOME says otherwise.

    Raises ``KaoheError`` if others could reach it without a login.
    """

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.folder, self.host, self.port = folder, host, port
        self.page = f"http://{_for_a_url(host)}:{port}"
        self.api = f"{self.page}/api"
        self.log = folder / "server.log"
        self.login = self._settle()
        if not is_loopback(host) and not all((self.login or "").partition(":")[::2]):
            raise KaoheError("serve_host", host=host)
        self._process: subprocess.Popen[bytes] | None = None

    def _settle(self) -> str | None:
        """Tell Prefect, in this process and those it starts, how it is to be; gives the login that it asks for."""
        own = {self.page, f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"}
        os.environ |= {"PREFECT_API_URL": self.api}
        wanted = {
            "PREFECT_HOME": str(self.folder),
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            # No page that somebody happens to look at may start a run.
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(sorted(own)),
        }
        for name, value in wanted.items():
            os.environ.setdefault(name, value)
        login = os.environ.get("PREFECT_SERVER_API_AUTH_STRING")
        if login:
            os.environ["PREFECT_API_AUTH_STRING"] = login
        return login

    def start(self) -> None:
        """Start it. Raises ``KaoheError`` if the port is taken or the host is not this machine's."""
        self._refuse_taken()
        with kept_short(self.log).open("ab") as log:
            self.log.chmod(0o600)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kaohe.serving.child", self.host, str(self.port)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: it ends last; on Windows:
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def wait(self, stop: threading.Event) -> bool:
        """Wait until it answers; gives False if ``stop`` came first. Raises ``KaoheError`` if it ended or does not
        answer."""
        for _ in range(BEGIN * 10):
            if stop.wait(0.1):
                return False
            self.check()
            match look(self.api, self.login):
                case Found.SERVER:
                    return True
                case Found.LOGIN:  # set in a file of Prefect's, where we do not see it
                    raise KaoheError("server_login_elsewhere")
        raise KaoheError("serve_silent", seconds=BEGIN, log=self.log)

    def check(self) -> None:
        """Raises ``KaoheError`` if it has ended."""
        if self._process is None or self._process.poll() is not None:
            raise KaoheError("serve_server_ended", log=self.log)

    def end(self) -> None:
        """End it, if it is running."""
        if self._process is not None:
            end(self._process, END)

    def _refuse_taken(self) -> None:
        if look(self.api, self.login) is not Found.NOTHING:
            raise KaoheError("serve_port_prefect", port=self.port, page=self.page)
        try:
            family, kind, _, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                if os.name == "posix":  # on Windows a port that is taken could be had in this way
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise KaoheError("serve_port", port=self.port) from error
            raise KaoheError("serve_address", host=self.host, port=self.port, problem=error.strerror) from error
