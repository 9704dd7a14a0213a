"""The scores by pandas: ``python by_pandas.py INBOX OUT``."""

import sys
from pathlib import Path

import pandas as pd
from scheme import AS_OF, GRADES, LEAVES, MONTHS, MUSTS, PENALTY, PERIOD_END, SEVERITY, STREET, TARGET, YEAR, weights

INBOX, OUT = map(Path, sys.argv[1:])
MICRO = 1_000_000
end, as_of = pd.Timestamp(PERIOD_END), pd.Timestamp(AS_OF)


def table(name: str, *columns: str, dates: tuple[str, ...] = ()) -> pd.DataFrame:
    frame = pd.read_parquet(INBOX / name, columns=[*columns, *dates])
    return frame.assign(**{day: pd.to_datetime(frame[day]) for day in dates})


def there(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    return (frame["valid_from"] <= first) & (frame["valid_to"].isna() | (frame["valid_to"] >= last))


def leaf(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    done = frame.assign(done=frame["done"].fillna(0).astype("int64"), due=frame["due"].astype("int64"))
    return done.groupby("unit_id", as_index=False)[["due", "done"]].sum().assign(leaf=name)


spell = ("valid_from", "valid_to")
units = table("org_unit", "unit_id", "category", dates=spell)
assessed = units[there(units, end, end)]
months = pd.DataFrame(MONTHS, columns=["month", "last"]).apply(pd.to_datetime)
due = assessed.merge(months, how="cross")
due = due.loc[there(due, due["month"], due["last"]), ["unit_id", "month"]].assign(due=MICRO)

meetings = table(
    "org_life_record", "unit_id", "types", "attributed_year", "due_count", "attend_count", "resolutions", "text_hash",
    dates=("held_on",),
)  # fmt: skip
meetings["year"] = meetings["attributed_year"].fillna(meetings["held_on"].dt.year)
first = meetings.dropna(subset="text_hash").groupby(["unit_id", "text_hash"], as_index=False)["held_on"].min()
held = meetings[
    meetings["types"].map(lambda types: "主题党日" in types)
    & (meetings["year"] == YEAR)
    & (meetings["due_count"] > 0)
    & (meetings["attend_count"] >= 0)
    & meetings["resolutions"].fillna(meetings["text_hash"]).notna()
].merge(first.rename(columns={"held_on": "first"}), on=["unit_id", "text_hash"], how="left")
held = held[held["held_on"] == held["first"].fillna(held["held_on"])]
held = held.assign(month=held["held_on"].dt.to_period("M").dt.to_timestamp())[["unit_id", "month"]].drop_duplicates()
themed = due.merge(held.assign(done=MICRO), on=["unit_id", "month"], how="left")

stat = table("study_stat", "unit_id", "platform", "enrolled", "participation_rate", dates=("period",))
xuexi = stat[stat["platform"] == "学习强国"].rename(columns={"period": "month"})
rate = (xuexi["participation_rate"].astype(float) * MICRO).round().astype("int64")
xuexi = xuexi.assign(done=((2 * MICRO * rate + TARGET) // (2 * TARGET)).clip(upper=MICRO))
study = due.merge(xuexi[["unit_id", "month", "enrolled", "done"]], on=["unit_id", "month"], how="left")
study = study[study["enrolled"].isna() | (study["enrolled"] > 0)]

members = table("party_member", "unit_id", "member_id", dates=spell)
members = members[there(members, end, end)].sort_values("valid_from").drop_duplicates("member_id", keep="last")
talk = table("talk_record", "unit_id", "member_id", dates=("talked_on",))
talk = talk[talk["talked_on"].dt.year == YEAR]
talks = members.assign(due=MICRO, done=members["member_id"].isin(talk["member_id"]) * MICRO)

found = table(
    "inspection_finding", "unit_id", "inspection_id", "severity", dates=("found_on", "due_on", "rechecked_on")
)
inspected = table("inspection", "inspection_id", "unit_id", "round", *MUSTS, dates=("inspected_on",))
inspected = inspected[inspected["inspected_on"].dt.year == YEAR]
due_findings = found[(found["found_on"].dt.year == YEAR) & (found["due_on"] <= as_of)]
due_findings = due_findings.assign(due=due_findings["severity"].map(SEVERITY))
closed = due_findings["rechecked_on"] <= due_findings["due_on"]
due_findings = due_findings.assign(done=due_findings["due"].where(closed, 0))[["unit_id", "due", "done"]]
nothing = inspected.loc[~inspected["unit_id"].isin(due_findings["unit_id"]), ["unit_id"]].drop_duplicates()
findings = pd.concat([due_findings, nothing.assign(due=MICRO, done=MICRO)])

agreements = table("pairing_agreement", "agreement_id", "unit_id", "partner_type")
items = table("pairing_item", "agreement_id", "kind", dates=("due_on", "done_on"))
items = items[(items["kind"] == "项目") & (items["due_on"].dt.year == YEAR) & (items["due_on"] <= as_of)]
projects = items.merge(agreements[agreements["partner_type"].isin(STREET)], on="agreement_id")
projects = projects.assign(due=MICRO, done=(projects["done_on"] <= as_of) * MICRO)

penalty = found["severity"].map(PENALTY).groupby(found["inspection_id"]).sum().rename("penalty")
checks = inspected[inspected["round"] == 1].join(penalty, on="inspection_id")
points = 25 * checks[MUSTS].astype("int64").sum(axis=1) - checks["penalty"].fillna(0).astype("int64")
checks = checks.assign(due=100 * MICRO, done=points.clip(lower=0) * MICRO)

of_year = [
    meetings[meetings["year"] == YEAR], stat[stat["period"].dt.year == YEAR], talk, inspected,
    found[found["found_on"].dt.year == YEAR], agreements,
]  # fmt: skip
reported = pd.concat([frame["unit_id"] for frame in of_year]).unique()

measured = zip(LEAVES, [themed, study, talks, findings, projects, checks], strict=True)
sums = pd.concat([leaf(name, frame) for name, frame in measured])
sums["bit"] = sums["leaf"].map({name: 1 << i for i, name in enumerate(LEAVES)})
sums["present"] = sums.groupby("unit_id")["bit"].transform("sum")
sums = sums.merge(pd.DataFrame(weights(), columns=["present", "leaf", "weight"]), on=["present", "leaf"])
sums["cents"] = (2 * sums["weight"] * sums["done"] + sums["due"]) // (2 * sums["due"])
totals = sums.groupby("unit_id", as_index=False)["cents"].sum()

ranked = assessed[assessed["unit_id"].isin(reported)].merge(totals, on="unit_id")
of_category = ranked.groupby("category")["cents"]
ranked["rank"] = of_category.rank(method="min", ascending=False).astype("int64")
places = of_category.transform("size")
ranked["grade"] = ""
for title, at_least, quota in reversed(GRADES):
    reached = ranked["cents"] >= at_least
    if quota:
        reached &= ranked["rank"] <= (round(quota * 10_000) * places // 10_000).clip(lower=1)
    ranked.loc[reached, "grade"] = title
ranked[["unit_id", "cents", "rank", "grade"]].to_parquet(OUT)
