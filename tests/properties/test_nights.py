"""Whatever changes from one night to the next: a large run that goes on from the last one says what a whole run says."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.contracts import Contracts, load_contracts
from kaohe.project import Project
from tests.helpers import Result
from tests.large import make_inbox
from tests.nights import CHANGES, DAYS, FILES, UNITS, Office, lay_out, office

TABLES = [
    "org_life_record", "party_member", "training_record", "talk_record", "inspection", "inspection_finding",
    "pairing_agreement", "pairing_activity", "pairing_item", "study_stat", "honor", "notice", "rectification",
    "appeal_request", "frontline_post", "campaign_session", "integrity_risk", "task_breakdown", "democratic_review",
    "election", "innovation_case", "secretary_meeting", "first_topic", "correction", "org_unit",
]  # fmt: skip
Event = tuple[str, str, str, int]
Nights = list[tuple[list[Event], dt.date | None]]
EVENT = st.tuples(
    st.sampled_from([*TABLES[:-1] * 3, TABLES[-1]]),
    st.integers(0, FILES - 1).map(str),
    st.sampled_from(["come", "go", *CHANGES]),
    st.integers(0, 10**6),
)
#: Events of each night, and the day on which it falls, if it is not that of the night before.
NIGHTS = st.lists(
    st.tuples(st.lists(EVENT, max_size=5), st.sampled_from([None, None, None, *DAYS])), min_size=1, max_size=4
)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(Project.find().expectations)


@pytest.fixture(scope="module")
def pieces(sample: Result, contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = make_inbox(sample.home, tmp_path_factory.mktemp("made"), UNITS)
    return lay_out(whole, tmp_path_factory.mktemp("pieces"), contracts)


def play(made: Office, nights: Nights) -> list[bool]:
    """Let nights pass; gives which of them went on from the one before."""
    day, in_steps = DAYS[1], []
    made.run(day)
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


def test_nights_say_what_a_whole_run_says(pieces: Path, contracts: Contracts) -> None:
    """Two nights with a bit of everything."""
    first: list[Event] = [
        ("org_life_record", "0", "thinned", 3), ("org_life_record", "3", "come", 0), ("talk_record", "1", "go", 0),
        ("party_member", "1", "moved", 8), ("inspection_finding", "2", "moved", 1), ("pairing_agreement", "0", "go", 0),
        ("honor", "0", "spaced", 4), ("study_stat", "0", "strange", 6), ("frontline_post", "0", "named", 5),
        ("campaign_session", "1", "later", 2), ("task_breakdown", "3", "come", 0), ("first_topic", "0", "soon", 9),
    ]  # fmt: skip
    second: list[Event] = [
        ("org_life_record", "0", "come", 0), ("talk_record", "1", "come", 0), ("training_record", "2", "twice", 7),
        ("inspection", "0", "conflicting", 3), ("rectification", "1", "go", 0), ("party_member", "3", "come", 0),
        ("secretary_meeting", "1", "dateless", 2), ("study_stat", "3", "come", 0),
    ]  # fmt: skip
    with office(pieces, contracts) as made:
        assert play(made, [(first, None), (second, dt.date(2023, 11, 15))]) == [True, True]


@pytest.mark.long
@settings(max_examples=60)
@given(NIGHTS)
def test_many_nights_say_what_a_whole_run_says(pieces: Path, contracts: Contracts, nights: Nights) -> None:
    with office(pieces, contracts) as made:
        play(made, nights)
