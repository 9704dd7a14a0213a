"""Passwords and tokens by reference: a file names where one is kept, never what it is."""

import base64
import os
import re
from typing import Any, Self
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, ConfigDict, model_validator

from kaohe.outage import Outage
from kaohe.people import MASK
from kaohe.words import say
from kaohe.yamlfile import wrong

#: What a name looks like. Anything else is a secret where its name belongs.
_NAMES = {"env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "prefect_secret": re.compile(r"[a-z0-9-]+")}


class Secret(BaseModel):
    """Where a secret is kept: in the environment variable ``env``, or in Prefect's Secret block ``prefect_secret``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    prefect_secret: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_reference(cls, given: Any) -> Any:
        """What is written out is refused, without repeating it."""
        if not isinstance(given, dict):
            raise wrong("secret_literal")
        for kind, name in _NAMES.items():
            there = given.get(kind)
            if there is not None and not (isinstance(there, str) and name.fullmatch(there)):
                raise wrong("secret_literal", at=(kind,))
        return given

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.prefect_secret is None):
            raise wrong("secret_place")
        return self


class Secrets:
    """The secrets that were looked up, so that they can be kept out of every sentence."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def look_up(self, secret: Secret) -> str:
        """The secret itself. Raises ``Outage`` if it is not where it should be."""
        value = os.environ.get(secret.env) if secret.env else _block(str(secret.prefect_secret))
        if not value:
            missing = say("secret_no_env", name=secret.env) if secret.env else None
            raise Outage(missing or say("secret_no_block", name=secret.prefect_secret))
        if not _is_text(value):
            raise Outage(say("secret_no_text", name=secret.env or secret.prefect_secret))
        value = value.rstrip("\r\n")  # a file that was put into the environment ends its line
        self.add(value)
        return value

    def add(self, value: str) -> None:
        """Keep this out of every sentence, too."""
        if value:
            self._known.add(value)

    def hide(self, text: str) -> str:
        """``text`` without any secret that was looked up, however it is written."""
        forms: set[str] = set()
        for value in self._known:
            forms |= {value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1]}
            forms.add(base64.b64encode(value.encode()).decode())
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text


def _is_text(value: str) -> bool:
    """It can be written in UTF-8: the environment may hold any bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _block(name: str) -> str | None:
    """What Prefect's Secret block holds; None if there is none, or no server to ask."""
    from prefect.blocks.system import Secret as Block

    try:
        load: Any = Block.load
        return str(load(name, _sync=True).get())
    except Exception:  # whatever Prefect says, the secret is not to be had
        return None
