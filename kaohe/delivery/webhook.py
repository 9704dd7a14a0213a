"""Robots of group chats: 企业微信 and 钉钉 take a note in Markdown; the answer's body says whether they did."""

import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx

from kaohe import clock
from kaohe.delivery.channels import Doubtful, quoted
from kaohe.delivery.config import Webhook, is_host, is_loopback, plain
from kaohe.delivery.letters import Correspondence, Letter
from kaohe.delivery.parcels import Parcel
from kaohe.outage import Outage, Passing, trusting
from kaohe.retries import Retries, retry_after
from kaohe.secrets import Secrets
from kaohe.words import say

#: The longest text that 企业微信 takes, in bytes.
MOST_BYTES = 4096
_LONGEST_ANSWER = 2**16
#: An answer may take so many times ``timeout`` in all, however steadily it drips.
_PATIENCE = 10
_HEADERS = {"content-type": "application/json", "user-agent": "kaohe"}
#: A status, and an errcode, that says: too busy, or too often. Nothing was taken.
_BUSY_STATUS = (408, 425, 429, 503)
_BUSY = {"wecom": (-1, 45009, 45033), "dingtalk": (-1, 90030, 130101, 302033, 410100)}
#: What can only happen before all was sent.
_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.WriteError, httpx.WriteTimeout)


class Robot:
    """A webhook, as a channel."""

    def __init__(self, hook: Webhook, letters: Correspondence, secrets: Secrets) -> None:
        self.hook, self.letters, self.secrets = hook, letters, secrets

    @property
    def retries(self) -> Retries:
        return self.hook.retries

    def open(self) -> None:
        """Its address and its secret are there, and it is a safe one."""
        self._address()
        self._signed()
        self._verify()

    def wrapped(self, parcel: Parcel) -> bytes:
        return json.dumps(note(self.hook.kind, self.letters.of(parcel)), ensure_ascii=False).encode()

    def send(self, parcel: Parcel, wrapped: bytes) -> None:
        # By the transport alone: a client of httpx follows, remembers, and writes the address into its log.
        waits = dict.fromkeys(("connect", "read", "write", "pool"), self.hook.timeout)
        request = httpx.Request(
            "POST", self._address().copy_merge_params(self._signed()), content=wrapped, headers=_HEADERS,
            extensions={"timeout": waits},
        )  # fmt: skip
        with self._sentences(), self._transport() as transport, closing(transport.handle_request(request)) as answer:
            content = self._content(answer)
        self._check(answer, content)

    def close(self) -> None:
        """Nothing is kept open."""

    def _address(self) -> httpx.URL:
        """Raises ``Outage`` for an address that is not https, or not this machine's."""
        try:
            url = httpx.URL(self.secrets.look_up(self.hook.url).strip())
        except httpx.InvalidURL:
            raise Outage(say("delivery_webhook_address", name=self.hook.name)) from None
        for value in url.params.values():
            self.secrets.add(value)
        safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
        if not (safe and is_host(url.raw_host.decode("ascii"))):
            raise Outage(say("delivery_webhook_address", name=self.hook.name))
        return url

    def _signed(self) -> dict[str, str]:
        """DingTalk's signature: HMAC-SHA256 of the moment, by the secret that is also in it."""
        if self.hook.sign is None:
            return {}
        secret, moment = self.secrets.look_up(self.hook.sign), str(int(clock.now().timestamp() * 1000))
        digest = hmac.new(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256).digest()
        return {"timestamp": moment, "sign": base64.b64encode(digest).decode()}

    def _transport(self) -> httpx.HTTPTransport:
        return httpx.HTTPTransport(verify=self._verify(), trust_env=False, proxy=self.hook.proxy)

    def _verify(self) -> ssl.SSLContext | bool:
        return trusting(self.hook.ca) if self.hook.ca else True

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """What goes wrong on the way: before it was all sent it may be sent again, after that nobody knows."""
        try:
            yield
        except _BEFORE as error:
            said = quoted(f"{type(error).__name__} {error}", self.secrets)
            sentence = say("delivery_webhook_unreachable", name=self.hook.name, problem=said)
            raise Outage(sentence) if "CERTIFICATE_VERIFY_FAILED" in said else Passing(sentence) from None
        except httpx.HTTPError:
            raise Doubtful(say("delivery_no_answer")) from None

    def _content(self, answer: httpx.Response) -> bytes:
        """The answer's body; one that does not end is cut off."""
        late = time.monotonic() + _PATIENCE * self.hook.timeout
        content = b""
        for part in answer.iter_bytes():
            content += part
            if len(content) > _LONGEST_ANSWER:
                break
            if time.monotonic() > late:
                raise Doubtful(say("delivery_no_answer"))
        return content

    def _check(self, answer: httpx.Response, content: bytes) -> None:
        """Raises for anything but a body which says that the note was taken; ``Doubtful`` where it may have been."""
        name, status = self.hook.name, answer.status_code
        if status in _BUSY_STATUS:
            wait = retry_after(answer.headers.get("retry-after", ""))
            sentence = say("delivery_webhook_status", name=name, status=status)
            raise Passing(sentence, wait) if wait <= self.hook.retries.at_most else Outage(sentence)
        if status >= 500:
            raise Doubtful(say("delivery_webhook_status", name=name, status=status))
        if status // 100 != 2:
            raise Outage(say("delivery_webhook_status", name=name, status=status))
        said = _body(content)
        code = said.get("errcode")
        if type(code) is not int:
            raise Doubtful(say("delivery_webhook_stranger", name=name))
        if code != 0:
            text = quoted(str(said.get("errmsg", "")), self.secrets)
            sentence = say("delivery_webhook_refused", name=name, code=code, said=text)
            raise Passing(sentence) if code in _BUSY[self.hook.kind] else Outage(sentence)


def note(kind: str, letter: Letter) -> dict[str, Any]:
    """The note as the robot of such a chat takes it."""
    lines = [line for line in letter.body.splitlines() if line]
    if kind == "dingtalk":
        return {"msgtype": "markdown", "markdown": {"title": plain(letter.subject), "text": "\n\n".join(lines)}}
    while len("\n".join(lines).encode()) > MOST_BYTES:
        lines.pop()
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(lines)}}


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
