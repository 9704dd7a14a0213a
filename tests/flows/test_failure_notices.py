"""Notices that a night went wrong: to a real mail server and a real webhook, once, with the first sentence."""

import json
from pathlib import Path

import pytest

from kaohe.delivery.failures import Failure, tell
from kaohe.errors import KaoheError
from kaohe.words import speaking
from tests.delivery import mail, post, write_delivery
from tests.helpers import kaohe
from tests.sources import Answer, api

NIGHT, OTHER = "night@b.example", "other@b.example"
WRONG = Failure("run-1-2023", 2023, ["磁盘已满，写不进 data。请腾出空间。", "数据源 shuju 读不到"], "run-1")


def test_each_is_told_the_first_sentence_once_for_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with post(login=False) as server, api() as robot:
        robot.answer = lambda request: Answer({"errcode": 0, "errmsg": "ok"})
        monkeypatch.setenv("KAOHE_TEST_HOOK", robot.address)
        hook = {"kind": "wecom", "url": {"env": "KAOHE_TEST_HOOK"}}
        failures = {"mail": [NIGHT, OTHER], "webhooks": [hook]}
        write_delivery(tmp_path, mail=mail(server.port), leadership=["leader@b.example"], failures=failures)
        for _ in range(2):
            assert tell(tmp_path, WRONG) == {}
        assert sorted(to for to, _ in server.taken) == [NIGHT, OTHER]
        (message,) = server.of(NIGHT)
        text = message.get_content().replace("\r", "")
        assert "磁盘已满，写不进 data。\n" in text and "共2处" in text and "run-1" in text
        assert "腾出空间" not in text and "shuju" not in text
        assert "2023年度" in message["Subject"]
        (asked,) = robot.asked
        assert "磁盘已满，写不进 data。" in json.loads(asked.body)["markdown"]["content"]
        assert tell(tmp_path, Failure("run-2", 2023, ["x"])) == {}
        assert len(server.of(NIGHT)) == 2


def test_whoever_cannot_be_told_is_named_and_told_the_next_time(tmp_path: Path) -> None:
    with post(login=False) as server:
        write_delivery(tmp_path, mail=mail(server.port), failures={"mail": [NIGHT, OTHER]})
        server.answer = lambda stage, recipient: "550 no" if recipient == OTHER and stage == "rcpt" else "250 OK"
        assert list(tell(tmp_path, WRONG)) == [OTHER]
        server.answer = lambda stage, recipient: "250 OK"
        assert tell(tmp_path, WRONG) == {}
        assert [to for to, _ in server.taken] == [NIGHT, OTHER]


def test_it_is_told_in_the_language_of_the_run(tmp_path: Path) -> None:
    with post(login=False) as server, speaking("en"):
        write_delivery(tmp_path, mail=mail(server.port), failures={"mail": [NIGHT]})
        tell(tmp_path, Failure("run-1", None, ["The disk is full. Make room."]))
        text = server.of(NIGHT)[0].get_content()
        assert "the night's run for every year went wrong" in text.replace("=\r\n", "")
        assert "\nThe disk is full.\n" in text.replace("\r", "")


@pytest.mark.parametrize("broken", ["folder", "garbage"])
def test_a_log_that_cannot_be_written_or_read_keeps_no_notice_back(tmp_path: Path, broken: str) -> None:
    if broken == "folder":
        (tmp_path / "logs").write_text("in the way")
    else:
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "notices.jsonl").write_text("{}\n")
    with post(login=False) as server:
        write_delivery(tmp_path, mail=mail(server.port), failures={"mail": [NIGHT]})
        assert tell(tmp_path, WRONG) == {}
        assert len(server.of(NIGHT)) == 1


def test_nobody_to_tell_is_no_error_and_a_mistake_in_the_file_is(tmp_path: Path) -> None:
    assert tell(tmp_path, WRONG) == {}
    write_delivery(tmp_path, failures={"mail": [NIGHT]})
    with pytest.raises(KaoheError) as caught:
        tell(tmp_path, WRONG)
    assert "failures.mail" in str(caught.value)


def test_status_tells_of_a_missed_night_once(tmp_path: Path) -> None:
    (tmp_path / "schedule.yml").write_text("years: [2023]\n")
    with post(login=False) as server:
        write_delivery(tmp_path, mail=mail(server.port), failures={"mail": [NIGHT]})
        for _ in range(2):
            assert kaohe("status", "--notify", "--home", tmp_path).returncode == 4
        (message,) = server.of(NIGHT)
        assert "2023年度还没有发布过" in message.get_content()
