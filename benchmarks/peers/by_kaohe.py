"""The scores by kaohe's large run, from the same tables, which it checks: ``python by_kaohe.py INBOX OUT``."""

import sys
import tempfile
from pathlib import Path

from scheme import AS_OF, FILE

from kaohe import planning, scoring
from kaohe.contracts import load_contracts
from kaohe.large.engine import LargeEngine
from kaohe.large.parts import keep_whole
from kaohe.large.records import Records
from kaohe.large.scoring import add_up, measure
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.sources.parquet import parquet_files, source_of

#: The tables that the six measures read.
READ = ("org_unit", "org_life_record", "study_stat", "party_member", "talk_record", "inspection", "inspection_finding")
READ += ("pairing_agreement", "pairing_item")


def main(inbox: Path, out: Path) -> None:
    project, scheme = Project.find(), load_scheme(FILE)
    contracts = load_contracts(project.expectations)
    planned = planning.plan(project, contracts, scheme)
    files = parquet_files(inbox, contracts)
    with tempfile.TemporaryDirectory() as folder, LargeEngine(Path(folder)) as engine:
        records = Records(engine, project, contracts, AS_OF)
        for name, contract in contracts.items():
            mine = files[name] if name in READ else ()
            records.trust(source_of(contract, mine, engine.read_files(name, inbox, mine) if mine else {}))
        keep_whole(engine, records, planned.asked)
        measure(engine, project, contracts, scheme, planned, AS_OF)
        add_up(engine, planned.scores)
        scoring.make(engine, next(model for model in planned.results if model.name == "scores"))
        engine.con.execute(f"""copy (
            select unit_id, cast(total * 100 as bigint) as cents, cast(rank as bigint) as rank, grade from main.scores
            where status = 'scored') to '{out}' (format parquet)""")


main(*map(Path, sys.argv[1:]))
