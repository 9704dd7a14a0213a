"""``pip install .`` gives a command that works away from the checkout, with all that it needs."""

import csv
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

from tests.helpers import ROOT, SAMPLE, registry, write_csv

#: What is carried along beside the two packages; everything else of the checkout is for those who work on it.
CARRIED = ("sql", "expectations", "data/sample", "data/schemes", "data/templates", "data/schedule.yml",
           "data/work_plan.csv", "data/delivery.example.yml", "data/sources.example.yml")  # fmt: skip
#: Of the sample's units, those that a test has time for.
FEW = registry(
    ("J01", "浦东新区生态环境局办公室", "机关处室"),
    ("D01", "浦东新区水务管理事务中心", "基层单位"),
    ("D02", "浦东新区水闸管理所", "基层单位"),
)


class Installed:
    """The program in an environment of its own that sees the libraries of this one, but not the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.away = folder / "venv", folder / "away"
        self.away.mkdir()
        venv.create(self.folder, symlinks=os.name == "posix")
        self.programs = self.folder / ("bin" if os.name == "posix" else "Scripts")
        (self.packages,) = self.folder.rglob("site-packages")
        libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        # Only the folder named here is looked into: its own .pth files, which lead to the checkout, are not read.
        (self.packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KAOHE"))
        }
        options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
        python = str(self.programs / "python")
        pip = [
            getattr(sys, "_base_executable", sys.executable),
            "-m",
            "pip",
            "--python",
            python,
        ]  # as the Makefile does
        subprocess.run([*pip, "install", *options, str(ROOT)], check=True, env=self.environment, timeout=300)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """A program of the environment, from a folder that is empty but for what it wrote itself."""
        program, *words = map(str, arguments)
        return subprocess.run(
            [str(self.programs / program), *words], capture_output=True, text=True, encoding="utf-8", check=False,
            cwd=self.away, env=self.environment, timeout=300,
        )  # fmt: skip

    def kaohe(self, *arguments: object) -> str:
        """What the command says on standard output; it succeeds."""
        done = self.run("kaohe", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


def files_of(*folders: str) -> set[str]:
    """The files of the checkout below folders, without what Python makes."""
    paths = [
        path
        for folder in folders
        for path in ((ROOT / folder).rglob("*") if (ROOT / folder).is_dir() else [ROOT / folder])
    ]
    return {path.relative_to(ROOT).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def test_every_file_is_carried_along(installed: Installed) -> None:
    (record,) = installed.packages.glob("kaohe-*.dist-info/RECORD")
    with record.open(encoding="utf-8", newline="") as file:
        there = {
            name for name, *_ in csv.reader(file) if name.startswith(("kaohe/", "flows/")) and "__pycache__" not in name
        }
    wanted = files_of("kaohe", "flows") | {f"kaohe/share/{name}" for name in files_of(*CARRIED)}
    assert there == wanted


def test_it_runs_from_an_empty_folder(installed: Installed) -> None:
    assert installed.kaohe("--version").startswith("kaohe ")
    installed.kaohe("sample", "inbox")
    written = {path.relative_to(installed.away / "inbox").as_posix() for path in (installed.away / "inbox").rglob("*")}
    assert written == {path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*")}
    for folder in (installed.away / "inbox").iterdir():
        if folder.name != "抽查":
            shutil.rmtree(folder)
    write_csv(installed.away / "inbox" / "名册.csv", FEW)
    said = installed.kaohe("run", "--inbox", "inbox", "--year", 2023, "--as-of", "2024-03-31")
    assert "基层单位（2）" in said
    (page,) = (installed.away / "data" / "published").glob("2023/*/leadership/index.html")
    assert "水务" in page.read_text(encoding="utf-8")
    assert "抽查" in installed.kaohe("explain", "D01")
    assert len(json.loads(installed.kaohe("systems", "--format", "json"))) == 31
    assert installed.kaohe("template", "all", "--out", "blank").count(".xlsx") == len(files_of("expectations"))
    assert "名册.csv" in installed.kaohe("check", "inbox/名册.csv")


def test_where_it_is_installed_its_flows_can_be_deployed(installed: Installed) -> None:
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    modules, names = zip(*(each["entrypoint"].rsplit(".", 1) for each in declared), strict=True)
    look = "import importlib.util as i, sys; print(*(i.find_spec(name).origin for name in sys.argv[1:]), sep='\\n')"
    found = installed.run("python", "-c", look, *modules)
    for path, name in zip(found.stdout.splitlines(), names, strict=True):
        assert Path(path).is_relative_to(installed.packages)
        assert f"def {name}(" in Path(path).read_text(encoding="utf-8")
