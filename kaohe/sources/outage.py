"""Why a source gives nothing today. An outage never looks like a deletion: what was last read stays."""


class Outage(Exception):
    """A source cannot be read; the text is a sentence for people, without secrets."""


class Passing(Outage):
    """May be over in a moment. ``wait``: seconds that the source asked for."""

    def __init__(self, sentence: str, wait: float = 0) -> None:
        super().__init__(sentence)
        self.wait = wait


class Shifted(Outage):
    """The source changed while it was read; reading again from the start may do."""
