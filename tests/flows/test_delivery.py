"""Delivery to a real mail server and to real webhooks: once, to the right people, safely, and never twice."""

import datetime as dt
import hashlib
import hmac
import io
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from rich.console import Console

from kaohe.delivery import Delivered, Delivery
from kaohe.delivery.config import Mail, read_config
from kaohe.delivery.letters import Letter, Letters
from kaohe.delivery.mail import Mailer, message
from kaohe.delivery.parcels import MAIL, Parcel, plan
from kaohe.delivery.webhook import MOST_BYTES, note
from kaohe.errors import KaoheError
from kaohe.lifecycle.proceedings import Proceedings, look_up, proceedings
from kaohe.project import Project
from kaohe.publication import FACES, NOTICE_DOCX, NOTICE_PDF, WORKBOOK
from kaohe.secrets import Secrets
from kaohe.summary import print_delivered
from kaohe.words import speaking
from tests.delivery import (
    DROP,
    HANG,
    PASSWORD,
    QUICK,
    TAKE_AND_DROP,
    USER,
    Certificates,
    Post,
    attachments,
    change,
    logged,
    mail,
    post,
    publish,
    reciting,
    write_delivery,
)  # fmt: skip
from tests.helpers import CHECK, ROOT, YEAR, check, in_process, kaohe, registry, write_csv
from tests.published import said as said_in
from tests.sources import Answer, FakeApi, api

