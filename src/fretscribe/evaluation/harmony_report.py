"""The tables of ``fretscribe evaluate --protocol harmony``. Neighbour: ``harmony`` judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fretscribe.evaluation.harmony import FIFTH, RELATIVE, RIGHT, TUNED_ON, HarmonyRow
from fretscribe.symbols import key_name

TARGET_MAJMIN, TARGET_KEY = 0.70, 0.80
"""What accompaniments should reach in majmin; the share of tracks whose key should be near."""

_HEAD = ("tracks", "root", "majmin", "sevenths", "mirex", "key score", "right", "fifth", "relative", "near")


def harmony_markdown(
    by_notes: Sequence[HarmonyRow], by_sound: Sequence[HarmonyRow], *, weights: str, command: str
) -> str:
    """The report.

    Parameters
    ----------
    by_notes : sequence of HarmonyRow
        From annotated notes.
    by_sound : sequence of HarmonyRow
        From the development recordings.
    weights : str
        Names and checksums of the networks that heard them.
    command : str
        What makes the report again.
    """
    lines = ["# Harmony", "", *_introduction(weights, command)]
    lines += ["", "## From annotated notes", "", *_means(by_notes)]
    lines += ["", "## Criteria", "", *_criteria(by_notes)]
    if by_sound:
        lines += ["", "## From the sound of the development recordings", ""]
        lines += [
            "Notes, beats and downbeats as the whole route finds them, chords and key by the built-in model.",
            "",
            *_means(by_sound, by_player=False),
            "",
            *_tracks(by_sound),
        ]
    lines += ["", "## Every track, from annotated notes", "", *_tracks(by_notes)]
    return "\n".join(lines) + "\n"


def _introduction(weights: str, command: str) -> list[str]:
    return [
        "GuitarSet's performed chords and its keys against those found. Chord measures are mir_eval's:",
        "shares of the time that a measure's vocabulary can say, mean over tracks. Key score: 1 right, .5 a",
        "fifth above, .3 relative, .2 parallel; near: right, fifth or relative. The model's counts leave out",
        f"the judged player; its other numbers were chosen on players {', '.join(TUNED_ON)}. All players",
        "play the same lead sheets, and all chords of GuitarSet change on downbeats. A solo is a single line",
        "for the most part: where no chord sounds none is written, and the annotation never says so.",
        "",
        "```",
        command,
        "```",
        "",
        f"- weights: {weights}",
    ]


def _means(rows: Sequence[HarmonyRow], *, by_player: bool = True) -> list[str]:
    lines = [_line(["", *_HEAD]), _line(["---", *["--:"] * len(_HEAD)])]
    for style in ("comp", "solo"):
        own = [row for row in rows if row.style == style]
        if not own:
            continue
        if by_player:
            lines += _by_player(style, own)
        lines.append(_mean_line(f"**{style}**", own))
    lines.append(_mean_line("**all**", rows))
    return lines


def _by_player(style: str, rows: Sequence[HarmonyRow]) -> list[str]:
    players = sorted({row.player for row in rows})
    lines = [_mean_line(f"{style}, player {p}", [r for r in rows if r.player == p]) for p in players]
    new = [row for row in rows if row.player not in TUNED_ON]
    return [*lines, _mean_line(f"{style}, players not chosen on", new)] if 0 < len(new) < len(rows) else lines


def _mean_line(name: str, rows: Sequence[HarmonyRow]) -> str:
    shares = [sum(row.key_score == score for row in rows) / len(rows) for score in (RIGHT, FIFTH, RELATIVE)]
    cells = [name, str(len(rows)), *(_mean(rows, of) for of in _MEASURES)]
    cells += [f"{np.mean([row.key_score for row in rows]):.3f}"]
    cells += [f"{share:.0%}" for share in (*shares, _near(rows))]
    return _line(cells)


_MEASURES: tuple[Callable[[HarmonyRow], float | None], ...] = (
    lambda row: row.chords.root,
    lambda row: row.chords.majmin,
    lambda row: row.chords.sevenths,
    lambda row: row.chords.mirex,
)


def _mean(rows: Sequence[HarmonyRow], of: Callable[[HarmonyRow], float | None]) -> str:
    values = [value for value in map(of, rows) if value is not None]
    return f"{np.mean(values):.3f}" if values else "—"


def _near(rows: Sequence[HarmonyRow]) -> float:
    return sum(row.key_is_near for row in rows) / len(rows)


def _criteria(rows: Sequence[HarmonyRow]) -> list[str]:
    comping = [row.chords.majmin for row in rows if row.style == "comp" and row.chords.majmin is not None]
    lines = []
    if comping:
        mean = float(np.mean(comping))
        lines.append(
            f"- majmin of the accompaniments at least {TARGET_MAJMIN:.2f}: {mean:.3f}, "
            f"{_verdict(mean >= TARGET_MAJMIN)}"
        )
    lines.append(
        f"- key right, a fifth off or relative on at least {TARGET_KEY:.0%} of tracks: {_near(rows):.0%}, "
        f"{_verdict(_near(rows) >= TARGET_KEY)}"
    )
    return lines


def _verdict(reached: bool) -> str:
    return "reached" if reached else "not reached"


def _tracks(rows: Sequence[HarmonyRow]) -> list[str]:
    head = ["track", "root", "majmin", "sevenths", "mirex", "chords found / true", "key", "true key"]
    lines = [_line(head), _line(["---", *["--:"] * 5, "---", "---"])]
    for row in sorted(rows, key=lambda row: row.track_id):
        scores = ["—" if (value := of(row)) is None else f"{value:.2f}" for of in _MEASURES]
        key = "none" if row.key is None else key_name(row.key)
        numbers = f"{row.n_chords} / {row.n_true}"
        lines.append(_line([row.track_id, *scores, numbers, key, key_name(row.true_key)]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
