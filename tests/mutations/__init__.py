"""Ways to break the scoring SQL (mutations.yml): `make mutations` proves that the tests catch every one."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Mutation:
    """In ``file`` (below sql/) ``new`` stands for ``old``, which is there once; ``wrong``: what is then wrong."""

    file: str
    old: str
    new: str
    wrong: str

    def apply(self, sql: Path) -> None:
        """Break the file. Raises ``ValueError`` if ``old`` is not there just once."""
        path = sql / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {text.count(self.old)} times {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def mutations() -> list[Mutation]:
    """All of them, in order."""
    text = (Path(__file__).parent / "mutations.yml").read_text(encoding="utf-8")
    return [Mutation(**row) for row in yaml.safe_load(text)]
