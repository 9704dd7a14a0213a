"""Handing parcels over: each try is in the log, what may go through in a moment is tried again, and what may have gone
through is not."""

from contextlib import closing, suppress
from typing import Any, Protocol

from kaohe import progress
from kaohe.delivery.log import Log
from kaohe.delivery.parcels import Parcel
from kaohe.outage import Outage, Passing
from kaohe.retries import Retries, retrying
from kaohe.words import say


class Doubtful(Exception):
    """It was handed over and nobody said whether it was taken; the text is a sentence without secrets."""


class Channel(Protocol):
    """A way to the recipients. What goes wrong is an ``Outage``, a ``Passing`` one where trying again may help."""

    @property
    def retries(self) -> Retries: ...

    def open(self) -> None:
        """Be ready to send; nothing if it is."""

    def wrapped(self, parcel: Parcel) -> Any:
        """What will be sent."""

    def send(self, parcel: Parcel, wrapped: Any) -> None:
        """Send it. Raises ``Doubtful`` if it may have arrived."""

    def close(self) -> None:
        """Send nothing more for now."""


class Sending:
    """The parcels that go by one channel. ``failed``: why some did not get through."""

    def __init__(self, channel: Channel, parcels: list[Parcel], log: Log) -> None:
        self.channel, self.log = channel, log
        self.failed: dict[Parcel, str] = {}
        self._waiting = dict.fromkeys(parcels, "")
        self._tried: set[Parcel] = set()

    def hand_over(self) -> None:
        """Send each; those that may go through in a moment are tried again together, after all others."""
        with suppress(Passing):
            for attempt in retrying(self.channel.retries):
                with attempt, closing(self.channel):
                    self._once()
        self.failed |= self._waiting
        for parcel, why in self.failed.items():
            if parcel not in self._tried:
                self.log.add("failed", parcel, why)

    def _once(self) -> None:
        """Try each that waits. Raises ``Passing`` if there is reason to try again."""
        again: Passing | None = None
        for number, parcel in enumerate(waiting := [*self._waiting]):
            progress.report(say("step_deliver"), number, len(waiting))
            try:
                self.channel.open()
            except Outage as outage:  # it concerns all that wait
                self._waiting = dict.fromkeys(self._waiting, str(outage))
                if isinstance(outage, Passing):
                    raise
                return
            try:
                self._try(parcel)
            except Passing as passing:
                self._waiting[parcel] = str(passing)
                again = passing if again is None or passing.wait > again.wait else again
                continue
            except Outage as outage:
                self.failed[parcel] = str(outage)
            del self._waiting[parcel]
        if again:
            raise again

    def _try(self, parcel: Parcel) -> None:
        """One try, with its lines in the log. Killed in between, it is doubtful."""
        wrapped = self.channel.wrapped(parcel)
        self.log.add("sending", parcel)
        self._tried.add(parcel)
        try:
            self.channel.send(parcel, wrapped)
        except Doubtful as doubt:
            self.log.add("doubtful", parcel, str(doubt))
        except Outage as outage:
            self.log.add("failed", parcel, str(outage))
            raise
        else:
            self.log.add("sent", parcel)
