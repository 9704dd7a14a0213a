"""The deployments of ``kaohe serve``, prefect.yaml and flows/ are in step; the unit file says what it must."""

import errno
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from kaohe.cli import build
from kaohe.commands import serve
from kaohe.errors import KaoheError
from kaohe.night import Night, inbox_of
from kaohe.prefects import Found, look
from kaohe.schedule import schedule_of
from kaohe.words import use_language
from tests.helpers import ROOT
from tests.sources import Answer, api


def about(flow: str) -> Any:
    """What the page says of a flow."""
    return serve.about(build(), flow)


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The deployments of prefect.yaml by entrypoint."""
    read = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return {each["entrypoint"]: each for each in read["deployments"]}


def test_prefect_yaml_and_serve_have_every_flow(declared: dict[str, Any], tmp_path: Path, libraries: None) -> None:
    from kaohe.serving.deployments import Given, deployments, every_flow

    files = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    flows = {flow.fn.__module__.removeprefix("flows."): flow for flow in every_flow()}
    assert set(flows) == files
    assert set(declared) == {f"flows.{module}.{flow.fn.__name__}" for module, flow in flows.items()}
    for module, flow in flows.items():
        written = declared[f"flows.{module}.{flow.fn.__name__}"]["parameters"]
        assert set(written) <= set(flow.parameters.properties)
        assert ("inbox" in written) == ("inbox" in flow.parameters.required)
        assert written["lang"] == "zh"
    made = deployments(Given(tmp_path, None, None, "en", about), schedule_of(tmp_path))
    assert {each.entrypoint for each in made} == {
        f"flows.{module}.{flow.fn.__name__}" for module, flow in flows.items()
    }
    by_flow = {str(each.flow_name): each for each in made}
    assert all(each.parameters["home"] == str(tmp_path) and each.parameters["lang"] == "en" for each in made)
    assert not [name for name, each in by_flow.items() if "inbox" in each.parameters]  # looked up by each run
    told = deployments(Given(tmp_path, tmp_path / "share", None, "zh", about), schedule_of(tmp_path))
    assert {each.parameters.get("inbox") for each in told if each.flow_name == "reissue"} == {str(tmp_path / "share")}
    assert [name for name, each in by_flow.items() if each.schedules] == ["nightly"]


def test_the_page_says_what_a_flow_is_and_asks_for(tmp_path: Path, libraries: None) -> None:
    from kaohe.serving.deployments import Given, deployments

    use_language("en")
    made = {
        each.flow_name: each for each in deployments(Given(tmp_path, None, None, "en", about), schedule_of(tmp_path))
    }
    assert made["study-bulletin"].tags == ["Study bulletin"]
    assert made["study-bulletin"].description == "The study bulletin of a month from the publication in force."
    asked = made["annual-assessment"]._parameter_openapi_schema
    assert asked.properties["year"]["description"] == "the year that is assessed"
    assert asked.properties["wait_seconds"]["description"].startswith("how many seconds to wait at most")
    said = [
        known["description"] for each in made.values() for known in each._parameter_openapi_schema.properties.values()
    ]
    assert all(said)


def test_both_have_the_schedule_of_the_project(declared: dict[str, Any], tmp_path: Path, libraries: None) -> None:
    from kaohe.serving.deployments import Given, deployments

    schedule = schedule_of(tmp_path)
    wanted = {"cron": schedule.cron, "timezone": schedule.timezone}
    assert [each["schedules"] for each in declared.values() if "schedules" in each] == [[wanted]]
    (night,) = [each for each in deployments(Given(tmp_path, None, None, "zh", about), schedule) if each.schedules]
    (made,) = night.schedules or []
    assert {name: getattr(made.schedule, name) for name in wanted} == wanted


def test_where_a_night_reads(tmp_path: Path) -> None:
    assert inbox_of(tmp_path) == tmp_path / "inbox"
    (tmp_path / "sources.yml").write_text("sources: {}", encoding="utf-8")
    assert inbox_of(tmp_path) is None
    (tmp_path / "schedule.yml").write_text("inbox: ../share\nyears: [2023]\n", encoding="utf-8")
    assert inbox_of(tmp_path) == tmp_path / "../share"
    assert Night(tmp_path).question(2023)["inbox"] == tmp_path / "../share"
    assert Night(tmp_path, inbox=tmp_path / "x").inbox == tmp_path / "x"
    assert Night(tmp_path, sources=tmp_path / "y").inbox is None
    assert (Night(tmp_path).years, Night(tmp_path, years=[2020]).years) == ([2023], [2020])


def test_a_night_without_a_year_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "schemes").mkdir(parents=True)
    (tmp_path / "data" / "schedule.yml").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("KAOHE_PROJECT", str(tmp_path))
    with pytest.raises(KaoheError, match=r"找不到考核办法 .*\.yml、.*\.yml；请放入其中一份"):
        Night(tmp_path / "home")


def test_a_night_ends_with_the_first_thing_that_went_wrong(tmp_path: Path) -> None:
    night = Night(tmp_path, years=[2021, 2022])
    night.after(2021, KaoheError("not_writable", path="x"))
    night.after(2022, ValueError("secret"))
    with pytest.raises(KaoheError, match=r"^2021 年度：没有写入 x 的权限"):
        night.end()
    use_language("en")
    night = Night(tmp_path, years=[2022])
    night.after(2022, ValueError("a name from a record"))
    with pytest.raises(KaoheError, match=r"^2022: the program failed") as failed:
        night.end()
    assert "a name from a record" not in str(failed.value)


def test_a_night_bears_that_nothing_can_be_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    night = Night(tmp_path, years=[2021, 2022])
    night.after(2021, ValueError("a name from a record"))
    night.after(2022, OSError(errno.ENOSPC, "No space left on device", "x"))
    assert "日志没能写下" in night.failed[2021]
    assert night.failed[2022].startswith("磁盘已满，写不进 x")


def test_what_is_taken_for_a_prefect_server() -> None:
    with api() as service:
        for answer, found in (
            (Answer("3.8.8"), Found.SERVER),
            (Answer({"exception_message": "Unauthorized"}, 401), Found.LOGIN),
            (Answer(b"<html>anything</html>"), Found.NOTHING),
            (Answer({}), Found.NOTHING),
            (Answer("no", 404), Found.NOTHING),
        ):
            service.answer = lambda request, answer=answer: answer  # type: ignore[misc]
            assert look(service.address, "office:secret") is found
        assert service.asked[-1].headers["authorization"] == "Basic b2ZmaWNlOnNlY3JldA=="
    assert look("http://127.0.0.1:9") is Found.NOTHING


def test_who_reaches_an_address() -> None:
    from kaohe.serving.server import is_loopback

    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "localhost", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.0.2.1", "office.example", "127.0.0.1.example", "")))


def test_the_unit_file_lets_serve_end_its_own_processes() -> None:
    lines = (ROOT / "deploy" / "kaohe.service").read_text(encoding="utf-8").splitlines()
    assert {"KillMode=mixed", "Restart=on-failure", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(lines)
    (start,) = [line for line in lines if line.startswith("ExecStart=")]
    home = start.split("--home ")[1]
    assert f"ReadWritePaths={home}" in lines
    assert "--host" not in start
