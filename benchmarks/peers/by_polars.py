"""The scores by polars, lazily: ``python by_polars.py INBOX OUT``."""

import sys

import polars as pl
from scheme import AS_OF, GRADES, LEAVES, MONTHS, MUSTS, PENALTY, PERIOD_END, SEVERITY, STREET, TARGET, YEAR, weights

INBOX, OUT = sys.argv[1:]
MICRO = 1_000_000
c = pl.col


def table(name: str) -> pl.LazyFrame:
    return pl.scan_parquet(f"{INBOX}/{name}/*.parquet")


def there(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    return (c("valid_from") <= first) & (c("valid_to").is_null() | (c("valid_to") >= last))


def leaf(name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    sums = frame.group_by("unit_id").agg(c("due").sum().cast(pl.Int64), c("done").sum().cast(pl.Int64))
    return sums.with_columns(leaf=pl.lit(name))


meetings = table("org_life_record").with_columns(year=pl.coalesce("attributed_year", c("held_on").dt.year()))
inspected = table("inspection").filter(c("inspected_on").dt.year() == YEAR)
found = table("inspection_finding")
end = pl.lit(PERIOD_END)
assessed = table("org_unit").filter(there(end, end)).select("unit_id", "category", "valid_from", "valid_to")
months = pl.LazyFrame(MONTHS, ["month", "last"], orient="row")
due = assessed.join(months, how="cross").filter(there(c("month"), c("last"))).select("unit_id", "month")

first = meetings.filter(c("text_hash").is_not_null()).group_by("unit_id", "text_hash").agg(first=c("held_on").min())
held = (
    meetings.filter(
        c("types").list.contains("主题党日"), c("year") == YEAR, c("due_count") > 0, c("attend_count") >= 0,
        pl.coalesce("resolutions", "text_hash").is_not_null(),
    )
    .join(first, on=["unit_id", "text_hash"], how="left")
    .filter(c("held_on") == pl.coalesce("first", "held_on"))
    .select("unit_id", month=c("held_on").dt.truncate("1mo"))
    .unique()
    .with_columns(done=pl.lit(MICRO))
)  # fmt: skip
themed = due.join(held, on=["unit_id", "month"], how="left").with_columns(due=pl.lit(MICRO))

rate = (c("participation_rate").cast(pl.Float64) * MICRO).round().cast(pl.Int64)
stat = (
    table("study_stat")
    .filter(c("platform") == "学习强国")
    .select("unit_id", "enrolled", month="period", done=((2 * MICRO * rate + TARGET) // (2 * TARGET)).clip(0, MICRO))
)
study = due.join(stat, on=["unit_id", "month"], how="left").filter(c("enrolled").is_null() | (c("enrolled") > 0))
study = study.with_columns(due=pl.lit(MICRO))

members = (
    table("party_member").filter(there(end, end)).sort("valid_from").unique("member_id", keep="last")
    .select("unit_id", "member_id")
)  # fmt: skip
talked = table("talk_record").filter(c("talked_on").dt.year() == YEAR).select("member_id").unique()
talks = members.join(talked.with_columns(done=pl.lit(MICRO)), on="member_id", how="left").with_columns(
    due=pl.lit(MICRO)
)

closed = c("rechecked_on") <= c("due_on")
weight = c("severity").replace_strict(SEVERITY, return_dtype=pl.Int64)
due_findings = found.filter(c("found_on").dt.year() == YEAR, c("due_on") <= AS_OF).select(
    "unit_id", due=weight, done=pl.when(closed).then(weight).otherwise(0)
)
nothing = inspected.select("unit_id").unique().join(due_findings, on="unit_id", how="anti")
findings = pl.concat([due_findings, nothing.with_columns(due=pl.lit(MICRO, pl.Int64), done=pl.lit(MICRO, pl.Int64))])

street = table("pairing_agreement").filter(c("partner_type").is_in(STREET)).select("agreement_id", "unit_id")
projects = (
    table("pairing_item")
    .filter(c("kind") == "项目", c("due_on").dt.year() == YEAR, c("due_on") <= AS_OF)
    .join(street, on="agreement_id")
    .select("unit_id", due=pl.lit(MICRO), done=(c("done_on") <= AS_OF).fill_null(False).cast(pl.Int64) * MICRO)
)

penalty = found.group_by("inspection_id").agg(
    penalty=c("severity").replace_strict(PENALTY, return_dtype=pl.Int64).sum()
)
points = 25 * pl.sum_horizontal(c(must).cast(pl.Int64) for must in MUSTS) - c("penalty").fill_null(0)
checks = (
    inspected.filter(c("round") == 1)
    .join(penalty, on="inspection_id", how="left")
    .select("unit_id", due=pl.lit(100 * MICRO, pl.Int64), done=points.clip(0) * MICRO)
)

reported = pl.concat(
    [
        meetings.filter(c("year") == YEAR).select("unit_id"),
        table("study_stat").filter(c("period").dt.year() == YEAR).select("unit_id"),
        table("talk_record").filter(c("talked_on").dt.year() == YEAR).select("unit_id"),
        inspected.select("unit_id"),
        found.filter(c("found_on").dt.year() == YEAR).select("unit_id"),
        table("pairing_agreement").select("unit_id"),
    ]
).unique()

sums = pl.concat(
    [
        leaf(name, frame.with_columns(c("due").cast(pl.Int64), c("done").fill_null(0).cast(pl.Int64)))
        for name, frame in zip(LEAVES, [themed, study, talks, findings, projects, checks], strict=True)
    ]
).with_columns(bit=c("leaf").replace_strict({name: 1 << i for i, name in enumerate(LEAVES)}, return_dtype=pl.Int64))
shares = pl.LazyFrame(weights(), {"present": pl.Int64, "leaf": pl.String, "weight": pl.Int64}, orient="row")
totals = (
    sums.with_columns(present=c("bit").sum().over("unit_id"))
    .join(shares, on=["present", "leaf"])
    .with_columns(cents=(2 * c("weight") * c("done") + c("due")) // (2 * c("due")))
    .group_by("unit_id")
    .agg(c("cents").sum())
)
ranked = (
    assessed.join(reported, on="unit_id")
    .join(totals, on="unit_id")
    .with_columns(
        rank=c("cents").rank("min", descending=True).over("category").cast(pl.Int64), units=pl.len().over("category")
    )
)
grade = pl.lit(None, pl.String)
for title, at_least, quota in reversed(GRADES):
    reached = c("cents") >= at_least
    if quota:
        reached &= c("rank") <= pl.max_horizontal(1, round(quota * 10_000) * c("units") // 10_000)
    grade = pl.when(reached).then(pl.lit(title)).otherwise(grade)
ranked.select("unit_id", "cents", "rank", grade=grade).sink_parquet(OUT)
