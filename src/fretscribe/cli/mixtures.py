"""``fretscribe evaluate --protocol mixtures``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def mixtures_report(root: Path, data: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of guitars alone and among others.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    data : Path, optional
        Folder that holds ``samples``; by default the one that holds GuitarSet's.
    tell : callable
        Gets a line for each guitar.

    Raises
    ------
    FretscribeError
        If data are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.datasets.held_out import load_voices
    from fretscribe.evaluation.mixtures import all_solos, judge_solos, mixtures_markdown
    from fretscribe.evaluation.run import check_tracks

    dataset = open_guitarset(root)
    check_tracks(dataset, DEVELOPMENT_TRACKS)
    voices = load_voices((data or dataset.root.absolute().parent) / "samples")
    rows = judge_solos(all_solos(dataset, voices), progress=tell)
    given = "" if data is None else " --data DATA"
    return mixtures_markdown(rows, command=f"fretscribe evaluate ROOT --protocol mixtures{given}")
