"""Engines other than DuckDB on which the same SQL runs."""