LEADER, OTHER, WATER, LAW = "leader@b.example", "other@b.example", "water@b.example", "law@b.example"
LISTS: dict[str, Any] = {"leadership": [LEADER, OTHER], "units": {"水务中心": [WATER], "J02": [LAW]}}
KEY, SIGN = "k3y-of-the-robot", "SEC of/the+sign"
DONE = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture
def home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own with a publication in force, and the password where it should be."""
    monkeypatch.setenv("KAOHE_TEST_MAIL", PASSWORD)
    shutil.copytree(published, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server_of_mail(certificates: Certificates) -> Iterator[Post]:
    with post(certificates.server()) as served:
        yield served


@pytest.fixture
def ours(home: Path, server_of_mail: Post, certificates: Certificates) -> Post:
    """A mail server, and the delivery file that names it."""
    write_delivery(home, mail=mail(server_of_mail.port, certificates), **LISTS)
    return server_of_mail


def current(home: Path) -> Path:
    return Proceedings(home, YEAR).current


def sheet(home: Path, unit: str) -> Path:
    return current(home) / "units" / unit / "体检单.pdf"


def deliver(home: Path, again: str | None = None) -> Delivered:
    return Delivery(home, YEAR, again).deliver()


def to(parcels: Any) -> list[str]:
    return sorted(parcel.recipient for parcel in parcels)


def events(home: Path, recipient: str) -> list[str]:
    return [line["event"] for line in logged(home) if line["recipient"] == recipient]


def said(delivered: Delivered) -> str:
    """What the summary prints of it."""
    file = io.StringIO()
    print_delivered(Console(file=file, width=10_000), delivered)
    return file.getvalue()


def refusing(recipient: str, reply: str, times: int = 1000) -> Callable[[str, str], str]:
    """An answer of the mail server that is another to one recipient, so many times."""
    left = [times]

    def answer(stage: str, address: str) -> str:
        if stage != "rcpt" or address != recipient or not left[0]:
            return "250 OK"
        left[0] -= 1
        return reply

    return answer


# ---- who gets what


def test_nothing_is_sent_without_a_file(home: Path, server_of_mail: Post) -> None:
    delivery = Delivery(home, YEAR)
    assert not delivery.outstanding
    assert delivery.deliver() == Delivered()
    assert said(delivery.afterwards()) == ""
    assert (server_of_mail.connections, logged(home)) == (0, [])
    with pytest.raises(KaoheError) as caught:
        delivery.must_be_configured()
    assert str(home / "delivery.yml") in str(caught.value)


def test_leadership_gets_all_and_each_unit_its_own_sheet(home: Path, ours: Post) -> None:
    folder = current(home)
    done = deliver(home)
    assert (to(done.sent), done.exit_code, ours.connections) == ([LAW, LEADER, OTHER, WATER], 0, 1)
    for leader in (LEADER, OTHER):
        (letter,) = ours.of(leader)
        assert attachments(letter) == {Path(name).name: (folder / name).read_bytes() for name in FACES}
        assert letter["Subject"] == "2023年度党建考核结果：初评（截至2024-03-31）"
        body = letter.get_body()
        assert body
        for line in (
            "参加考核的单位：3个",
            "收到记录：4条，计入4条",
            "通报.pdf　通报，用于打印",
            f"published/2023/{folder.name}",
        ):
            assert line in body.get_content()
    for name, recipient in (("水务中心", WATER), ("法规处", LAW)):
        (letter,) = ours.of(recipient)
        assert attachments(letter) == {"体检单.pdf": sheet(home, name).read_bytes()}
        assert letter["Subject"] == f"{name}2023年度党建考核体检单：初评（截至2024-03-31）"
    log = {line["recipient"]: line for line in logged(home) if line["event"] == "sent"}
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FACES}
    assert log[LEADER]["files"] == hashes
    assert log[LEADER]["publication"] == folder.name
    assert log[WATER]["files"] == {
        "units/水务中心/体检单.pdf": hashlib.sha256(attachments(ours.of(WATER)[0])["体检单.pdf"]).hexdigest()
    }
    assert (home / "published" / "2023" / "deliveries.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_unit_is_told_nothing_of_another(home: Path, ours: Post, tmp_path: Path) -> None:
    deliver(home)
    raw = next(raw for raw, (recipient, _) in zip(ours.raw, ours.taken, strict=True) if recipient == WATER)
    letter = message_from_bytes(raw, policy=default)
    everything = b"\n".join([raw, *(part.get_payload(decode=True) or b"" for part in letter.walk())])  # type: ignore[misc]
    (tmp_path / "体检单.pdf").write_bytes(attachments(ours.of(WATER)[0])["体检单.pdf"])
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "体检单.pdf").pages)
    assert "水务中心" in text  # or its text could not be read, and nothing would be found in it
    everything += said_in(tmp_path / "体检单.pdf")
    for other in ("办公室", "法规处", LEADER, OTHER, LAW):
        assert other.encode() not in everything
        assert other not in text


def test_a_number_that_begins_with_nought_is_another_than_one_that_does_not(
    tmp_path: Path, libraries: None, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAOHE_TEST_MAIL", PASSWORD)
    home = publish(tmp_path, (("010", "办公室", "机关处室"), ("10", "水务中心", "基层单位")))
    with post(certificates.server()) as served:
        said_of_mail = json.dumps(mail(served.port, certificates), ensure_ascii=False)
        text = f"mail: {said_of_mail}\nunits:\n  010: [{LAW}]\n  10: [{WATER}]\n"
        (home / "delivery.yml").write_text(text, "utf-8")
        deliver(home)
        for recipient, unit in ((LAW, "办公室"), (WATER, "水务中心")):
            (letter,) = served.of(recipient)
            assert attachments(letter) == {"体检单.pdf": sheet(home, unit).read_bytes()}


def test_a_clerk_of_two_units_gets_two_mails_and_two_names_of_a_unit_one(home: Path, ours: Post) -> None:
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"units": {"水务中心": [WATER], "D01": [WATER], "法规处": [WATER]}})
    deliver(home)
    sheets = {attachments(letter)["体检单.pdf"] for letter in ours.of(WATER)}
    assert sheets == {sheet(home, name).read_bytes() for name in ("水务中心", "法规处")}
    assert len(ours.of(WATER)) == 2


def test_what_keeps_a_unit_from_its_sheet(home: Path, ours: Post) -> None:
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"units": {"水务中新": ["x@b.example"], "法规处": [LAW], "办公室": []}})
    change(home, units={"D01": "水务中心", "J01": "办公室"})
    made, _ = Delivery(home, YEAR).look()
    assert (made.without_address, made.without_sheet) == (["水务中心", "办公室"], ["法规处"])
    done = deliver(home)
    assert to(done.sent) == [LEADER, OTHER]
    (sentence,) = done.wrong
    assert "delivery.yml 第 1 行，units.水务中新" in sentence
    assert "水务中心" in sentence
    assert done.exit_code == 3
    assert "没有送出" in said(done)


def test_only_the_states_that_are_named(home: Path, ours: Post) -> None:
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"states": ["announced", "final"]})
    assert not Delivery(home, YEAR).outstanding
    assert deliver(home) == Delivered()
    write_delivery(home, **own | {"states": ["provisional"]})
    assert len(deliver(home).sent) == 4


def test_a_file_that_is_not_as_published_is_not_sent(home: Path, ours: Post) -> None:
    (current(home) / WORKBOOK).write_bytes(b"95 points")
    sheet(home, "法规处").write_bytes(b"95 points")
    done = deliver(home)
    assert (to(done.sent), done.exit_code) == ([WATER], 3)
    assert ["评分表.xlsx" in done.wrong[0], "units/法规处/体检单.pdf" in done.wrong[1]] == [True, True]
    (current(home) / NOTICE_PDF).unlink()
    sheet(home, "法规处").unlink()
    assert len(deliver(home).wrong) == 2
    manifest = current(home) / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"水务中心"', '"办公室"'), "utf-8")
    with pytest.raises(KaoheError) as caught:
        deliver(home)
    assert "manifest.json" in str(caught.value)
    assert Delivery(home, YEAR).outstanding
    assert [recipient for recipient, _ in ours.taken] == [WATER]


def test_a_file_that_nobody_listed_is_not_sent(home: Path, ours: Post) -> None:
    folder = current(home)
    names = (NOTICE_DOCX, "units/法规处/体检单.pdf")
    kept = [(folder / name).read_bytes() for name in names]
    for name in names:
        (folder / name).unlink()
    change(home)
    for name, data in zip(names, kept, strict=True):  # they were not there when it was put in force
        (folder / name).write_bytes(data)
    done = deliver(home)
    assert (to(done.sent), [names[1] in sentence for sentence in done.wrong]) == ([LEADER, OTHER, WATER], [True])
    assert "通报.docx" not in attachments(ours.of(LEADER)[0])
    assert "通报.pdf" in attachments(ours.of(LEADER)[0])


@pytest.mark.parametrize("tamper", [Path.unlink, lambda path: path.write_bytes(b"95 points")], ids=["gone", "changed"])
def test_a_file_that_changes_meanwhile_is_not_sent(tamper: Callable[[Path], Any], home: Path, ours: Post) -> None:
    path = sheet(home, "水务中心")

    def answer(stage: str, recipient: str) -> str:
        if (stage, recipient) == ("data", LEADER):
            tamper(path)
        return "250 OK"

    ours.answer = answer
    done = deliver(home)
    assert (to(done.sent), to(done.failed), to(done.doubtful)) == ([LAW, LEADER, OTHER], [WATER], [])
    (why,) = done.failed.values()
    assert str(path) in why
    assert "没有送出" not in why
    assert events(home, WATER) == ["failed"]


def test_what_cannot_be_logged_is_not_sent(home: Path, ours: Post) -> None:
    """The log goes away while the first mail is on its way: that one is doubtful, and no other goes out."""
    log = home / "published" / "2023" / "deliveries.jsonl"

    def answer(stage: str, recipient: str) -> str:
        if stage == "data":
            log.rename(log.with_name("aside"))
            log.mkdir()
        return "250 OK"

    ours.answer = answer
    done = Delivery(home, YEAR).afterwards()
    assert (to(done.doubtful), done.sent, len(ours.taken)) == ([LEADER], [], 1)
    (sentence,) = done.wrong
    assert "deliveries.jsonl" in sentence


def test_in_the_language_of_the_publication(home: Path, ours: Post) -> None:
    change(home, language="en")
    deliver(home)
    assert ours.of(LEADER)[0]["Subject"] == "Assessment of 2023: provisional (as of 2024-03-31)"
    body = ours.of(LEADER)[0].get_body()
    assert body
    assert "units assessed: 3" in body.get_content()


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        pytest.param("{unit}：", "{clerk}：", id="a letter of today"),
        pytest.param("公示至 {notice_ends}，", "公示至 {notice_end}，", id="said of an announced result only"),
        pytest.param("It is open to view until {notice_ends};", "It is open to view until {notice_ends;", id="in English"),
        pytest.param("  file: \"  {file}", "  file: \"  {name}", id="a line of an attachment"),
        pytest.param("> {units} units", "> {unit} units", id="a unit where none may be named"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_filled_are_found_before_anything_begins(
    good: str, bad: str, home: Path, ours: Post, project: Project
) -> None:
    template = project.templates / "delivery.yml"
    assert good in template.read_text("utf-8")
    Delivery(home, YEAR)
    template.write_text(template.read_text("utf-8").replace(good, bad), "utf-8")
    with pytest.raises(KaoheError) as caught:
        Delivery(home, YEAR)
    assert caught.value.key == "template_blank"
    assert str(template) in str(caught.value)
    assert (ours.connections, logged(home)) == (0, [])


# ---- once


def test_a_re_run_sends_nothing(home: Path, ours: Post) -> None:
    deliver(home)
    lines, connections = logged(home), ours.connections
    assert not Delivery(home, YEAR).outstanding
    again = deliver(home)
    assert (again.sent, to(again.before), again.exit_code) == ([], [LAW, LEADER, OTHER, WATER], 0)
    assert (logged(home), ours.connections, len(ours.taken)) == (lines, connections, 4)
    assert said(again) == "送达：新送出 0 件，此前已送 4 件，失败 0 件，存疑 0 件\n"


def test_who_is_added_gets_what_is_in_force(home: Path, ours: Post) -> None:
    deliver(home)
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"leadership": [LEADER, OTHER, "new@b.example"]})
    assert Delivery(home, YEAR).outstanding
    assert to(deliver(home).sent) == ["new@b.example"]
    assert len(ours.taken) == 5


def test_the_same_mail_has_the_same_bytes(home: Path, ours: Post) -> None:
    deliver(home)
    deliver(home, again=LEADER)
    first, second = (raw for raw, (recipient, _) in zip(ours.raw, ours.taken, strict=True) if recipient == LEADER)
    assert first == second
    ids = [letter["Message-ID"] for _, letter in ours.taken]
    assert len(set(ids)) == 4
    assert all(each.endswith("@bureau.example>") for each in ids)
    when = Proceedings(home, YEAR).made_current(current(home).name)
    assert when
    assert ours.of(LEADER)[0]["Date"].datetime.isoformat() == when.office_time


def test_refused_then_accepted_is_one_delivery(home: Path, ours: Post) -> None:
    """Greylisting: not now, come again. The others do not wait for it."""
    ours.answer = refusing(LEADER, "450 come again", times=2)
    done = deliver(home)
    assert (to(done.sent), done.failed) == ([LAW, LEADER, OTHER, WATER], {})
    assert events(home, LEADER) == ["sending", "failed"] * 2 + ["sending", "sent"]
    assert [recipient for recipient, _ in ours.taken] == [OTHER, WATER, LAW, LEADER]
    assert len(ours.of(LEADER)) == 1


@pytest.mark.parametrize("reply", ["550 no such user", "450 never", DROP, "421 closing"])
def test_one_bad_recipient_stops_nobody_and_is_tried_by_the_next_run(reply: str, home: Path, ours: Post) -> None:
    ours.answer = refusing(LEADER, reply)
    done = deliver(home)
    assert (to(done.sent), to(done.failed), done.exit_code) == ([LAW, OTHER, WATER], [LEADER], 3)
    tries = 1 if reply.startswith("5") else QUICK["attempts"]
    assert events(home, LEADER) == ["sending", "failed"] * tries
    assert [events(home, other) for other in (OTHER, WATER, LAW)] == [["sending", "sent"]] * 3
    (why,) = done.failed.values()
    assert f"没有送到 {LEADER}（领导），下次运行再送：{why}" in said(done)
    if reply.startswith("550"):
        assert "550 no such user" in why
    assert Delivery(home, YEAR).outstanding
    ours.answer = lambda stage, recipient: "250 OK"
    again = deliver(home)
    assert (to(again.sent), to(again.before), again.exit_code) == ([LEADER], [LAW, OTHER, WATER], 0)
    assert len(ours.taken) == 4


@pytest.mark.parametrize(
    ("stage", "advice"),
    [("mail", "核对 mail 的 from"), ("rcpt", "核对地址"), ("go", "放宽大小限制"), ("data", "放宽大小限制")],
)
@pytest.mark.parametrize("reply", ["552 no", "452 later"])
def test_a_refusal_says_what_to_look_at(stage: str, advice: str, reply: str, home: Path, ours: Post) -> None:
    ours.answer = lambda at, recipient: reply if at == stage else "250 OK"
    done = deliver(home)
    assert to(done.failed) == [LAW, LEADER, OTHER, WATER]
    assert {advice in why and reply in why for why in done.failed.values()} == {True}


def test_a_server_that_does_not_say_go_on_is_told_no_message(home: Path, ours: Post) -> None:
    ours.answer = lambda stage, recipient: "250 very well" if (stage, recipient) == ("go", LEADER) else "250 OK"
    done = deliver(home)
    assert (to(done.sent), to(done.failed)) == ([LAW, OTHER, WATER], [LEADER])
    assert "250 very well" in next(iter(done.failed.values()))


@pytest.mark.parametrize(("reply", "tries"), [("554 too large", 1), ("452 disk full", QUICK["attempts"])])
def test_a_message_that_is_refused_whole(reply: str, tries: int, home: Path, ours: Post) -> None:
    ours.answer = lambda stage, recipient: reply if (stage, recipient) == ("data", WATER) else "250 OK"
    done = deliver(home)
    assert (to(done.failed), len(done.sent)) == ([WATER], 3)
    assert events(home, WATER) == ["sending", "failed"] * tries


@pytest.mark.parametrize("taken", [DROP, TAKE_AND_DROP])
def test_without_an_answer_it_is_doubtful_and_never_repeated_by_itself(taken: str, home: Path, ours: Post) -> None:
    """Whether the server took the message before the connection broke, nobody on this side can tell."""
    ours.answer = lambda stage, recipient: taken if (stage, recipient) == ("data", LEADER) else "250 OK"
    done = deliver(home)
    assert (to(done.sent), to(done.doubtful), done.failed) == ([LAW, OTHER, WATER], [LEADER], {})
    assert done.exit_code == 3
    assert f"kaohe deliver --again {LEADER}" in said(done)
    ours.answer = lambda stage, recipient: "250 OK"
    for _ in range(2):
        again = deliver(home)
        assert (again.sent, to(again.doubtful), again.exit_code) == ([], [LEADER], 3)
    before = len(ours.of(LEADER))
    assert before == (taken == TAKE_AND_DROP)
    assert (to(deliver(home, again=LEADER).sent), len(ours.of(LEADER))) == ([LEADER], before + 1)
    assert events(home, LEADER) == ["sending", "doubtful", "sending", "sent"]
    assert deliver(home).exit_code == 0


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_server_that_never_answers_makes_few_doubtful_and_is_not_waited_for_for_ever(
    attempts: int, home: Path, server_of_mail: Post, certificates: Certificates
) -> None:
    """Each round ends with the first that is not answered: as many are doubtful as there are attempts, the rest is due."""
    server_of_mail.answer = lambda stage, recipient: HANG if stage == "data" else "250 OK"
    retries = QUICK | {"attempts": attempts}
    people = [f"{number}@b.example" for number in range(9)]
    write_delivery(home, mail=mail(server_of_mail.port, certificates, timeout=0.1, retries=retries), leadership=people)
    done = deliver(home)
    assert to(done.doubtful) == people[:attempts]
    assert to(done.failed) == people[attempts:]
    assert {"连不上邮件服务器" in why for why in done.failed.values()} == {True}
    assert [events(home, one) for one in people] == [["sending", "doubtful"]] * attempts + [["failed"]] * (9 - attempts)
    assert (server_of_mail.connections, len(server_of_mail.taken)) == (attempts, 0)
    server_of_mail.answer = lambda stage, recipient: "250 OK"
    assert to(deliver(home).sent) == people[attempts:]


def test_a_server_that_stops_at_one_recipient_costs_the_others_a_round(
    home: Path, server_of_mail: Post, certificates: Certificates
) -> None:
    server_of_mail.answer = lambda stage, recipient: HANG if (stage, recipient) == ("rcpt", LEADER) else "250 OK"
    write_delivery(home, mail=mail(server_of_mail.port, certificates, timeout=0.5), **LISTS)
    done = deliver(home)
    assert (to(done.sent), to(done.failed), to(done.doubtful)) == ([LAW, OTHER, WATER], [LEADER], [])
    assert events(home, LEADER) == ["sending", "failed"] * QUICK["attempts"]
    assert server_of_mail.connections == QUICK["attempts"]


def test_killed_between_sending_and_sent(home: Path, ours: Post) -> None:
    """A real process, killed while the server keeps its answer to the message back."""
    ours.release = Future()
    code = f"from pathlib import Path; from kaohe.delivery import Delivery; Delivery(Path({str(home)!r}), {YEAR}).deliver()"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"KAOHE_TEST_MAIL": PASSWORD})
    assert ours.held.wait(60)
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert [line["event"] for line in logged(home)] == ["sending"]
    ours.release.set_result(None)
    ours.release = None

    done = deliver(home)
    assert (to(done.sent), to(done.doubtful), done.exit_code) == ([LAW, OTHER, WATER], [LEADER], 3)
    assert "送到一半程序中断了" in said(done)
    assert to(deliver(home).doubtful) == [LEADER]
    assert len(ours.of(LEADER)) == 1
    assert to(deliver(home, again=LEADER).sent) == [LEADER]
    assert len({letter["Message-ID"] for letter in ours.of(LEADER)}) == 1
    assert deliver(home).exit_code == 0


@pytest.mark.parametrize("way", ["after a publication", "by the command"])
def test_stopped_by_hand_between_sending_and_sent(way: str, home: Path, ours: Post, server: str) -> None:
    """Ctrl-C while the server keeps its answer back: what is in force and which mail is doubtful is said."""
    ours.release = Future()
    code = (
        "from pathlib import Path; from kaohe.delivery import Delivery; from kaohe.summary import print_delivered;"
        "from rich.console import Console;"
        f"print_delivered(Console(width=999), Delivery(Path({str(home)!r}), {YEAR}).afterwards())"
    )
    command = ["-c", code] if way == "after a publication" else ["-m", "kaohe", "deliver", "--home", str(home)]
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ | {"KAOHE_TEST_MAIL": PASSWORD, "PREFECT_API_URL": server},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert ours.held.wait(120)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "送达被中断（Ctrl-C），已发布的结果仍然有效" in out, err
    assert f"不知道是否送到 {LEADER}（领导）" in out
    assert "没有发布" not in out + err
    assert "Traceback" not in err
    assert process.returncode == (0 if way == "after a publication" else 3)
    assert [line["event"] for line in logged(home)] == ["sending"]


def test_two_runs_at_once_send_once(home: Path, ours: Post) -> None:
    ours.release = Future()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(deliver, home)
        assert ours.held.wait(30)
        other = pool.submit(deliver, home)
        ours.release.set_result(None)
        both = [one.result(60), other.result(60)]
    assert sorted(len(done.sent) for done in both) == [0, 4]
    assert sorted(recipient for recipient, _ in ours.taken) == [LAW, LEADER, OTHER, WATER]


@pytest.mark.parametrize("again", ["laeder@b.example", ""])
def test_again_is_for_a_recipient_of_the_publication_in_force(again: str, home: Path, ours: Post) -> None:
    for wrong in (lambda: deliver(home, again), lambda: Delivery(home, YEAR, again).look()):
        with pytest.raises(KaoheError) as caught:
            wrong()
        assert caught.value.key == "delivery_recipient"
        assert f"“{again}”" in str(caught.value)
        assert LEADER in str(caught.value)
    assert ours.taken == []


def test_again_says_what_has_become_of_the_others(home: Path, ours: Post) -> None:
    ours.answer = refusing(OTHER, "550 no")
    deliver(home)
    done = deliver(home, again=LEADER)
    assert (to(done.sent), to(done.failed), to(done.before), done.exit_code) == ([LEADER], [OTHER], [LAW, WATER], 3)
    assert "550 no" in next(iter(done.failed.values()))


def test_again_sends_what_did_not_arrive_for_certain_and_only_else_all(home: Path, ours: Post) -> None:
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"leadership": [WATER], "units": {"水务中心": [WATER]}})
    answers = ["250 OK", TAKE_AND_DROP]
    ours.answer = lambda stage, recipient: answers.pop(0) if stage == "data" else "250 OK"
    assert [parcel.what for parcel in deliver(home).doubtful] == ["unit D01"]
    ours.answer = lambda stage, recipient: "250 OK"
    assert [parcel.what for parcel in deliver(home, again=WATER).sent] == ["unit D01"]
    assert [len(attachments(letter)) for letter in ours.of(WATER)] == [4, 1, 1]
    deliver(home, again=WATER)
    assert [len(attachments(letter)) for letter in ours.of(WATER)] == [4, 1, 1, 4, 1]


def test_only_what_is_in_force_is_delivered(home: Path, ours: Post) -> None:
    """What failed is overtaken by the next publication; one that is in force again is sent again."""
    first = current(home)
    ours.answer = lambda stage, recipient: "550 no"
    assert len(deliver(home).failed) == 4
    ours.answer = lambda stage, recipient: "250 OK"
    second = first.with_name("20240331-second")
    shutil.copytree(first, second)
    with proceedings(home, YEAR) as found:
        found.put_in_force("publish", second, {"state": "provisional"})
    change(home, publication=second.name)
    assert len(deliver(home).sent) == 4
    with proceedings(home, YEAR) as found:
        found.put_in_force("publish", first, {"state": "provisional"})
    assert len(deliver(home).sent) == 4
    assert deliver(home).sent == []
    bodies = [body.get_content() for letter in ours.of(LEADER) if (body := letter.get_body())]
    assert ["published/2023/20240331-second" in body for body in bodies] == [True, False]
    assert [f"published/2023/{first.name}" in body for body in bodies] == [False, True]
    assert len({letter["Message-ID"] for letter in ours.of(LEADER)}) == 2


# ---- the log


def test_a_line_that_was_cut_off_was_never_written(home: Path, ours: Post) -> None:
    deliver(home)
    path = home / "published" / "2023" / "deliveries.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at": "2026')
    assert deliver(home).sent == []
    own = json.loads((home / "delivery.yml").read_text("utf-8"))
    write_delivery(home, **own | {"leadership": [LEADER, OTHER, "new@b.example"]})
    assert to(deliver(home).sent) == ["new@b.example"]
    assert logged(home)[-1]["event"] == "sent"


LINE = {
    "at": "2024-04-01T08:00:00+08:00", "event": "sent", "channel": "mail", "recipient": LEADER, "what": "leadership",
    "number": 1, "publication": "20240331-a", "files": {}, "why": "",
}  # fmt: skip


def test_a_line_of_the_log_as_it_should_be(home: Path, ours: Post) -> None:
    (home / "published" / "2023" / "deliveries.jsonl").write_text(json.dumps(LINE) + "\n", "utf-8")
    assert len(deliver(home).sent) == 4


@pytest.mark.parametrize(
    "line",
    [
        b"{}\n",
        b"nonsense\n",
        b"[]\n",
        b"\xff\n",
        *(
            json.dumps(LINE | changed).encode() + b"\n"
            for changed in ({"recipient": [LEADER]}, {"number": "1"}, {"event": "lost"}, {"at": "now"}, {"more": 1})
        ),
    ],
)
def test_a_log_that_was_changed_sends_nothing(line: bytes, home: Path, ours: Post) -> None:
    path = home / "published" / "2023" / "deliveries.jsonl"
    path.write_bytes(line)
    with pytest.raises(KaoheError) as caught:
        deliver(home)
    assert "第 1 行" in str(caught.value)
    done = Delivery(home, YEAR).afterwards()
    assert (done.wrong, done.exit_code, ours.connections) == ([str(caught.value)], 3, 0)


def test_a_failure_of_the_program_says_that_what_was_published_is_in_force(home: Path, ours: Post) -> None:
    """Something nobody thought of: here a delivery that was taken apart before it began."""
    delivery = Delivery(home, YEAR)
    del delivery.file
    done = delivery.afterwards()
    (sentence,) = done.wrong
    assert "AttributeError" in sentence
    assert "已发布的结果仍然有效" in sentence
    assert "没有发布" not in said(done)
    log = Path(re.search(r"请把 (.*) 发给维护者", sentence)[1])  # type: ignore[index]
    assert "Traceback" in log.read_text("utf-8")
    log.unlink()
    assert done.exit_code == 3


# ---- safely


def test_tls_from_the_start(home: Path, certificates: Certificates) -> None:
    with post(certificates.server(), implicit=True) as served:
        write_delivery(home, mail=mail(served.port, certificates, tls="tls"), **LISTS)
        assert len(deliver(home).sent) == 4
        assert served.logins == [USER]


def test_on_this_machine_mail_may_be_plain(home: Path) -> None:
    with post(login=False) as served:
        write_delivery(home, mail=mail(served.port), leadership=[LEADER])
        assert to(deliver(home).sent) == [LEADER]


@pytest.mark.parametrize(
    ("serve", "asked", "sentence"),
    [
        pytest.param("plain", "starttls", "不提供 STARTTLS", id="a server without TLS"),
        pytest.param("plain", "tls", "建立不了 TLS 连接", id="a server without TLS asked for it from the start"),
        pytest.param("other host", "starttls", "证书不可信", id="the certificate of another host"),
        pytest.param("other host", "tls", "证书不可信", id="the certificate of another host from the start"),
        pytest.param("stranger", "starttls", "证书不可信", id="a certificate that nobody vouches for"),
    ],
)
def test_nothing_is_said_to_a_server_that_is_not_the_right_one(
    serve: str, asked: str, sentence: str, home: Path, certificates: Certificates, tmp_path: Path
) -> None:
    contexts: dict[str, ssl.SSLContext | None] = {
        "plain": None,
        "other host": certificates.server("mail.example"),
        "stranger": Certificates(tmp_path).server(),
    }
    with post(contexts[serve], implicit=asked == "tls" and serve != "plain", login=serve != "plain") as served:
        write_delivery(home, mail=mail(served.port, certificates, tls=asked), **LISTS)
        done = deliver(home)
        assert (len(done.failed), served.taken, served.logins, served.connections) == (4, [], [], 1)
    assert {sentence in why for why in done.failed.values()} == {True}
    assert [line["event"] for line in logged(home)] == ["failed"] * 4
    assert "kaohe deliver" not in said(done)


def test_a_login_that_is_refused_and_one_that_is_not_there(
    home: Path, ours: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAOHE_TEST_MAIL", "wrong-p@ssword")
    done = deliver(home)
    (why,) = set(done.failed.values())
    assert "不接受登录（535）" in why
    monkeypatch.delenv("KAOHE_TEST_MAIL")
    (why,) = set(deliver(home).failed.values())
    assert "KAOHE_TEST_MAIL 没有设置" in why
    monkeypatch.setenv("KAOHE_TEST_MAIL", "pässwörd")
    (why,) = set(deliver(home).failed.values())
    assert "换一个密码" in why
    assert ours.taken == []
    for secret in ("wrong-p@ssword", "pässwörd"):
        assert secret not in json.dumps(logged(home), ensure_ascii=False)


def test_a_server_whose_challenge_is_nonsense(home: Path) -> None:
    """CRAM-MD5 that is no Base64: smtplib raises what is neither its own error nor the system's."""
    talk = [b"220 hello\r\n", b"250-hello\r\n250 AUTH CRAM-MD5\r\n", b"334 A\r\n", b"501 no\r\n", b"221 bye\r\n"]
    with reciting(talk) as port:
        write_delivery(home, mail=mail(port, user=USER, password={"env": "KAOHE_TEST_MAIL"}), leadership=[LEADER])
        (why,) = deliver(home).failed.values()
    assert "不提供可用的登录方式" in why


