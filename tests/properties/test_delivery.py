"""Whatever goes wrong, however often it is run: nobody gets anything twice, and in the end everybody has got it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe.delivery import Delivered, Delivery
from tests.delivery import DROP, TAKE_AND_DROP, Post, logged, mail, post, publish, write_delivery
from tests.helpers import YEAR

#: One example is up to seven runs, a tenth of a second each.
cheaper = settings(max_examples=settings().max_examples // 5)

RECIPIENTS = ("a@b.example", "c@d.example", "e@f.example")
GOOD = "250 OK"
RCPT = st.sampled_from([GOOD, GOOD, "450 later", "550 no", "421 closing", DROP])
DATA = st.sampled_from([GOOD, GOOD, "452 full", "554 no", DROP, TAKE_AND_DROP])
#: What the server says to each in turn, in one run; afterwards it is good.
BAD_DAY = st.dictionaries(st.sampled_from(RECIPIENTS), st.lists(st.tuples(RCPT, DATA), max_size=4))
#: What happens after it: nothing, or the program is killed before the last ``sent`` is on the disk.
DAYS = st.lists(st.tuples(BAD_DAY, st.booleans()), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Iterator[tuple[Path, Post]]:
    home = publish(tmp_path_factory.mktemp("published"))
    with post(login=False) as server:
        lists = {"leadership": list(RECIPIENTS[:2]), "units": {"水务中心": [RECIPIENTS[2]]}}
        write_delivery(home, mail=mail(server.port), **lists)
        yield home, server


def a_day(home: Path, server: Post, bad: dict[str, list[tuple[str, str]]]) -> Delivered:
    """A run while the server misbehaves."""
    left = {recipient: [*replies] for recipient, replies in bad.items()}

    def answer(stage: str, recipient: str) -> str:
        replies = left.get(recipient)
        if not replies:
            return GOOD
        at_rcpt, at_data = replies[0]
        if stage == "data" or at_rcpt != GOOD:
            replies.pop(0)
        return at_rcpt if stage == "rcpt" else at_data

    server.answer = answer
    return Delivery(home, YEAR).deliver()


@cheaper
@given(DAYS)
def test_once_and_in_the_end(
    served: tuple[Path, Post], days: list[tuple[dict[str, list[tuple[str, str]]], bool]]
) -> None:
    home, server = served
    log = home / "published" / str(YEAR) / "deliveries.jsonl"
    log.unlink(missing_ok=True)
    server.taken.clear()
    for bad, killed in days:
        a_day(home, server, bad)
        lines = log.read_bytes().splitlines(keepends=True)
        if killed and b'"sent"' in lines[-1]:
            log.write_bytes(b"".join(lines[:-1]))
        assert max(Counter(recipient for recipient, _ in server.taken).values(), default=0) <= 1
    done = a_day(home, server, {})
    assert not done.failed
    for parcel in done.doubtful:  # somebody asks, and sends again to those who have nothing
        if not server.of(parcel.recipient):
            Delivery(home, YEAR, parcel.recipient).deliver()
    assert Counter(recipient for recipient, _ in server.taken) == Counter(RECIPIENTS)
    assert all(line["recipient"] in RECIPIENTS for line in logged(home))
