"""Handing parcels over: each try is in the log, what may go through in a moment is tried again, and what may have gone
through is not."""

from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, Protocol

from kaohe import progress
from kaohe.delivery.config import plain
from kaohe.delivery.log import Log
from kaohe.delivery.parcels import Parcel
from kaohe.outage import Outage, Passing
from kaohe.retries import Retries, retrying
from kaohe.secrets import Secrets
from kaohe.words import say

_LONGEST_SAYING = 200


class Doubtful(Exception):
    """It was handed over and nobody said whether it was taken; the text is a sentence without secrets."""


class Channel(Protocol):
    """A way to the recipients. What goes wrong is an ``Outage``, a ``Passing`` one where trying again may help."""

    @property
    def retries(self) -> Retries: ...

    def open(self) -> None:
        """Be ready to send; nothing if it is. What it raises concerns all that wait."""

    def wrapped(self, parcel: Parcel) -> Any:
        """What will be sent."""

    def send(self, parcel: Parcel, wrapped: Any) -> None:
        """Send it. Raises ``Doubtful`` if it may have arrived."""

    def close(self) -> None:
        """Send nothing more for now."""


class Sending:
    """The parcels that go by one channel; what comes of each is logged. ``check`` raises what forbids to go on."""

    def __init__(
        self, channel: Channel, parcels: list[Parcel], log: Log, check: Callable[[], None] = lambda: None
    ) -> None:
        self.channel, self.log, self.check = channel, log, check
        #: Why each that waits has not got through so far.
        self._waiting = dict.fromkeys(parcels, "")
        self._tried: set[Parcel] = set()

    def hand_over(self) -> None:
        """Send each; those that may go through in a moment are tried again together, after all others."""
        with suppress(Passing):
            for attempt in retrying(self.channel.retries):
                with attempt, closing(self.channel):
                    self._once()
        for parcel, why in self._waiting.items():
            if parcel not in self._tried:
                self.log.add("failed", parcel, why)

    def _once(self) -> None:
        """Try each that waits. Raises ``Passing`` if there is reason to try again."""
        again: Passing | None = None
        for number, parcel in enumerate(waiting := [*self._waiting]):
            progress.report(say("step_deliver"), number, len(waiting))
            try:
                self.channel.open()
            except Outage as outage:
                self._waiting = dict.fromkeys(self._waiting, str(outage))
                if isinstance(outage, Passing):
                    raise
                return
            del self._waiting[parcel]
            try:
                self._try(parcel)
            except Passing as passing:
                self._waiting[parcel] = str(passing)  # behind all others
                again = passing if again is None or passing.wait > again.wait else again
        if again:
            raise again

    def _try(self, parcel: Parcel) -> None:
        """One try, with its lines in the log. Killed in between, it is doubtful. Raises ``Passing`` for another."""
        self._tried.add(parcel)
        try:
            wrapped = self.channel.wrapped(parcel)
            self.check()
            self.log.add("sending", parcel)
            self.channel.send(parcel, wrapped)
        except Doubtful as doubt:
            self.log.add("doubtful", parcel, str(doubt))
        except Outage as outage:
            self.log.add("failed", parcel, str(outage))
            if isinstance(outage, Passing):
                raise
        else:
            self.log.add("sent", parcel)


def quoted(words: bytes | str, secrets: Secrets) -> str:
    """What the other side says, fit to be repeated."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return plain(secrets.hide(text))[:_LONGEST_SAYING]
