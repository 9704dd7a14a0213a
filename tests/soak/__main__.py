"""Choose a proof by its name."""

import argparse
import os
import sys

from tests.soak import killed, nights, power, readers, serving

PROOFS = {"kills": killed, "power": power, "readers": readers, "nights": nights, "serving": serving}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    proofs = parser.add_subparsers(dest="proof", required=True)
    for name, module in PROOFS.items():
        module.options(proofs.add_parser(name, help=(module.__doc__ or "").splitlines()[0]))
    asked = parser.parse_args()
    return int(PROOFS[asked.proof].main(asked))


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # DuckDB's binding prints a page of what the interpreter did not free
