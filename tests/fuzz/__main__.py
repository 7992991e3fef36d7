"""``python -m fuzz``: every reader on as many wrong files as asked for; a finding is kept and ends it with 1.

Neighbours: ``readers`` has the readers, ``runner`` reads.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fuzz.readers import READERS
from fuzz.runner import fuzz, save


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description="Give the readers wrong files.")
    parser.add_argument("--inputs", type=int, default=2000, help="for each reader")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="for each reader, at most (after each thousand)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("findings"), help="folder for what is found")
    parser.add_argument("readers", nargs="*", default=list(READERS), help=f"of {', '.join(READERS)}")
    options = parser.parse_args()
    n_found = n_all = 0
    for name in options.readers:
        begin, n_inputs, n_read, part = time.monotonic(), 0, 0, 0
        while n_inputs < options.inputs and time.monotonic() - begin < options.seconds:
            run = fuzz(
                READERS[name], min(1000, options.inputs - n_inputs), seed=options.seed * 1_000_000 + part
            )
            n_inputs, n_read, part = n_inputs + run.n_inputs, n_read + run.n_read, part + 1
            for finding in run.findings:
                path = save(finding, name, options.out)
                sys.stdout.write(f"  {path}: {finding.what.splitlines()[-1]}\n")
            n_found += len(run.findings)
            if run.findings:
                break
        n_all += n_inputs
        took = time.monotonic() - begin
        sys.stdout.write(f"{name:12} {n_inputs:8} inputs, {n_read:8} of them read, {took:6.1f} s\n")
        sys.stdout.flush()
    sys.stdout.write(f"{n_all} inputs, {n_found} findings\n")
    return 1 if n_found else 0


if __name__ == "__main__":
    sys.exit(main())
