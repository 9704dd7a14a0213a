"""HTTP APIs, on a real server that misbehaves on purpose: what is read is whole, or it is an outage."""

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from kaohe.outage import Outage
from kaohe.retries import retry_after
from tests.sources import QUICK, Answer, FakeApi, Reader, Request, api

TOKEN = "t0ken/+ =secret"
NAMES = [f"别名{number}" for number in range(1, 8)]


def record(name: str, unit: str = "办公室", **more: Any) -> dict[str, Any]:
    return {"别名": name, "平台": "通用", "单位名称": unit, **more}


RECORDS = [record(name) for name in NAMES]
WHOLE = [f"{name},通用,办公室" for name in NAMES]
PAGES = [RECORDS[:3], RECORDS[3:6], RECORDS[6:]]


@pytest.fixture(scope="module")
def running() -> Iterator[FakeApi]:
    with api() as served:
        yield served


@pytest.fixture
def server(running: FakeApi) -> FakeApi:
    running.asked.clear()
    return running


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def source(server: FakeApi, paging: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    table: dict[str, Any] = {"table": "unit_alias", "path": "aliases", "records": "data.items"}
    table |= {"paging": paging} if paging else {}
    table |= more.pop("table", {})
    return {"api": f"{server.address}/v1", "retries": QUICK, "timeout": 20, "tables": [table]} | more


def body(records: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"data": {"items": records, **more}}


def by_page(request: Request, **more: Any) -> Answer:
    """Page after page; behind the last one an empty page."""
    number = int(request.params.get("page", 1)) - 1
    return Answer(body(PAGES[number] if number < len(PAGES) else [], **more))


def first_then(*answers: Answer, then: Callable[[Request], Answer] = by_page) -> Callable[[Request], Answer]:
    """These answers, and then what ``then`` says."""
    left = iter(answers)
    return lambda request: next(left, None) or then(request)


PAGED = {"by": "page", "total": "data.total"}


# ---- paging


def test_pages_by_number(server: FakeApi, read: Reader) -> None:
    server.answer = by_page
    assert read(source(server, {"by": "page"}))["unit_alias"].rows == 7
    assert read.rows("unit_alias") == WHOLE
    assert [request.params["page"] for request in server.asked] == ["1", "2", "3", "4"]
    server.asked.clear()
    server.answer = lambda request: by_page(request, total=7)
    read(source(server, PAGED, table={"params": {"size": "3"}}))
    assert [request.params for request in server.asked] == [{"page": str(n), "size": "3"} for n in (1, 2, 3)]


def test_pages_by_offset_go_on_from_what_came(server: FakeApi, read: Reader) -> None:
    """However few the server gives at a time, none is passed over."""
    server.answer = lambda request: Answer(body(RECORDS[int(request.params["skip"]) :][:2]))
    read(source(server, {"by": "offset", "parameter": "skip"}, table={"params": {"limit": "100"}}))
    assert read.rows("unit_alias") == WHOLE
    assert [request.params["skip"] for request in server.asked] == ["0", "2", "4", "6", "7"]


def test_pages_by_cursor(server: FakeApi, read: Reader) -> None:
    places = {"": 0, "b c/+": 1, "d": 2}
    following = {0: "b c/+", 1: "d", 2: None}

    def answer(request: Request) -> Answer:
        place = places[request.params.get("after", "")]
        return Answer(body(PAGES[place]) | {"next": following[place]})

    server.answer = answer
    read(source(server, {"by": "cursor", "next": "next", "parameter": "after"}))
    assert read.rows("unit_alias") == WHOLE
    assert len(server.asked) == 3


@pytest.mark.parametrize("in_body", [True, False])
def test_pages_by_link(server: FakeApi, read: Reader, in_body: bool) -> None:
    def answer(request: Request) -> Answer:
        number = int(request.params.get("p", 0))
        address = f"/v1/aliases?p={number + 1}" if number < 2 else None
        if in_body:
            return Answer(body(PAGES[number]) | {"next": address})
        return Answer(
            body(PAGES[number]), headers={"Link": f'<{address}>; rel="next", </>; rel="first"'} if address else {}
        )

    server.answer = answer
    read(source(server, {"by": "link"} | ({"next": "next"} if in_body else {})))
    assert read.rows("unit_alias") == WHOLE


# ---- values and columns


def test_values_are_as_they_are_written(server: FakeApi, read: Reader) -> None:
    text = (
        '[{"平台": "学习强国", "stat": {"month": "2023-01-31T16:30:00Z"}, "单位": "办公室", "应参加人数": 10, "参加人数": 1E1, '
        '"参学率": 0.10000000000000000555, "人均积分": 12345678901234567.120, "无关": "身份证号"}, '
        '{"平台": ["学习强国", 1, true], "stat": {"month": null}, "单位": {"id": 1}, "应参加人数": null, "参学率": NaN}]'
    )
    server.answer = lambda request: Answer(text.encode())
    table = {"table": "study_stat", "path": "stats", "headings": {"stat.month": "月份", "单位": "单位名称"}}
    read(source(server) | {"tables": [table]})
    assert read.text("study_stat").splitlines() == [
        "学习平台,月份,单位名称,应参加人数,参加人数,参学率,人均积分,总学时,学时达标人数",
        "学习强国,2023-02-01 00:30:00,办公室,10,1E1,0.10000000000000000555,12345678901234567.120,,",
        '学习强国、1、true,,"{""id"": ""1""}",,,NaN,,,',
    ]


def test_columns_that_are_missing_are_named(server: FakeApi, read: Reader) -> None:
    server.answer = lambda request: Answer(body([{"别名": "甲", "unit": "办公室"}]))
    with pytest.raises(Outage, match="使用平台、对应单位"):
        read(source(server))


def test_no_records_are_no_missing_columns(server: FakeApi, read: Reader) -> None:
    server.answer = lambda request: Answer(body([]))
    assert read(source(server))["unit_alias"].rows == 0
    assert read.text("unit_alias") == "别名,使用平台,对应单位\n"


def test_only_what_is_new_is_asked_for(server: FakeApi, read: Reader) -> None:
    server.answer = lambda request: Answer(
        body([record(n, at=f"2024-01-0{i}T10:00:00.5Z") for i, n in enumerate(NAMES[:3], 1)])
    )
    table = {"refresh": {"cursor": "at", "overlap": "36 hours"}, "since": "changed_since"}
    read(source(server, table=table))
    server.answer = lambda request: Answer(body([record(NAMES[1], "法规处", at="2024-01-05T10:00:00Z")]))
    changes = read(source(server, table=table))["unit_alias"]
    assert [request.params for request in server.asked] == [{}, {"changed_since": "2024-01-01T22:00:00Z"}]
    assert (changes.rows, changes.came, changes.vanished, changes.changed) == (3, 0, 0, 1)
    assert read.rows("unit_alias")[1] == f"{NAMES[1]},通用,法规处,2024-01-05T10:00:00Z"
    server.answer = lambda request: Answer(body([record("新", at="soon")]))
    with pytest.raises(Outage, match="overlap"):
        read(source(server, table=table))


# ---- what passes: it is tried again


HALF = Answer(body(PAGES[0]), cut=25)
PASSING = {
    "500": Answer(status=500),
    "502 that is no JSON": Answer(b"<html>bad gateway</html>", status=502),
    "busy": Answer(status=429),
    "half a page": HALF,
    "a page that says it is longer": Answer(body(PAGES[0]), length=10_000),
    "a page that says it is shorter": Answer(body(PAGES[0]), length=30),
    "no JSON": Answer(b"Service is being updated"),
    "not even text": Answer(b"\xff\xfe\x00\xd8"),
    "an error that calls itself 200": Answer({"code": 500, "message": "busy"}),
    "endless nesting": Answer(b'{"data":' * 100_000),
}


@pytest.mark.parametrize("trouble", PASSING)
def test_what_may_pass_is_tried_again(server: FakeApi, read: Reader, trouble: str) -> None:
    bad = PASSING[trouble]
    server.answer = first_then(bad, bad, by_page(Request("", {}, {}, 0)), bad)
    read(source(server, {"by": "page"}))
    assert read.rows("unit_alias") == WHOLE
    assert len(server.asked) == 7
    server.asked.clear()
    server.answer = lambda request: bad
    with pytest.raises(Outage) as outage:
        read(source(server, {"by": "page"}))
    assert len(server.asked) == QUICK["attempts"], outage.value
    assert read.rows("unit_alias") == WHOLE


def test_a_server_that_is_silent_is_tried_again(server: FakeApi, read: Reader) -> None:
    server.answer = first_then(Answer(body([]), after=600))
    read(source(server, {"by": "page"}, timeout=0.5))
    assert read.rows("unit_alias") == WHOLE


def test_nobody_listens(server: FakeApi, read: Reader) -> None:
    with api() as gone:
        pass
    with pytest.raises(Outage, match="ConnectError"):
        read(source(gone))


def test_retry_after_is_honoured(server: FakeApi, read: Reader) -> None:
    server.answer = first_then(Answer(status=429, headers={"Retry-After": "1"}))
    read(source(server, {"by": "page"}))
    assert server.asked[1].at - server.asked[0].at >= 1
    server.asked.clear()
    server.answer = lambda request: Answer(status=503, headers={"Retry-After": "3600"})
    with pytest.raises(Outage, match="503"):
        read(source(server, {"by": "page"}))
    assert len(server.asked) == 1  # nobody waits an hour


def test_retry_after_may_be_a_date() -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    assert 3500 < retry_after(format_datetime(later, usegmt=True)) <= 3600
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("12") == 12
    assert retry_after("soon") == retry_after("") == retry_after("-1") == 0


def test_waits_grow(server: FakeApi, read: Reader) -> None:
    server.answer = first_then(Answer(status=500), Answer(status=500), Answer(status=500))
    read(source(server, {"by": "page"}, retries={"attempts": 4, "wait": 0.1, "at_most": 0.2}))
    waits = [b.at - a.at for a, b in zip(server.asked, server.asked[1:4], strict=False)]
    assert [waits[0] >= 0.1, waits[1] >= 0.2, waits[2] >= 0.2] == [True] * 3


def test_no_more_requests_a_second_than_said(server: FakeApi, read: Reader) -> None:
    server.answer = by_page
    read(source(server, {"by": "page"}, rate=10))
    assert server.asked[-1].at - server.asked[0].at >= 3 * 0.1 - 0.05


# ---- what changes under us: it is read again from the start


def test_a_record_that_comes_twice_is_kept_once(server: FakeApi, read: Reader) -> None:
    """Somebody put a record in front while we read: the last one of a page is the first of the next."""
    pages = [RECORDS[:3], RECORDS[2:5], RECORDS[5:], []]
    server.answer = lambda request: Answer(body(pages[int(request.params["page"]) - 1]))
    assert read(source(server, {"by": "page"}))["unit_alias"].rows == 7
    assert read.rows("unit_alias") == WHOLE


def test_a_page_that_comes_twice_means_reading_again(server: FakeApi, read: Reader) -> None:
    server.answer = first_then(*(Answer(body(PAGES[n])) for n in (0, 1, 1)))
    read(source(server, {"by": "page"}))
    assert read.rows("unit_alias") == WHOLE
    assert [request.params["page"] for request in server.asked] == ["1", "2", "3", "1", "2", "3", "4"]
    server.answer = lambda request: Answer(body(PAGES[0]))
    server.asked.clear()
    with pytest.raises(Outage, match="同一页"):
        read(source(server, {"by": "page"}))
    assert len(server.asked) == 2 * QUICK["attempts"]
    assert read.rows("unit_alias") == WHOLE


def test_a_total_that_changes_means_reading_again(server: FakeApi, read: Reader) -> None:
    """A record was deleted while we read, and one behind it slipped onto a page that we had already."""
    server.answer = first_then(Answer(body(RECORDS[:3], total=8)), then=lambda request: by_page(request, total=7))
    read(source(server, PAGED))
    assert read.rows("unit_alias") == WHOLE
    assert [request.params["page"] for request in server.asked] == ["1", "2", "1", "2", "3"]
    totals = iter(range(7, 1000))
    server.answer = lambda request: by_page(request, total=next(totals))
    with pytest.raises(Outage, match="总条数"):
        read(source(server, PAGED))
    server.answer = lambda request: by_page(request, total=9)
    with pytest.raises(Outage, match="对不上"):
        read(source(server, PAGED))
    assert read.rows("unit_alias") == WHOLE


def test_a_record_that_changes_means_reading_again(server: FakeApi, read: Reader) -> None:
    """Changed between two pages, it is on both, before and after."""
    earlier = Answer(body([record(NAMES[6], "法规处"), *PAGES[0]]))
    server.answer = first_then(earlier)
    read(source(server, {"by": "page"}))
    assert read.rows("unit_alias") == WHOLE
    # One that stays so is how the source has it: both rows are there, and in conflict when they are loaded.
    server.answer = lambda request: earlier if request.params["page"] == "1" else by_page(request)
    assert read(source(server, {"by": "page"}))["unit_alias"].rows == 8


def test_an_endless_next_is_stopped(server: FakeApi, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1_000_000))
    server.answer = lambda request: Answer(
        body([record(f"n{next(numbers)}")]) | {"next": f"{request.params.get('cursor')}x"[-9:]}
    )
    cursor = {"by": "cursor", "next": "next"}
    with pytest.raises(Outage, match="同一页"):  # the cursor comes again
        read(source(server, cursor))
    monkeypatch.setattr("kaohe.sources.http._MOST_PAGES", 20)
    server.answer = lambda request: Answer(body([record(f"n{next(numbers)}")]) | {"next": str(next(numbers))})
    server.asked.clear()
    with pytest.raises(Outage, match="20 页"):
        read(source(server, cursor))
    assert len(server.asked) == 20


