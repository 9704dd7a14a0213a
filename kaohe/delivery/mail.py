"""Mail over SMTP. Nothing is said to a server before TLS has shown it to be the one that was named."""

import hashlib
import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import PurePosixPath

from kaohe.delivery.channels import Doubtful, quoted
from kaohe.delivery.config import Mail, plain
from kaohe.delivery.letters import Correspondence
from kaohe.delivery.parcels import Parcel
from kaohe.outage import Outage, Passing, trusting
from kaohe.retries import Retries
from kaohe.secrets import Secrets
from kaohe.words import say

#: A message that was handed over may take so many times ``timeout`` to be taken.
_PATIENCE = 10
_OFFICE = "vnd.openxmlformats-officedocument"
_TYPES = {
    ".html": ("text", "html"),
    ".pdf": ("application", "pdf"),
    ".xlsx": ("application", f"{_OFFICE}.spreadsheetml.sheet"),
    ".docx": ("application", f"{_OFFICE}.wordprocessingml.document"),
}


class Mailer:
    """The mail server, as a channel."""

    def __init__(self, mail: Mail, letters: Correspondence, secrets: Secrets) -> None:
        self.mail, self.letters, self.secrets = mail, letters, secrets
        #: Connected, and between two messages: one whose talk broke off is not used again.
        self._server: smtplib.SMTP | None = None
        #: The server has stopped answering: until it is closed, nobody else waits for it.
        self._silence: Passing | None = None

    @property
    def retries(self) -> Retries:
        return self.mail.retries

    def open(self) -> None:
        if self._silence:
            raise self._silence
        if self._server:
            return
        password = self.secrets.look_up(self.mail.password) if self.mail.password else ""
        if not f"{self.mail.user}{password}".isascii():
            raise Outage(say("delivery_login_ascii"))
        if password:
            self.secrets.add(f"\0{self.mail.user}\0{password}")  # as it is sent
        try:
            self._server = self._connected(password)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from None

    def wrapped(self, parcel: Parcel) -> bytes:
        return message(self.mail, self.letters, parcel).as_bytes()

    def send(self, parcel: Parcel, wrapped: bytes) -> None:
        server, self._server = self._server, None
        assert server is not None
        try:
            refused = self._offered(server, parcel.recipient, wrapped)
        except (OSError, smtplib.SMTPException) as error:  # before its end: nobody takes half a message
            server.close()
            raise self._broken_off(error) from None
        if refused is None:
            code, reply = self._answer(server)
            if code // 100 == 2:
                self._server = server
                return
            refused = "data", code, reply
        stage, code, reply = refused
        self._server = self._afresh(server)
        sentence = say(f"delivery_refused_{stage}", code=code, said=quoted(reply, self.secrets))
        raise Passing(sentence) if code // 100 == 4 else Outage(sentence)

    def close(self) -> None:
        server, self._server, self._silence = self._server, None, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _connected(self, password: str) -> smtplib.SMTP:
        mail = self.mail
        context = trusting(mail.ca) if mail.tls != "none" else None
        at, own_name = (mail.host, mail.at_port), mail.domain  # to look for this machine's own would ask the network
        if mail.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*at, own_name, timeout=mail.timeout, context=context)
        else:
            server = smtplib.SMTP(*at, own_name, timeout=mail.timeout)
        try:
            if mail.tls == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _offered(self, server: smtplib.SMTP, recipient: str, data: bytes) -> tuple[str, int, bytes] | None:
        """Hand over the message to its last byte; gives at what, and how, the server said that it wants none of it."""
        code, reply = server.mail(self.mail.sender.rstrip(">").rpartition("<")[2])
        if code // 100 != 2:
            return "mail", code, reply
        code, reply = server.rcpt(recipient)
        if code // 100 != 2:
            return "rcpt", code, reply
        code, reply = server.docmd("DATA")
        if code // 100 != 3:
            return "data", code, reply
        server.send(re.sub(rb"(?m)^\.", b"..", data.rstrip(b"\r\n")) + b"\r\n.\r\n")
        return None

    def _answer(self, server: smtplib.SMTP) -> tuple[int, bytes]:
        """What the server says to a whole message. Raises ``Doubtful`` if that is nothing."""
        assert server.sock is not None
        try:
            server.sock.settimeout(_PATIENCE * self.mail.timeout)
            code, reply = server.getreply()
            server.sock.settimeout(self.mail.timeout)
        except (OSError, smtplib.SMTPException) as error:
            self._broken_off(error)
            code, reply = -1, b""
        if code // 100 not in (2, 4, 5):
            server.close()
            raise Doubtful(say("delivery_no_answer"))
        return code, reply

    def _unreachable(self, error: Exception) -> Outage:
        """Why the server cannot be used."""
        at = {"host": self.mail.host, "port": self.mail.at_port}
        match error:
            case ssl.SSLCertVerificationError():
                return Outage(say("delivery_certificate", problem=error.verify_message, **at))
            case ssl.SSLError() if not isinstance(error, ssl.SSLEOFError):
                return Outage(say("delivery_no_handshake", problem=error.reason or type(error).__name__, **at))
            case smtplib.SMTPNotSupportedError() if self.mail.tls == "starttls" and "STARTTLS" in str(error):
                return Outage(say("delivery_no_starttls", **at))
            case smtplib.SMTPAuthenticationError() if error.smtp_code // 100 == 5:
                return Outage(say("delivery_login", code=error.smtp_code, **at))
            case smtplib.SMTPResponseException() if error.smtp_code // 100 == 5:
                said = quoted(error.smtp_error, self.secrets)
                return Outage(say("delivery_server_refused", code=error.smtp_code, said=said, **at))
            case smtplib.SMTPServerDisconnected() | smtplib.SMTPResponseException():
                return self._broken_off(error)
            case smtplib.SMTPException() | ValueError():
                return Outage(say("delivery_no_login", **at))
            case _:
                return self._broken_off(error)

    def _broken_off(self, error: Exception) -> Passing:
        """The talk has come to nothing; if that took the time-out, the server has fallen silent."""
        text = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        problem = quoted(text or type(error).__name__, self.secrets)
        passing = Passing(say("delivery_unreachable", host=self.mail.host, port=self.mail.at_port, problem=problem))
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # as smtplib passes it on
            self._silence = passing
        return passing

    def _afresh(self, server: smtplib.SMTP) -> smtplib.SMTP | None:
        """The server, ready for another message; None if it has closed the connection."""
        try:
            server.rset()
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            self._broken_off(error)
            return None
        return server


def message(mail: Mail, letters: Correspondence, parcel: Parcel) -> EmailMessage:
    """The mail for a parcel: the same bytes each time, by the same Message-ID, so that who got it can tell."""
    letter = letters.of(parcel)
    digest = hashlib.sha256("\n".join(map(str, parcel.key)).encode()).hexdigest()[:32]
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = mail.sender, parcel.recipient
    made["Subject"] = plain(letter.subject)
    made["Date"] = letters.at
    made["Message-ID"] = f"<{digest}@{mail.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.body, cte="base64")
    if parcel.files:
        made.make_mixed(boundary=f"kaohe-{digest}")
    for name in parcel.files:
        path = PurePosixPath(name)
        kind, subtype = _TYPES.get(path.suffix, ("application", "octet-stream"))
        made.add_attachment(_attached(parcel, name), kind, subtype, filename=path.name)
    return made


def _attached(parcel: Parcel, name: str) -> bytes:
    """A file of the publication. Raises ``Outage`` if it is gone, or not as it was published."""
    path = parcel.publication / name
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != parcel.files[name]:
        raise Outage(say("delivery_file", path=path))
    return data
