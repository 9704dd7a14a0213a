"""Assessments too large to be copied: a city's or a country's Party organisations, from folders of Parquet files.

The records stay in their files. What is trusted is a view over them, proved by the same contracts in one scan of each
table; measures run as sums (``sums.py``), from the same SQL files as the bureau's, on DuckDB or on Apache Spark.
"""

from typing import Literal

#: What runs the SQL: this machine, or many.
EngineName = Literal["duckdb", "spark"]