# ---- who is asked, and what they are told


def test_credentials_go_along_and_are_never_said(
    server: FakeApi, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    server.answer = by_page
    secret = {"env": "API_TOKEN"}
    for login, header, sent in (
        ({"token": secret}, "authorization", f"Bearer {TOKEN}"),
        ({"token": secret, "token_header": "X-Key"}, "x-key", TOKEN),
        (
            {"user": "kaohe", "password": secret},
            "authorization",
            f"Basic {base64.b64encode(f'kaohe:{TOKEN}'.encode()).decode()}",
        ),
    ):
        server.asked.clear()
        read(source(server, {"by": "page"}, **login))
        assert {request.headers[header] for request in server.asked} == {sent}
        for status in (401, 403):
            server.asked.clear()
            server.answer = lambda request, status=status: Answer(status=status)  # type: ignore[misc]
            with pytest.raises(Outage, match=str(status)) as caught:
                read(source(server, {"by": "page"}, **login))
            assert TOKEN not in str(caught.value)
            assert len(server.asked) == 1
        server.answer = by_page
    assert all(TOKEN.encode() not in path.read_bytes() for path in read.folder.rglob("*") if path.is_file())


def test_another_host_is_told_nothing(server: FakeApi, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    with api() as other:
        there = f"{other.address}/v1/aliases"
        token = {"token": {"env": "API_TOKEN"}}
        server.answer = lambda request: Answer(status=302, headers={"Location": there})
        with pytest.raises(Outage, match=r"127\.0\.0\.1"):
            read(source(server, **token))
        server.answer = lambda request: Answer(body(PAGES[0]) | {"next": there})
        with pytest.raises(Outage, match=r"127\.0\.0\.1"):
            read(source(server, {"by": "link", "next": "next"}, **token))
        assert other.asked == []


def test_a_redirect_on_the_same_host_is_followed(server: FakeApi, read: Reader) -> None:
    server.answer = lambda request: (
        by_page(request)
        if request.path == "/v2/a"
        else Answer(status=307, headers={"Location": "/v2/a?page=" + request.params["page"]})
    )
    read(source(server, {"by": "page"}))
    assert read.rows("unit_alias") == WHOLE
    server.answer = lambda request: Answer(status=307, headers={"Location": request.path})
    with pytest.raises(Outage, match="转向"):
        read(source(server, {"by": "page"}))


def test_what_a_library_says_is_without_secrets(server: FakeApi, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot be sent is repeated by the library; one with letters of any language can be."""
    monkeypatch.setenv("API_TOKEN", "first line\nof a file")
    with pytest.raises(Outage, match="LocalProtocolError") as caught:
        read(source(server, token={"env": "API_TOKEN"}))
    assert "first" not in str(caught.value)
    server.answer = by_page
    for token in ("schlüssel密", "its line ends\n"):
        monkeypatch.setenv("API_TOKEN", token)
        read(source(server, {"by": "page"}, token={"env": "API_TOKEN"}))
        assert server.asked[-1].headers["authorization"].encode("latin-1").decode() == f"Bearer {token.rstrip()}"
