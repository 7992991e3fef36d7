"""``python -m fuzz``: every reader on as many wrong files as asked for; a finding is kept and ends it with 1.

Neighbours: ``readers`` has the readers, ``runner`` reads, ``report`` keeps the count.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fuzz.readers import READERS
from fuzz.report import Row, update
from fuzz.runner import fuzz, save

_AT_ONCE = 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description="Give the readers wrong files.")
    parser.add_argument("--inputs", type=int, default=2000, help="for each reader")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each reader, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("findings"), help="folder for what is found")
    parser.add_argument("--report", type=Path, help="a report whose table takes the counts")
    parser.add_argument("readers", nargs="*", default=list(READERS), help=f"of {', '.join(READERS)}")
    options = parser.parse_args()
    rows = []
    for name in options.readers:
        begin = time.monotonic()
        rows.append(_run(name, options.inputs, options.seconds, options.seed, options.out))
        row, took = rows[-1], time.monotonic() - begin
        sys.stdout.write(f"{name:14} {row.n_inputs:8} inputs, {row.n_read:8} of them read, {took:6.1f} s\n")
        sys.stdout.flush()
        if options.report is not None:
            update(options.report, rows)
    n_found = sum(row.n_found for row in rows)
    sys.stdout.write(f"{sum(row.n_inputs for row in rows)} inputs, {n_found} findings\n")
    return 1 if n_found else 0


def _run(name: str, n_wanted: int, seconds: float, seed: int, out: Path) -> Row:
    """A reader by the thousand (each with a seed of its own), until it had enough or something was found."""
    until_s, n_inputs, n_read, n_found = time.monotonic() + seconds, 0, 0, 0
    while n_inputs < n_wanted and not n_found and (n_inputs == 0 or time.monotonic() < until_s):
        n_next = min(_AT_ONCE, n_wanted - n_inputs)
        part = seed * 1_000_000 + n_inputs // _AT_ONCE
        run = fuzz(READERS[name], n_next, seed=part, until_s=until_s)
        n_inputs, n_read, n_found = n_inputs + run.n_inputs, n_read + run.n_read, len(run.findings)
        for finding in run.findings:
            path = save(finding, name, out)
            sys.stdout.write(f"  {path}: {finding.what.splitlines()[-1]}\n")
    return Row(reader=name, n_inputs=n_inputs, n_read=n_read, n_found=n_found, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
