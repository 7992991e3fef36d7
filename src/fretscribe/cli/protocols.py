"""The protocols of ``fretscribe evaluate --protocol``: which options each takes, and who writes its report.

Knows no measure. Neighbours: ``harmony``, ``rhythm``, ``tunings``, ``techniques``, ``personal``,
``mixtures``, ``held_out`` and ``ablation`` load what their report needs; ``evaluate`` is the command.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from fretscribe.errors import OptionError

Protocol = Literal[
    "leave-one-player-out",
    "pickup-to-microphone",
    "held-out-instruments",
    "ablation",
    "harmony",
    "tunings",
    "rhythm",
    "techniques",
    "personal",
    "mixtures",
]

HELD_OUT = "held-out-instruments"
"""Judges the whole route on rendered instruments; needs no folds."""

HARMONY = "harmony"
"""Judges keys and chords; needs no folds."""

TECHNIQUES = "techniques"
"""Judges the marks of techniques; needs no folds."""

TUNINGS = "tunings"
"""Judges the tunings that are heard; needs no folds."""

RHYTHM = "rhythm"
"""Judges beats and note values; its folds are models of beats."""

MIXTURES = "mixtures"
"""Judges what ``--separate auto`` goes by; needs no networks."""

PERSONAL = "personal"
"""Judges what a player's habits are worth; needs no folds."""

ABLATION = "ablation"
"""Judges the whole route as `HELD_OUT` does, but by folds as well."""


def check_protocol(protocol: Protocol, estimate: Path | None, folds: Path | None, data: Path | None) -> None:
    """Raise `OptionError` for options that a protocol cannot use, or lacks."""
    if protocol in (HELD_OUT, TECHNIQUES, MIXTURES):
        if folds is not None or estimate is not None:
            raise OptionError(f"{protocol} takes one folder and no --folds", mend="leave them out")
    elif protocol in (HARMONY, TUNINGS, PERSONAL):
        if folds is not None or estimate is not None or data is not None:
            raise OptionError(f"{protocol} takes one folder, no --folds and no --data", mend="leave them out")
    elif folds is None or estimate is not None:
        raise OptionError("the protocol needs --folds, and one folder")
    elif data is not None and protocol != ABLATION:
        raise OptionError(f"--data is for {HELD_OUT} and {ABLATION}", mend="leave it out")


def protocol_report(
    protocol: Protocol,
    reference: Path,
    folds: Path | None,
    data: Path | None,
    weights: Path | None,
    tell: Callable[[str], None],
) -> str:
    """The Markdown report of a protocol whose options `check_protocol` has passed.

    Raises
    ------
    FretscribeError
        If data, weights, folds or an extra are missing.
    """
    if protocol == HARMONY:
        from fretscribe.cli.harmony import harmony_report

        return harmony_report(reference, weights, tell)
    if protocol == TUNINGS:
        from fretscribe.cli.tunings import tunings_report

        return tunings_report(reference, weights, tell)
    if protocol == RHYTHM and folds is not None:
        from fretscribe.cli.rhythm import rhythm_report

        return rhythm_report(reference, folds, weights, tell)
    if protocol == PERSONAL:
        from fretscribe.cli.personal import personal_report

        return personal_report(reference, weights, tell)
    if protocol == TECHNIQUES:
        from fretscribe.cli.techniques import techniques_report

        return techniques_report(reference, data, weights, tell)
    if protocol == MIXTURES:
        from fretscribe.cli.mixtures import mixtures_report

        return mixtures_report(reference, data, tell)
    if protocol == HELD_OUT or folds is None:
        from fretscribe.cli.held_out import held_out_report

        return held_out_report(reference, data, weights, tell)
    if protocol == ABLATION:
        from fretscribe.cli.ablation import ablation_report

        return ablation_report(reference, folds, data, weights, tell)
    judge = _leave_one_player_out if protocol == "leave-one-player-out" else _pickup_to_microphone
    return judge(reference, folds, tell)


def _leave_one_player_out(arrays: Path, folds: Path, tell: Callable[[str], None]) -> str:
    """The report of the field's protocol over a folder of arrays."""
    from fretscribe.datasets.tab_examples import load_examples
    from fretscribe.evaluation.protocol import leave_one_player_out, protocol_markdown

    result = leave_one_player_out(load_examples(arrays), folds, progress=tell)
    return protocol_markdown(
        result, command="fretscribe evaluate ARRAYS --protocol leave-one-player-out --folds FOLDS"
    )


def _pickup_to_microphone(root: Path, folds: Path, tell: Callable[[str], None]) -> str:
    """The report of what is lost from a dataset's windows to its recordings."""
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.pickup_gap import gap_markdown, pickup_gap

    rows = pickup_gap(open_guitarset(root), folds, progress=tell)
    return gap_markdown(
        rows, command="fretscribe evaluate ROOT --protocol pickup-to-microphone --folds FOLDS"
    )
