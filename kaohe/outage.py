"""Why another machine does not do today what it should: a source that gives nothing, a server that takes no mail."""


class Outage(Exception):
    """It cannot be done; the text is a sentence for people, without secrets."""


class Passing(Outage):
    """May be over in a moment. ``wait``: seconds that the other side asked for."""

    def __init__(self, sentence: str, wait: float = 0) -> None:
        super().__init__(sentence)
        self.wait = wait


class Shifted(Outage):
    """The source changed while it was read; reading again from the start may do."""
