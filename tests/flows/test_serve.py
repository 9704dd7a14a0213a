"""``kaohe serve`` with a real server: what it registers, how it runs, what it leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.helpers import CHECK, ROOT, check, kaohe, registry, write_csv
from tests.serving import Served, children, until
from tests.sources import QUICK, Answer, FakeApi, api, write_sources

LOGIN = "office:open sesame"


@pytest.fixture(scope="module")
def broken_api() -> Iterator[FakeApi]:
    """An API that is out of order."""
    with api() as service:
        service.answer = lambda request: Answer("no", 500)
        yield service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, broken_api: FakeApi) -> Iterator[Served]:
    """A small bureau that is being served; its API is out of order."""
    folder = tmp_path_factory.mktemp("office")
    home = folder / "home"
    write_csv(folder / "share" / "名册.csv", registry(("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")))
    write_csv(folder / "share" / "抽查.csv", [CHECK, check("C1", "办公室"), check("C2", "没有这个单位")])
    names = {"api": broken_api.address, "retries": QUICK, "tables": [{"table": "unit_alias", "path": "aliases"}]}
    write_sources(home / "sources.yml", share={"inbox": "../share"}, names=names)
    (home / "schedule.yml").write_text('cron: "0 2 1 * *"\nyears: [2023]\n', encoding="utf-8")
    serving = Served(home)
    try:
        yield serving.start()
    finally:
        if serving.process.poll() is None:
            serving.stop()


def test_every_flow_is_a_deployment_and_the_night_has_the_schedule(served: Served) -> None:
    found = {each["entrypoint"]: each for each in served.ask("/deployments/filter", {})}
    assert len(found) == len([path for path in Path("flows").glob("*.py") if path.stem != "__init__"])
    assert {each["parameters"]["home"] for each in found.values()} == {str(served.home)}
    night = served.deployment("nightly")
    (schedule,) = night["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 1 * *", "Asia/Shanghai")
    assert night["global_concurrency_limit"] is None  # the home's lock is what keeps two from writing
    assert f"http://127.0.0.1:{served.port}" in served.said
    assert "-01 02:00（Asia/Shanghai）" in served.said
    assert len(served.said.splitlines()) == 4


def test_a_night_publishes_and_its_failing_source_is_a_failed_task(served: Served) -> None:
    night = served.run("nightly")
    assert (night["state"]["type"], night["state"]["message"]) == ("COMPLETED", "已发布：2023")
    assert (served.home / "published" / "2023" / "CURRENT").exists()
    tasks = served.tasks(night["id"])
    assert tasks["read share"]["type"] == "COMPLETED"
    assert tasks["read names"]["type"] == "FAILED"
    assert tasks["read names"]["message"].startswith("数据源 names 读不到，而且从未读到过")
    assert "接口返回状态 500" in tasks["read names"]["message"]
    assert {state["type"] for name, state in tasks.items() if name != "read names"} == {"COMPLETED"}

    left = served.artifacts()
    (category,) = json.loads(left["result-2023"]["data"])
    assert (category["类别"], category["单位数"], category["参加排名"]) == ("机关处室", 2, 1)
    assert json.loads(left["quarantine-2023"]["data"]) == [
        {"数据表": "组织生活记录抽查", "原因": "单位不认识", "记录数": 1}
    ]
    assert str(served.home / "published" / "2023") in left["files-2023"]["data"]
    assert "接口返回状态 500" in left["files-2023"]["data"]
    everything = json.dumps(left, ensure_ascii=False)
    assert "王某" not in everything
    assert "没有这个单位" not in everything


def test_one_year_that_fails_does_not_hinder_the_next_in_which_nothing_is_new(served: Served) -> None:
    published = sorted(path.name for path in (served.home / "published" / "2023").iterdir())
    night = served.run("nightly", years=[2019, 2023])
    assert night["state"]["type"] == "FAILED"
    assert "2019 年度：" in night["state"]["message"]
    assert "2019.yml" in night["state"]["message"]
    inner = {run["parameters"]["year"]: run["state"] for run in served.runs("annual-assessment")[-2:]}
    assert {year: state["type"] for year, state in inner.items()} == {2019: "FAILED", 2023: "COMPLETED"}
    assert inner[2023]["message"].startswith("2023 年度没有变化，没有重新发布")
    assert served.artifacts()["result-2023"]["description"] == inner[2023]["message"]
    assert sorted(path.name for path in (served.home / "published" / "2023").iterdir()) == published


def test_other_flows_leave_where_their_files_are_and_lines_in_the_journal(served: Served) -> None:
    done = served.run("alerts")
    (workbook,) = (served.home / "alerts" / "2023").glob("*.xlsx")
    assert (done["state"]["type"], done["state"]["message"]) == ("COMPLETED", f"已写出 {workbook}")
    assert str(workbook) in served.artifacts()["alerts-2023"]["data"]
    failed = served.run("study-bulletin", year=2023, month=3)
    assert failed["state"]["type"] == "FAILED"
    (journal,) = (served.home / "logs").glob("????-??.jsonl")
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    noted = {run: [line["event"] for line in lines if line["run"] == run] for run in (done["id"], failed["id"])}
    assert noted == {done["id"]: ["started", "ended"], failed["id"]: ["started", "failed"]}


def test_the_command_uses_the_server_of_its_home(served: Served) -> None:
    before = len(served.runs("annual-assessment"))
    done = kaohe("run", "--year", 2023, "--home", served.home)
    assert done.returncode == 3, done.stderr  # the API is out of order
    assert len(served.runs("annual-assessment")) == before + 1


def test_an_analyst_starts_a_flow_on_prefects_page(served: Served) -> None:
    before = {run["id"] for run in served.runs("annual-assessment")}
    deployment = served.deployment("annual-assessment")
    assert (deployment["tags"], deployment["description"][:12]) == (["年度考核"], "读收件夹和各数据源、校验")
    asked: set[str] = set()
    with chromium() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(f"http://127.0.0.1:{served.port}/deployments")
        page.get_by_text("年度考核").wait_for()
        page.goto(f"http://127.0.0.1:{served.port}/deployments/deployment/{deployment['id']}/run")
        page.get_by_text("考核年度", exact=True).wait_for()
        page.locator("input[type=number]").first.fill("2023")
        page.get_by_role("button", name="Submit").click()
        (started,) = until(lambda: {run["id"] for run in served.runs("annual-assessment")} - before)
        served.ended(started)
        page.goto(f"http://127.0.0.1:{served.port}/runs/flow-run/{started}")
        page.get_by_text("Artifacts", exact=True).click()
        page.get_by_text("result-2023").wait_for()
    state = served.ask(f"/flow_runs/{started}")["state"]
    assert (state["type"], state["message"][:7]) == ("COMPLETED", "2023 年度")
    own = f"http://127.0.0.1:{served.port}/"
    assert {url for url in asked if not url.removeprefix("blob:").startswith(own)} == set()


def test_once_is_enough(served: Served) -> None:
    twice = kaohe("serve", "--home", served.home, "--port", served.port)
    assert (twice.returncode, twice.stdout) == (2, "")
    assert "已有一个 kaohe serve" in twice.stderr
    other = kaohe("serve", "--home", served.home.parent / "other", "--port", served.port)
    assert (other.returncode, other.stdout) == (2, "")
    assert f"端口 {served.port} 上已有一个 Prefect 服务" in other.stderr


def test_when_it_is_stopped_nothing_is_left(served: Served) -> None:
    assert any("kaohe.serving.child" in command for command in served.children)
    started = served.children
    assert served.stop() == 0
    assert served.said.splitlines()[-1] == "已停止。"
    assert not [name for name in started if name in _running()]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", served.port))
    assert served.in_history("select active from deployment_schedule") == [(1,)]
    assert not (served.home / "prefect" / "address").exists()


def test_after_nights_off_one_run_catches_up_behind_a_login(served: Served) -> None:
    """The machine was off for longer than Prefect had made runs in advance; and a run was broken off by that."""
    served.in_history("update deployment set created = '2020-01-01 00:00:00.000000'")
    served.in_history("delete from flow_run where auto_scheduled and state_type = 'SCHEDULED'")
    served.in_history("update flow_run set start_time = '2020-01-02 00:00:00.000000' where start_time is not null")
    (broken,) = served.in_history("select id from flow_run where deployment_id is not null and state_type = 'FAILED'")[
        0
    ]
    served.in_history("update flow_run set state_type = 'RUNNING', state_name = 'Running' where id = ?", broken)
    now = "select state_id from flow_run where id = ?"
    served.in_history(f"update flow_run_state set type = 'RUNNING', name = 'Running' where id = ({now})", broken)
    served.environment["PREFECT_SERVER_API_AUTH_STRING"] = served.login = LOGIN
    served.start("--host", "0.0.0.0")
    assert "补跑一次" in served.said
    (night,) = until(lambda: [run for run in served.runs("nightly") if run["start_time"] > "2021"])
    assert served.ended(night["id"])["state"]["type"] == "COMPLETED"
    assert served.ask(f"/flow_runs/{broken}")["state"]["type"] == "CRASHED"

    served.login = ""
    assert (served.status("/health"), served.status("/deployments/filter", {})) == (200, 401)
    served.login = "office:wrong"
    assert served.status("/deployments/filter", {}) == 401
    done = kaohe("run", "--year", 2023, "--home", served.home)
    assert done.returncode == 2
    assert "PREFECT_API_AUTH_STRING" in done.stderr
    assert LOGIN not in served.said + (served.home / "prefect" / "server.log").read_text("utf-8")


def test_when_the_server_dies_serve_ends_with_a_sentence(served: Served) -> None:
    (server,) = [
        pid for pid, command in _running_pids().items() if f"kaohe.serving.child 0.0.0.0 {served.port}" in command
    ]
    os.kill(server, signal.SIGKILL)
    assert served.process.wait(60) == 2
    assert "Prefect 服务意外退出" in served.said
    assert "server.log" in served.said


def test_a_run_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    write_csv(tmp_path / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室")))
    run = subprocess.Popen(
        [sys.executable, "-m", "kaohe", "run", "--year", "2023", "--inbox", "inbox", "--home", "home"],
        cwd=tmp_path, env=os.environ | {"PREFECT_API_URL": "", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        (server,) = until(lambda: [pid for pid, said in children(run.pid).items() if "--temporary" in said])
    finally:
        run.kill()
        run.wait()
    until(lambda: "--temporary" not in _running_pids().get(server, ""), seconds=30)


@pytest.mark.parametrize(
    ("host", "login", "said"),
    [
        pytest.param("0.0.0.0", "", "须先设登录口令", id="everybody, no login"),
        pytest.param("192.0.2.1", "nobody:", "须先设登录口令", id="an empty password"),
        pytest.param("192.0.2.1", LOGIN, "不能在 192.0.2.1", id="another machine's address"),
    ],
)
def test_other_addresses_need_a_login(tmp_path: Path, host: str, login: str, said: str) -> None:
    environment = {"PREFECT_SERVER_API_AUTH_STRING": login} if login else {}
    done = kaohe("serve", "--home", tmp_path, "--host", host, "--port", 4299, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def _running_pids() -> dict[int, str]:
    """The command lines of this machine's processes."""
    listed = subprocess.run(["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0]): line.split(None, 1)[1] for line in listed.splitlines()}


def _running() -> set[str]:
    return set(_running_pids().values())
