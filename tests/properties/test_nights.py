"""Whatever changes from one night to the next: a large run that goes on from the last one says what a whole run says."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.contracts import Contracts, load_contracts
from kaohe.project import Project
from tests.helpers import Result
from tests.nights import CHANGES, DAYS, FILES, UNITS, Office, lay_out, make_inbox, office

TABLES = [
    "org_life_record", "party_member", "training_record", "talk_record", "inspection", "inspection_finding",
    "pairing_agreement", "pairing_activity", "pairing_item", "study_stat", "honor", "notice", "rectification",
    "appeal_request", "frontline_post", "campaign_session", "integrity_risk", "task_breakdown", "democratic_review",
    "election", "innovation_case", "secretary_meeting", "org_unit",
]  # fmt: skip
NUMBER = st.integers(0, FILES - 1).map(str)
EVENT = st.tuples(
    st.sampled_from(TABLES[:-1] * 3 + TABLES[-1:]), NUMBER, st.sampled_from(["come", "go", *CHANGES] ),
    st.integers(0, 10**6),
)  # fmt: skip
NIGHTS = st.lists(st.tuples(st.lists(EVENT, max_size=5), st.sampled_from([*DAYS, None, None])), min_size=2, max_size=4)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(Project.find().expectations)


@pytest.fixture(scope="module")
def pieces(sample: Result, contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = make_inbox(sample.home, tmp_path_factory.mktemp("made"), UNITS)
    return lay_out(whole, tmp_path_factory.mktemp("pieces"), contracts)


def play(made: Office, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]) -> list[bool]:
    """Let nights pass; gives which of them went on from the one before."""
    day, in_steps = DAYS[1], []
    made.night(day)
    for events, moved in nights:
        day = moved or day
        for table, number, event, seed in events:
            if table == "org_unit" and event != "thinned":
                continue
            if table == "org_unit":
                number = "0"
            if event == "come" and (made.pieces / table / f"{number}.parquet").exists():
                made.put(table, number)
            elif event == "go":
                made.take(table, number)
            elif event in CHANGES:
                made.change(table, number, event, seed)
        in_steps.append(made.night(day).in_steps)
    return in_steps


@settings(max_examples=1)
@given(NIGHTS)
def test_nights_say_what_a_whole_run_says(
    pieces: Path, contracts: Contracts, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]
) -> None:
    with office(pieces, contracts) as made:
        play(made, nights)


@pytest.mark.long
@settings(max_examples=60)
@given(NIGHTS)
def test_many_nights_say_what_a_whole_run_says(
    pieces: Path, contracts: Contracts, nights: list[tuple[list[tuple[str, str, str, int]], dt.date | None]]
) -> None:
    with office(pieces, contracts) as made:
        play(made, nights)
