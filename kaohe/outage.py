"""Why another machine does not do today what it should: a source that gives nothing, a server that takes no mail."""

import ssl
from pathlib import Path

from kaohe.words import say


class Outage(Exception):
    """It cannot be done; the text is a sentence for people, without secrets."""


class Passing(Outage):
    """May be over in a moment. ``wait``: seconds that the other side asked for."""

    def __init__(self, sentence: str, wait: float = 0) -> None:
        super().__init__(sentence)
        self.wait = wait


class Shifted(Outage):
    """The source changed while it was read; reading again from the start may do."""


def trusting(ca: Path | None) -> ssl.SSLContext:
    """TLS that trusts the certificates in the file ``ca``, or those of this machine."""
    try:
        return ssl.create_default_context(cafile=ca and str(ca))
    except OSError as error:
        raise Outage(say("source_ca", path=ca, problem=error.strerror or type(error).__name__)) from None
