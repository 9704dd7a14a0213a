"""Write the sample and the page about it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # `python data/make_sample` puts this folder first, where the package is not found

import argparse  # noqa: E402
import shutil  # noqa: E402

import make_sample  # noqa: E402


def main() -> None:
    """Write both, in the place of what was there."""
    parser = argparse.ArgumentParser(prog="make_sample", description="Write the made-up bureau.")
    parser.add_argument("--seed", type=int, default=make_sample.SEED)
    sample = HERE.parent / "sample"
    parser.add_argument("--out", type=Path, default=sample)
    parser.add_argument("--doc", type=Path, default=HERE.parent.parent / "docs" / "sample.md")
    args = parser.parse_args()
    truth = make_sample.build(args.seed)
    if args.out == sample:  # files of an earlier generator go
        shutil.rmtree(sample, ignore_errors=True)
    written = make_sample.write(truth, args.out)
    args.doc.parent.mkdir(parents=True, exist_ok=True)
    args.doc.write_text(make_sample.describe(truth), encoding="utf-8")
    print(f"{len(written)} files, {sum(make_sample.expected(truth).records_in.values())} records")


if __name__ == "__main__":
    main()
