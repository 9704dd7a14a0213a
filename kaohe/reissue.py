"""A run after the final result, which publishes a new final one."""

from pathlib import Path

from kaohe import publishing
from kaohe.errors import KaoheError
from kaohe.homelock import HomeLock
from kaohe.lifecycle.steps import refuse_pending
from kaohe.publication import called
from kaohe.publishing import Edition
from kaohe.run import Run


class Reissue(Run):
    """A run after the final result: it publishes a new final one with the next revision number, if anything differs.

    Raises ``KaoheError`` if there is no final result, or nobody but its operator approved it.
    """

    def __init__(
        self,
        inbox: Path | None,
        year: int,
        scheme: Path | None,
        home: Path,
        strict: bool,
        by: str,
        document: str,
        reason: str,
        sources: Path | None = None,
        operator: str = "",
    ) -> None:
        self.asked = {"by": by, "document": document, "reason": reason, "operator": operator}
        super().__init__(inbox, year, None, scheme, home, strict, sources)
        if self.proceedings.final is None:
            raise KaoheError("reissue_not_final", year=year)
        self.proceedings.today()

    def _look_up(self, held: HomeLock | None = None) -> None:
        super()._look_up(held)
        self.who = self.proceedings.check_approved("reissue", **self.asked)

    @property
    def frozen(self) -> bool:
        return False

    @property
    def up_to_date(self) -> bool:
        return False  # only the scores can tell

    @property
    def edition(self) -> Edition:
        final = self.proceedings.final
        assert final is not None
        revision = final.details["revision"] + 1
        said = {
            "log": self.proceedings.log.anchor,
            "act": {"act": "reissue"} | {name: self.who[name] for name in ("by", "document", "reason")},
            "revision": revision,
            "compared_with": final.publication,
        }
        return Edition(f"{called(self.question_id, 'final')}-r{revision}", "final", said, compared=True)

    def score(self) -> None:
        """Raises ``KaoheError`` if the scores are those of the final result, or a unit is pending."""
        super().score()
        final = self.folder / self.edition.said["compared_with"]
        with self.timed("score"):
            if not publishing.compare(self.warehouse, self.project.sql, final):
                raise KaoheError("reissue_nothing", publication=final.name)
            refuse_pending(self.warehouse)

    def publish(self) -> None:
        edition = self.edition
        self.proceedings.clear(edition.name)
        target = self._write(edition)
        details = {
            "on": self.proceedings.today().isoformat(),
            "instead_of": edition.said["compared_with"],
            "revision": edition.said["revision"],
            "units": self.warehouse.rows("select count(distinct unit_id) from main.changed")[0][0],
        }
        self.proceedings.put_in_force("reissue", target, details, **self.who)
