"""The delivery file (delivery.yml): who is sent what of a publication, and how. docs/delivery.md tells every key."""

import ipaddress
import re
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kaohe.publication import State
from kaohe.retries import Retries
from kaohe.secrets import Secret
from kaohe.yamlfile import read_yaml, wrong

#: The name of the delivery file in a home folder.
DELIVERY_FILE = "delivery.yml"

_DOMAIN = r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@.{{1,253}}$){_ATOM}(\.{_ATOM})*@{_DOMAIN}")
_HOST = re.compile(rf"(?=.{{1,253}}$){_DOMAIN}")
_SENDER = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_EMPTY: dict[str, Any] = {"leadership": [], "units": {}, "webhooks": [], "failures": {}}
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def plain(text: str) -> str:
    """``text`` on one line, without anything that is not seen."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def is_loopback(host: str) -> bool:
    """This machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_host(text: str) -> bool:
    """A name that may be asked for, or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True


def _host(text: str) -> str:
    if not is_host(text):
        raise wrong("delivery_host", text=plain(text))
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise wrong("delivery_address", text=plain(text))
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def _addresses(addresses: list[str]) -> list[str]:
    return list(dict.fromkeys(addresses))


def _sender(text: str) -> str:
    """An address, or 名称 <address>."""
    found = _SENDER.fullmatch(text.strip())
    name, address = (found["name"].strip(), found["address"]) if found else ("", text)
    if not name.isprintable():
        raise wrong("delivery_address", text=plain(text))
    return str(Address(name, addr_spec=_address(address)))


def _proxy(address: str) -> str:
    if "@" in address:
        raise wrong("secret_literal")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise wrong("source_url")
    return address


Addresses = Annotated[list[Annotated[str, AfterValidator(_address)]], AfterValidator(_addresses)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Mail(_Strict):
    """The mail server. ``ca``: certificates to trust; ``timeout``: seconds of silence; once a message is handed over it
    may take ten times as long."""

    host: Annotated[str, AfterValidator(_host)]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Path | None = None
    user: str | None = None
    password: Secret | None = None
    sender: Annotated[str, AfterValidator(_sender)] = Field(alias="from")
    timeout: Seconds = 60
    retries: Retries = Retries()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tls == "none" and not is_loopback(self.host):
            raise wrong("delivery_no_tls", at=("tls",))
        if (self.user is None) != (self.password is None):
            raise wrong("delivery_login_both")
        return self

    @property
    def at_port(self) -> int:
        return self.port or _PORTS[self.tls]

    @property
    def domain(self) -> str:
        """The domain that mails come from."""
        return self.sender.rstrip(">").rpartition("@")[2]


class Webhook(_Strict):
    """A robot of a group chat. Its address holds its key, so it is a secret; ``sign``: the secret of DingTalk's
    signature (加签)."""

    kind: Literal["wecom", "dingtalk"]
    url: Secret
    sign: Secret | None = None
    timeout: Seconds = 30
    ca: Path | None = None
    proxy: Annotated[str, AfterValidator(_proxy)] | None = None
    retries: Retries = Retries()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.sign and self.kind != "dingtalk":
            raise wrong("delivery_sign", at=("sign",))
        return self

    @property
    def name(self) -> str:
        """What it is called wherever it is spoken of: by where its address is kept, never by the address."""
        return f"{self.kind}:{self.url.env or self.url.prefect_secret}"


class Failures(_Strict):
    """Who is told when a night's run has failed, or could not reach something."""

    mail: Addresses = []
    webhooks: list[Webhook] = []


class Config(_Strict):
    """Who is sent what. ``units``: a unit by any of its names → its addresses; ``states``: those that are sent."""

    mail: Mail | None = None
    leadership: Addresses = []
    units: dict[str, Addresses] = {}
    webhooks: list[Webhook] = []
    failures: Failures = Failures()
    states: list[State] = Field(default=list(get_args(State)), min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _names(cls, given: Any) -> Any:
        """A unit's number may look like one; what is left empty is as good as left out."""
        if not isinstance(given, dict):
            return given
        said = given | {key: empty for key, empty in _EMPTY.items() if given.get(key) is None}
        if isinstance(units := said.get("units"), dict):
            said["units"] = {str(name): [] if addresses is None else addresses for name, addresses in units.items()}
        return said

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mail is None and (self.leadership or self.units):
            raise wrong("delivery_no_mail", at=("leadership" if self.leadership else "units",))
        if self.mail is None and self.failures.mail:
            raise wrong("delivery_no_mail", at=("failures", "mail"))
        _no_robot_twice(self.webhooks, "webhooks")
        _no_robot_twice(self.failures.webhooks, "failures", "webhooks")
        return self


def _no_robot_twice(webhooks: list[Webhook], *at: str) -> None:
    names = [webhook.name for webhook in webhooks]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise wrong("delivery_webhook_twice", at=(*at, number), name=name)


def read_config(path: Path) -> Config:
    """The delivery file; paths in it begin at its own folder.

    Raises ``KaoheError`` with file and line for an unknown key, an address that is none, a secret that is written out,
    or a mail server beyond this machine without TLS.
    """
    read, folder = read_yaml(path, Config), path.resolve().parent
    mail = read.mail and read.mail.model_copy(update={"ca": read.mail.ca and folder / read.mail.ca})
    webhooks, others = (
        [hook.model_copy(update={"ca": hook.ca and folder / hook.ca}) for hook in hooks]
        for hooks in (read.webhooks, read.failures.webhooks)
    )
    failures = read.failures.model_copy(update={"webhooks": others})
    return read.model_copy(update={"mail": mail, "webhooks": webhooks, "failures": failures})
