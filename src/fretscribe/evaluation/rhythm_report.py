"""The report of ``fretscribe evaluate --protocol rhythm``: means, criteria, then every track.

Neighbours: ``rhythm`` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fretscribe.evaluation.rhythm import JUDGED_PLAYERS, SEED, RhythmRow, RhythmScores

TARGETS = {"heard": 0.75, "annotated": 0.85}
"""Mean beat F-measure that should be reached."""
TARGET_SIXTEENTHS = 0.80
LearnedFrom = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Player -> whom the weights, and whom the network, had learned from that judged that player."""
_COLUMNS = ("beat F", "downbeat F", "tempo within 4 %", "or its octave", "right sixteenth", "4/4")


def rhythm_markdown(
    rows: Sequence[RhythmRow], *, learned_from: LearnedFrom, weights: str, command: str
) -> str:
    """The report.

    Parameters
    ----------
    rows : sequence of RhythmRow
    learned_from : LearnedFrom
    weights : str
        The networks that heard the notes.
    command : str
        What makes the report again.
    """
    lines = ["# Rhythm", "", *_introduction(learned_from, weights, command), "", *_means(rows)]
    lines += ["", "## Criteria", "", *_criteria(rows)]
    for source, title in (
        ("heard", "From the notes that the model hears"),
        ("annotated", "From annotated notes"),
    ):
        of_source = [row for row in rows if row.source == source]
        if of_source:
            lines += ["", f"## {title}", "", *_track_table(of_source)]
    return "\n".join(lines) + "\n"


def _introduction(learned_from: LearnedFrom, weights: str, command: str) -> list[str]:
    learned = "; ".join(
        f"{player} by {', '.join(of_model)} (the network by {', '.join(of_net)})"
        for player, (of_model, of_net) in learned_from.items()
    )
    return [
        "Excerpts of GuitarSet, cut at random (up to a quarter off either end) and bent in tempo by a",
        "smooth random curve of up to 8 %: nothing starts at zero or keeps the click. For the tracker,",
        "which sees only notes, bending notes and beats is the same as bending the sound; notes are heard",
        "in the recordings as they are. Truth: GuitarSet's beats. Beat F: within 70 ms, nothing trimmed.",
        "Tempo: medians. Right sixteenth: the beat that a note is given to lies within 70 ms of a true",
        "one, and the written place in it, rounded to a sixteenth, is the played one on the true beats.",
        "All excerpts are in 4/4; where 6/8 is found, its dotted quarters are the beats. Bar line given:",
        "the same beats as from the annotated notes, moved so that a bar begins with one note that stands",
        "on a true downbeat, as `--downbeat` and the studio do.",
        "",
        "```",
        command,
        "```",
        "",
        f"- seed {SEED}; annotated: 30 comping and 30 solo tracks of players {', '.join(JUDGED_PLAYERS)}",
        f"- players, each judged by models learned from others: {learned}"
        " (`fretscribe train beats ROOT --players OTHERS --out FOLDS/beats-PLAYER.json`,"
        " `fretscribe train beat-net ROOT --players OTHERS --out FOLDS/beat_net-PLAYER.npz`)",
        f"- weights: {weights}",
    ]


def _means(rows: Sequence[RhythmRow]) -> list[str]:
    lines = [
        _line(["notes", "tracks", "n", *_COLUMNS]),
        _line(["---", "---"] + ["--:"] * (len(_COLUMNS) + 1)),
    ]
    for source in dict.fromkeys(row.source for row in rows):
        for style in ("comp", "solo", "all"):
            chosen = [r.scores for r in rows if r.source == source and style in (r.style, "all")]
            if chosen:
                lines.append(_line([source, style, str(len(chosen)), *_mean_cells(chosen)]))
    for player in sorted({row.track_id[:2] for row in rows if row.source == "annotated"}):
        chosen = [r.scores for r in rows if r.source == "annotated" and r.track_id.startswith(player)]
        lines.append(_line(["annotated", f"player {player}", str(len(chosen)), *_mean_cells(chosen)]))
    return lines


def _mean_cells(scores: Sequence[RhythmScores]) -> list[str]:
    def mean(of: Callable[[RhythmScores], float]) -> str:
        return f"{float(np.mean([of(s) for s in scores])):.3f}"

    return [
        mean(lambda s: s.beat_f),
        mean(lambda s: s.downbeat_f),
        mean(lambda s: s.tempo_right),
        mean(lambda s: s.tempo_right_but_octave),
        mean(lambda s: s.sixteenths),
        mean(lambda s: s.meter == "4/4"),
    ]


def _criteria(rows: Sequence[RhythmRow]) -> list[str]:
    lines = []
    for source, target in TARGETS.items():
        chosen = [r.scores for r in rows if r.source == source]
        if not chosen:
            continue
        of_tracks = np.array([s.beat_f for s in chosen])
        beat_f, spread = float(of_tracks.mean()), float(of_tracks.std() / np.sqrt(len(of_tracks)))
        lines.append(
            f"- {source} notes, beat F of at least {target:.2f}: {beat_f:.3f}"
            f" (standard error over tracks {spread:.3f}), {_told(beat_f >= target)}"
        )
        if source == "heard":
            n_right = sum(s.tempo_right_but_octave for s in chosen)
            told = _told(n_right == len(chosen))
            lines.append(
                f"- heard notes, tempo within 4 % or its octave on all: {n_right} of {len(chosen)}, {told}"
            )
        else:
            share = float(np.mean([s.sixteenths for s in chosen]))
            told = _told(share >= TARGET_SIXTEENTHS)
            lines.append(
                f"- annotated notes, right sixteenth of at least {TARGET_SIXTEENTHS:.2f}: {share:.3f}, {told}"
            )
    return lines


def _told(reached: bool) -> str:
    return "reached" if reached else "**not reached**"


def _track_table(rows: Sequence[RhythmRow]) -> list[str]:
    head = ["track", "beat F", "downbeat F", "tempo", "found", "right sixteenth", "metre"]
    lines = [_line(head), _line(["---"] + ["--:"] * 5 + ["---"])]
    for row in rows:
        s = row.scores
        found = f"{s.found_bpm:.1f}"
        if not s.tempo_right:
            found += " (octave)" if s.tempo_right_but_octave else " (wrong)"
        cells = [row.track_id, f"{s.beat_f:.3f}", f"{s.downbeat_f:.3f}", f"{s.true_bpm:.1f}", found]
        lines.append(_line([*cells, f"{s.sixteenths:.3f}", s.meter]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
