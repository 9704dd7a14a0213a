"""What commands cost: ``python benchmarks/startup.py HOME`` prints the processors' seconds of each, the best of five.
HOME holds a publication of the sample (``kaohe run --inbox data/sample --year 2023 --home HOME``)."""

import resource
import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
REGISTRY = SAMPLE / "名册" / "单位名册2023.xlsx"
COMMANDS = (
    ("--help",), ("--version",), ("status",), ("systems",), ("explain", "水务中心"),
    ("check", SAMPLE / "考核" / "更正单.xlsx", "--registry", REGISTRY),
    ("template", "honor", "--out", "{out}", "--force"),
    ("alerts",), ("history", "--year", "2023"), ("audit", "verify"), ("robustness",), ("doctor",),
)  # fmt: skip
#: Those that look at no home.
HOMELESS = ("--help", "--version", "check")


def cpu(command: list[str]) -> float:
    """The processors' seconds of a command. 4: it was done, and says that the sample's nights are over."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1, 4):
        raise SystemExit(f"{command}: {done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    home = Path(sys.argv[1])
    print("| command | CPU, s |\n|---|---:|")
    for name, *words in COMMANDS:
        given = [str(word).format(out=home / "templates") for word in words]
        where = [] if name in HOMELESS else ["--home", str(home)]
        command = [sys.executable, "-m", "kaohe", name, *given, *where]
        said = " ".join([name, *("FILE" if isinstance(word, Path) else word.format(out="DIR") for word in words)])
        print(f"| `kaohe {said}` | {min(cpu(command) for _ in range(5)):.2f} |", flush=True)


if __name__ == "__main__":
    main()