def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_log(home: Path, ours: Post) -> None:
    as_sent = b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    reply = f"550 {PASSWORD} {as_sent} \t no\x07 such user"
    ours.answer = lambda stage, recipient: reply if stage == "rcpt" else "250 OK"
    done = deliver(home)
    assert set(done.failed.values()) == {"邮件服务器不收给这个地址的信（550 ＊＊＊ ＊＊＊ no such user）；请核对地址"}
    assert PASSWORD not in json.dumps(logged(home)) + said(done)


def test_a_server_that_is_not_there(home: Path, ours: Post, certificates: Certificates) -> None:
    """It is tried as often as asked, once for all; the next run finds it."""
    with post() as gone:
        pass
    write_delivery(home, mail=mail(gone.port, certificates), **LISTS)
    done = deliver(home)
    (why,) = set(done.failed.values())
    assert f"连不上邮件服务器 127.0.0.1:{gone.port}" in why
    assert [line["event"] for line in logged(home)] == ["failed"] * 4
    write_delivery(home, mail=mail(ours.port, certificates), **LISTS)
    assert len(deliver(home).sent) == 4


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00", "\u202e"])
def test_a_name_adds_no_header(break_: str, home: Path, ours: Post) -> None:
    found = look_up(home, YEAR)
    config = read_config(home / "delivery.yml")
    made = plan(found, config, home / "delivery.yml")
    assert isinstance(config.mail, Mail)
    unit = f"水务{break_}Bcc: spy@evil.example{break_}{break_}<script>"
    parcel = Parcel(MAIL, WATER, "unit D01", made.number, made.publication, {}, unit)
    raw = message(config.mail, Letters(made), parcel).as_bytes()
    letter = message_from_bytes(raw, policy=default)
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert letter["To"] == WATER
    assert break_ not in letter["Subject"]
    assert letter["Subject"].startswith("水务")


