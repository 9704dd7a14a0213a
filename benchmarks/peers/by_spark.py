"""The scores by Apache Spark on this machine alone, all its cores: ``python by_spark.py INBOX OUT``."""

import sys
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from scheme import AS_OF, GRADES, LEAVES, MONTHS, MUSTS, PENALTY, PERIOD_END, SEVERITY, STREET, TARGET, YEAR, weights

INBOX, OUT = sys.argv[1:]
MICRO = 1_000_000
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.driver.memory", "8g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "8")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
c, end, as_of = F.col, F.lit(PERIOD_END), F.lit(AS_OF)


def table(name: str) -> DataFrame:
    return spark.read.parquet(f"{INBOX}/{name}")


def there(first: Column, last: Column) -> Column:
    return (c("valid_from") <= first) & (c("valid_to").isNull() | (c("valid_to") >= last))


def by_name(column: str, values: dict[str, int]) -> Column:
    return reduce(lambda case, each: case.when(c(column) == each[0], each[1]), values.items(), F.when(F.lit(False), 0))


def leaf(name: str, frame: DataFrame) -> DataFrame:
    done = F.sum(F.coalesce(c("done"), F.lit(0))).cast("long")
    sums = frame.groupBy("unit_id").agg(F.sum("due").cast("long").alias("due"), done.alias("done"))
    return sums.withColumn("leaf", F.lit(name)).withColumn("bit", F.lit(1 << LEAVES.index(name)))


meetings = table("org_life_record").withColumn("year", F.coalesce("attributed_year", F.year("held_on")))
inspected = table("inspection").where(F.year("inspected_on") == YEAR)
found = table("inspection_finding")
agreements = table("pairing_agreement")
talk = table("talk_record").where(F.year("talked_on") == YEAR)
assessed = table("org_unit").where(there(end, end)).select("unit_id", "category", "valid_from", "valid_to")
months = spark.createDataFrame(MONTHS, "month date, last date")
due = assessed.crossJoin(F.broadcast(months)).where(there(c("month"), c("last")))
due = due.select("unit_id", "month", F.lit(MICRO).alias("due"))

first = meetings.where("text_hash is not null").groupBy("unit_id", "text_hash").agg(F.min("held_on").alias("first"))
held = (
    meetings.where(F.array_contains("types", "主题党日") & (c("year") == YEAR))
    .where("due_count > 0 and attend_count >= 0 and coalesce(resolutions, text_hash) is not null")
    .join(first, ["unit_id", "text_hash"], "left")
    .where("held_on = coalesce(first, held_on)")
    .select("unit_id", F.trunc("held_on", "month").alias("month"), F.lit(MICRO).alias("done"))
    .distinct()
)
themed = due.join(held, ["unit_id", "month"], "left")

rate = (c("participation_rate") * MICRO).cast("long")
reached = F.floor((2 * MICRO * rate + TARGET) / (2 * TARGET))
stat = table("study_stat")
xuexi = stat.where(c("platform") == "学习强国")
xuexi = xuexi.select("unit_id", c("period").alias("month"), "enrolled", F.least(reached, F.lit(MICRO)).alias("done"))
study = due.join(xuexi, ["unit_id", "month"], "left").where("enrolled is null or enrolled > 0")

latest = Window.partitionBy("member_id").orderBy(F.desc("valid_from"))
members = table("party_member").where(there(end, end)).withColumn("n", F.row_number().over(latest)).where("n = 1")
talked = talk.select("member_id", F.lit(MICRO).alias("done")).distinct()
talks = members.join(talked, "member_id", "left").withColumn("due", F.lit(MICRO))

due_findings = found.where((F.year("found_on") == YEAR) & (c("due_on") <= as_of))
due_findings = due_findings.withColumn("due", by_name("severity", SEVERITY))
due_findings = due_findings.withColumn("done", F.when(c("rechecked_on") <= c("due_on"), c("due")).otherwise(0))
nothing = inspected.select("unit_id").distinct().join(due_findings, "unit_id", "anti")
nothing = nothing.withColumn("due", F.lit(MICRO)).withColumn("done", F.lit(MICRO))
findings = due_findings.select("unit_id", "due", "done").union(nothing)

items = table("pairing_item").where((F.year("due_on") == YEAR) & (c("due_on") <= as_of) & (c("kind") == "项目"))
projects = items.join(agreements.where(c("partner_type").isin(STREET)), "agreement_id")
projects = projects.withColumn("due", F.lit(MICRO)).withColumn("done", F.when(c("done_on") <= as_of, MICRO))

penalty = found.groupBy("inspection_id").agg(F.sum(by_name("severity", PENALTY)).alias("penalty"))
points = 25 * sum(c(must).cast("int") for must in MUSTS) - F.coalesce("penalty", F.lit(0))
checks = inspected.where(c("round") == 1).join(penalty, "inspection_id", "left")
checks = checks.withColumn("due", F.lit(100 * MICRO)).withColumn("done", F.greatest(points, F.lit(0)) * MICRO)

of_year = [
    meetings.where(c("year") == YEAR), stat.where(F.year("period") == YEAR), talk, inspected,
    found.where(F.year("found_on") == YEAR), agreements,
]  # fmt: skip
reported = reduce(DataFrame.union, [frame.select("unit_id") for frame in of_year]).distinct()

measured = zip(LEAVES, [themed, study, talks, findings, projects, checks], strict=True)
sums = reduce(DataFrame.union, [leaf(name, frame) for name, frame in measured])
sums = sums.withColumn("present", F.sum("bit").over(Window.partitionBy("unit_id")))
shares = spark.createDataFrame(weights(), "present long, leaf string, weight long")
cents = F.expr("(2 * weight * done + due) div (2 * due)")
totals = sums.join(F.broadcast(shares), ["present", "leaf"]).groupBy("unit_id").agg(F.sum(cents).alias("cents"))

of_category = Window.partitionBy("category")
ranked = (
    assessed.join(reported, "unit_id", "semi")
    .join(totals, "unit_id")
    .withColumn("rank", F.rank().over(of_category.orderBy(F.desc("cents"))).cast("long"))
    .withColumn("units", F.count("*").over(of_category))
)
grade = F.when(F.lit(False), "")
for title, at_least, quota in GRADES:
    places = F.floor(round((quota or 1) * 10_000) * c("units") / 10_000)
    grade = grade.when((c("cents") >= at_least) & (c("rank") <= F.greatest(places, F.lit(1))), title)
ranked.select("unit_id", "cents", "rank", grade.alias("grade")).write.mode("overwrite").parquet(OUT)
spark.stop()
