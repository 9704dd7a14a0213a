-- The files of a publication from rows that are ready: what writing them costs, and nothing else.
copy (from leaf_row) to '{out}/indicator_scores' (format parquet, compression zstd, partition_by (region));
copy (from league_row) to '{out}/scores' (format parquet, compression zstd, partition_by (region));
copy (from league_row) to '{out}/league.parquet' (format parquet, compression zstd);
copy (
  select region, category, region_rank, rank, unit_id, unit_name, total, grade, veto, status from league_row
) to '{out}/league.csv' (format csv, header);
copy (
  select
    region, category, count(*) as units, count(rank) as ranked,
    cast(round(avg(total) filter (where rank is not null), 2) as decimal(9, 2)) as mean,
    min(total) filter (where rank is not null) as lowest, max(total) filter (where rank is not null) as highest,
    min(rank) as best_rank
  from league_row group by region, category order by region, category
) to '{out}/regions.csv' (format csv, header);