def test_lines_that_begin_with_a_point_arrive_as_they_are(home: Path, ours: Post, certificates: Certificates) -> None:
    delivery = Delivery(home, YEAR)
    made, _ = delivery.look()
    assert delivery.config
    assert delivery.config.mail
    mailer = Mailer(delivery.config.mail, Letters(made), Secrets())
    text = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\nend"
    mailer.open()
    mailer.send(made.parcels[0], text)
    mailer.close()
    assert [raw.rstrip() for raw in ours.raw] == [text]


# ---- group chats


@pytest.fixture
def robot(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """A robot of 钉钉 on this machine, and the delivery file that names it."""
    with api() as served:
        served.answer = lambda request: Answer(DONE)
        monkeypatch.setenv("KAOHE_TEST_HOOK", f"{served.address}/robot/send?access_token={KEY}")
        monkeypatch.setenv("KAOHE_TEST_SIGN", SIGN)
        hook("dingtalk", home, sign={"env": "KAOHE_TEST_SIGN"})
        yield served


def hook(kind: str, home: Path, **other: Any) -> None:
    hooks = [{"kind": kind, "url": {"env": "KAOHE_TEST_HOOK"}, "retries": QUICK} | other]
    write_delivery(home, webhooks=hooks)


def test_dingtalk_gets_a_signed_note(robot: FakeApi, home: Path) -> None:
    done = deliver(home)
    assert (to(done.sent), done.exit_code) == (["dingtalk:KAOHE_TEST_HOOK"], 0)
    assert deliver(home).sent == []
    (asked,) = robot.asked
    assert (asked.path, asked.params["access_token"]) == ("/robot/send", KEY)
    expected = hmac.digest(SIGN.encode(), f"{asked.params['timestamp']}\n{SIGN}".encode(), "sha256")
    assert b64decode(asked.params["sign"]) == expected
    assert len(asked.params["timestamp"]) == 13
    body = json.loads(asked.body)
    assert (body["msgtype"], body["markdown"]["title"]) == ("markdown", "2023年度党建考核结果：初评")
    assert body["markdown"]["text"] == "\n\n".join([
        "### 2023年度党建考核结果：初评", "> 数据截至 2024-03-31", "> 参加考核的单位 3 个", "> 收到记录 4 条，计入 4 条",
        f"结果在考核数据文件夹的 published/2023/{current(home).name}",
    ])  # fmt: skip


def test_wecom_gets_a_note(robot: FakeApi, home: Path) -> None:
    hook("wecom", home)
    assert len(deliver(home).sent) == 1
    (asked,) = robot.asked
    assert set(asked.params) == {"access_token"}
    assert asked.headers["content-type"] == "application/json"
    body = json.loads(asked.body)
    assert set(body["markdown"]) == {"content"}
    assert body["markdown"]["content"].startswith("### 2023年度党建考核结果：初评\n> 数据截至 2024-03-31\n")
    for unit in ("办公室", "法规处", "水务中心"):
        assert unit not in asked.body.decode()


def test_a_note_is_as_long_as_wecom_takes_and_no_longer() -> None:
    line = "考" * 340 + "\n"  # 1 021 bytes
    assert note("wecom", Letter("", line * 4))["markdown"]["content"].encode() == (line * 4).encode()[:-1]
    cut = note("wecom", Letter("", line * 9))["markdown"]["content"]
    assert cut == (line * 4)[:-1]
    assert len(cut.encode()) <= MOST_BYTES


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(Answer({"errcode": 310000, "errmsg": f"sign not match {KEY}"}), "errcode 310000：sign not match ＊＊＊", id="sign"),
        pytest.param(Answer(DONE, status=404), "状态 404", id="404"),
        pytest.param(Answer(DONE, status=429, headers={"Retry-After": "3600"}), "状态 429", id="come back in an hour"),
    ],
)  # fmt: skip
def test_a_note_that_is_refused_fails_at_once(answer: Answer, sentence: str, robot: FakeApi, home: Path) -> None:
    robot.answer = lambda request: answer
    done = deliver(home)
    (why,) = done.failed.values()
    assert sentence in why
    assert len(robot.asked) == 1
    assert events(home, "dingtalk:KAOHE_TEST_HOOK") == ["sending", "failed"]
    robot.answer = lambda request: Answer(DONE)
    assert len(deliver(home).sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer({"errcode": 130101, "errmsg": "send too fast"}), id="too often"),
        pytest.param(Answer({"errcode": -1, "errmsg": "busy"}), id="busy"),
        *(pytest.param(Answer(DONE, status=status), id=str(status)) for status in (408, 425, 429, 503)),
    ],
)
def test_a_busy_robot_is_asked_again(answer: Answer, robot: FakeApi, home: Path) -> None:
    answers = [answer, answer, Answer(DONE)]
    robot.answer = lambda request: answers.pop(0)
    assert len(deliver(home).sent) == 1
    assert events(home, "dingtalk:KAOHE_TEST_HOOK") == ["sending", "failed"] * 2 + ["sending", "sent"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(Answer(DONE, length=1000), "对方没有答复", id="broken off"),
        *(pytest.param(Answer(DONE, status=status), f"状态 {status}", id=str(status)) for status in (500, 502, 504)),
        pytest.param(Answer({"errcode": "0"}), "不像是群机器人的", id="errcode is no number"),
        pytest.param(Answer(b"<html>log in</html>"), "不像是群机器人的", id="no JSON"),
        pytest.param(Answer([0]), "不像是群机器人的", id="a list"),
        pytest.param(Answer(b"[" * 100_000), "不像是群机器人的", id="too deep"),
        pytest.param(Answer(b" " * 1_000_000 + b'{"errcode": 0}'), "不像是群机器人的", id="too long"),
    ],
)
def test_a_note_that_may_have_been_taken_is_not_posted_again_by_itself(
    answer: Answer, sentence: str, robot: FakeApi, home: Path
) -> None:
    robot.answer = lambda request: answer
    done = deliver(home)
    assert (to(done.doubtful), done.exit_code, len(robot.asked)) == (["dingtalk:KAOHE_TEST_HOOK"], 3, 1)
    assert sentence in next(iter(done.doubtful.values()))
    robot.answer = lambda request: Answer(DONE)
    assert deliver(home).sent == []
    assert len(deliver(home, again="dingtalk:KAOHE_TEST_HOOK").sent) == 1
    assert len(robot.asked) == 2


