"""Saves an artist's tabs with a real browser: the same as ``fretscribe collect ug``.

    python browser_ug_extractor.py --artist "Killswitch Engage" --headless

What it does and what a site's terms mean for you: docs/collect.md.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command and return its exit code."""
    try:
        from fretscribe.cli.__main__ import run
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error}: install fretscribe first: pip install '.[collect]'\n")
        return 1
    return run(["collect", "ug", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
