"""What changed between two publications, as people read it."""

import polars as pl

from kaohe.publication.snapshot import Snapshot
from kaohe.words import say

_THINGS = ("total", "rank", "grade", "veto", "status")


def changes(snapshot: Snapshot) -> pl.DataFrame:
    """One row per unit and thing that changed, under headings."""
    frame = snapshot.frame("select * from main.changed")
    names = {thing: say(f"heading_{thing}") for thing in _THINGS}
    statuses = {name: say(f"status_{name}") for name in ("scored", "pending", "no_data")}
    is_status = pl.col("thing") == "status"
    return frame.select(
        pl.col("category").alias(say("heading_category")),
        pl.col("unit_id").alias(say("heading_unit_id")),
        pl.col("unit_name").alias(say("heading_unit_name")),
        pl.coalesce("title", pl.col("thing").replace(names)).alias(say("heading_thing")),
        *(
            pl.when(is_status)
            .then(pl.col(name).replace(statuses))
            .otherwise(pl.col(name))
            .alias(say(f"heading_{name}"))
            for name in ("before", "after")
        ),
    )
