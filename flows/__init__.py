"""What can be started: one Prefect flow per file, named as an analyst says it."""