def test_no_redirect_is_followed(robot: FakeApi, home: Path) -> None:
    with api() as elsewhere:
        robot.answer = lambda request: Answer(status=307, headers={"Location": elsewhere.address})
        (why,) = deliver(home).failed.values()
        assert "状态 307" in why
        assert elsewhere.asked == []


@pytest.mark.parametrize("address", ["http://robot.example/send?key=k3y", "ftp://127.0.0.1/k3y", "k3y", "https:///k3y", "http://127.0.0.1.example/k3y", f"https://{'k3y' * 30}.example/", "https://a..b/k3y"])  # fmt: skip
def test_only_a_safe_address_is_written_to(
    address: str, robot: FakeApi, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAOHE_TEST_HOOK", address)
    done = deliver(home)
    (why,) = done.failed.values()
    assert "不是 https 地址" in why
    assert "k3y" not in why + json.dumps(logged(home))


def test_an_address_that_is_no_text(robot: FakeApi, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_TEST_HOOK", robot.address + "/\udcff")
    (why,) = deliver(home).failed.values()
    assert "KAOHE_TEST_HOOK" in why
    assert "不是 UTF-8" in why
    assert robot.asked == []


def test_https_by_the_certificate_that_is_trusted(
    home: Path, robot: FakeApi, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api(certificates.server()) as served:
        served.answer = lambda request: Answer(DONE)
        monkeypatch.setenv("KAOHE_TEST_HOOK", f"{served.address}/send?key={KEY}")
        hook("wecom", home)
        (why,) = deliver(home).failed.values()
        assert "CERTIFICATE_VERIFY_FAILED" in why
        assert served.asked == []
        hook("wecom", home, ca=str(certificates.path))
        assert len(deliver(home).sent) == 1


def test_no_key_is_written_anywhere(
    robot: FakeApi, home: Path, ours: Post, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the robot says, and whatever the libraries on this side would write into a log."""
    hooks = [{"kind": "dingtalk", "url": {"env": "KAOHE_TEST_HOOK"}, "sign": {"env": "KAOHE_TEST_SIGN"}}]
    write_delivery(home, mail=mail(ours.port, certificates), leadership=[LEADER], webhooks=hooks)
    caplog.set_level("DEBUG")
    robot.answer = lambda request: Answer({"errcode": 1, "errmsg": f"{KEY} {SIGN} {os.environ['KAOHE_TEST_HOOK']}"})
    texts = [said(deliver(home))]
    robot.answer = lambda request: Answer(status=302, headers={"Location": "https://other.example"})
    texts += [said(deliver(home)), json.dumps(logged(home))]
    noted = [record for record in caplog.records if record.name != "mail.log"]  # that is the mail server of the test
    assert {record.name.partition(".")[0] for record in noted} >= {"httpcore", "filelock"}
    texts += [record.getMessage() for record in noted]
    assert (len(robot.asked), len(ours.taken)) == (2, 1)
    for text in texts:
        for secret in (KEY, SIGN, PASSWORD, b64encode(PASSWORD.encode()).decode()):
            assert secret not in text


def test_a_channel_that_is_down_keeps_no_other_from_its_work(
    home: Path, ours: Post, robot: FakeApi, certificates: Certificates
) -> None:
    robot.answer = lambda request: Answer({"errcode": 310000, "errmsg": "no"})
    hooks = [{"kind": "dingtalk", "url": {"env": "KAOHE_TEST_HOOK"}}, {"kind": "wecom", "url": {"env": "NOT_THERE"}}]
    write_delivery(home, mail=mail(ours.port, certificates), webhooks=hooks, **LISTS)
    done = deliver(home)
    assert (len(done.sent), to(done.failed)) == (4, ["dingtalk:KAOHE_TEST_HOOK", "wecom:NOT_THERE"])


# ---- by its commands


def test_the_list_of_who_would_get_what(home: Path, ours: Post) -> None:
    ours.answer = lambda stage, recipient: {OTHER: "550 no", LEADER: TAKE_AND_DROP}.get(recipient, "250 OK") if (stage, recipient) in (("rcpt", OTHER), ("data", LEADER)) else "250 OK"  # fmt: skip
    deliver(home)
    log, taken = logged(home), len(ours.taken)
    done = in_process("deliver", "--home", home, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    states = {recipient: next(line for line in lines if recipient in line) for recipient in (LEADER, OTHER, WATER, LAW)}
    assert "存疑" in states[LEADER]
    assert "失败" in states[OTHER]
    assert "已送" in states[WATER]
    assert "水务中心体检单" in states[WATER]
    assert "没有邮箱地址的单位（1）：办公室" in done.stdout
    assert "没有送出任何东西" in done.stdout
    assert (logged(home), len(ours.taken)) == (log, taken)


def test_a_mistake_in_the_file_stops_everything_before_it_begins(home: Path, tmp_path: Path) -> None:
    (home / "delivery.yml").write_text("mail: {host: h.example}\n", "utf-8")
    write_csv(tmp_path / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室")))
    acts = (home / "published" / "2023" / "acts.jsonl").read_bytes()
    who = ["--by", "局党组", "--document", "1号"]
    for command in (["run", "--inbox", tmp_path / "inbox"], ["announce", *who], ["deliver"]):
        done = in_process(*command, "--year", YEAR, "--home", home)
        assert (done.returncode, done.stdout) == (2, "")
        assert "delivery.yml 第 1 行" in done.stderr
    assert (home / "published" / "2023" / "acts.jsonl").read_bytes() == acts


@pytest.mark.long
def test_the_whole_way_by_its_commands(
    inbox: Path, tmp_path: Path, libraries: None, server: str, prefect_home: Path, certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Published, sent again, announced, final, issued anew: each is delivered once by the flow that makes it so, and
    Prefect's history has nobody's address."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.annual_assessment import annual_assessment
    from flows.final_result import final_result
    from flows.reissue import reissue

    home = tmp_path / "a home"
    home.mkdir()
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    by, document = "局党组", "1号"
    monkeypatch.setenv("KAOHE_TEST_MAIL", PASSWORD)

    def done(command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {"PREFECT_API_URL": server, "PREFECT_HOME": str(prefect_home)}
        ran = kaohe(command, "--year", YEAR, "--home", home, *arguments, **environment)
        assert "Traceback" not in ran.stderr
        return ran

    with post(certificates.server()) as served, temporary_settings({PREFECT_API_URL: server}):
        write_delivery(home, mail=mail(served.port, certificates), leadership=[LEADER])
        served.answer = lambda stage, recipient: "550 not yet"
        ran = done("run", "--inbox", inbox, "--as-of", "2024-04-01")
        assert ran.returncode == 3, ran.stderr
        assert "送达：新送出 0 件，此前已送 0 件，失败 1 件，存疑 0 件" in ran.stdout
        assert "550 not yet" in ran.stdout
        assert current(home).is_dir()

        served.answer = lambda stage, recipient: "250 OK"
        ran = done("deliver", "--again", LEADER)
        assert (ran.returncode, "送达：新送出 1 件" in ran.stdout) == (0, True), ran.stderr
        ran = done("announce", "--by", by, "--document", document, "--on", "2024-04-26")
        assert (ran.returncode, "送达：新送出 1 件" in ran.stdout) == (0, True), ran.stderr

        served.answer = lambda stage, recipient: "550 not yet"
        _, delivered = final_result(YEAR, by, document, on=dt.date(2024, 6, 20), home=home)
        assert (delivered.exit_code, to(delivered.failed)) == (3, [LEADER])
        served.answer = lambda stage, recipient: "250 OK"
        outcome = annual_assessment(YEAR, inbox, home=home)
        assert (outcome.frozen, to(outcome.delivered.sent)) == (True, [LEADER])

        write_csv(inbox / "抽查2.csv", [CHECK, check("C4", "办公室", 2, flags="1000")])
        outcome = reissue(YEAR, "漏计一次检查", by, document, inbox, home=home)
        assert to(outcome.delivered.sent) == [LEADER]

        states = [letter["Subject"].partition("：")[2].partition("（")[0] for letter in served.of(LEADER)]
        assert states == ["初评", "公示稿", "定稿", "定稿"]
        announced, reissued = served.of(LEADER)[1].get_body(), served.of(LEADER)[3].get_body()
        assert announced
        assert "公示至2024-05-03，申诉截止2024-05-10" in announced.get_content()
        assert reissued
        assert "1个单位有变更" in reissued.get_content()
    kept = b"".join(path.read_bytes() for path in prefect_home.rglob("*") if path.is_file())
    assert b"delivery-again" in kept
    assert LEADER.encode() not in kept


def test_what_was_delivered_is_said_in_english_too() -> None:
    parcel = Parcel(MAIL, WATER, "unit D01", 1, Path("20240331-a"), {}, "水务中心")
    with speaking("en"):
        text = said(Delivered(sent=[parcel], doubtful={parcel: "why"}))
    assert "delivered: 1 now, 0 before; 0 failed, 1 doubtful" in text
    assert "kaohe deliver --again water@b.example" in text
