"""The tables of ``evaluate --protocol personal``. Neighbours: ``personal``, ``personal_sound`` judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.metrics import NoteScores
from fretscribe.evaluation.personal import ALL, AMOUNTS, Judged, PersonalResult, of_players
from fretscribe.evaluation.personal_sound import N_CORRECTED, SoundRow
from fretscribe.symbolic.habits import HabitStrength

_STYLES: tuple[tuple[str, Style | None], ...] = (
    ("All tracks", None),
    ("Accompaniment", "comp"),
    ("Solos", "solo"),
)


def personal_markdown(
    result: PersonalResult, rows: Sequence[SoundRow], *, n_tracks: int, weights: str, command: str
) -> str:
    """The report.

    Parameters
    ----------
    result : PersonalResult
        From annotated notes.
    rows : sequence of SoundRow
        From the development recordings.
    n_tracks : int
        Annotated tracks that were judged.
    weights : str
        Names and checksums of the networks that heard the recordings.
    command : str
        What makes the report again.
    """
    lines = ["# Personal habits", "", *_introduction(n_tracks, command)]
    lines += ["", "## Criterion", "", _criterion(result)]
    for heading, style in _STYLES:
        if not of_players(result.rules, style):
            continue
        lines += ["", f"## {heading}, strings right given the notes", "", *_amounts(result, style)]
    lines += ["", "## Strength", "", *_strengths(result)]
    lines += ["", "## From sound", "", *_sound(rows, weights)]
    return "\n".join(lines) + "\n"


def _introduction(n_tracks: int, command: str) -> list[str]:
    return [
        f"Share of GuitarSet's annotated notes ({n_tracks} tracks, none of the development recordings) that",
        "fingering puts on the right string when it is given onsets, offsets and pitches, and no sound. A",
        "player's habits are learned from two of the three chord progressions of each style, in both tempi,",
        "as accompaniment and as solo, and judged on the third. Their strength is chosen on the other",
        "players. Fewer notes: the first ones of these tracks in an order drawn once.",
        "",
        "```",
        command,
        "```",
    ]


def _criterion(result: PersonalResult) -> str:
    before, after = of_players(result.rules), of_players(result.by_amount[ALL])
    raised = [player for player in before if after[player] > before[player]]
    reached = "reached" if len(raised) == len(before) else "not reached"
    told = ", ".join(f"{player} {before[player]:.3f} to {after[player]:.3f}" for player in before)
    return f"- Habits raise strings given the notes for every player: {reached} ({told})"


def _amounts(result: PersonalResult, style: Style | None) -> list[str]:
    columns: dict[str, Judged] = {"rules": result.rules}
    columns |= {_amount(n): result.by_amount[n] for n in AMOUNTS}
    columns["all, of other players"] = result.others
    shares = {name: of_players(judged, style) for name, judged in columns.items()}
    lines = [_line(["player", *columns]), _line(["---", *["--:"] * len(columns)])]
    players = shares["rules"]
    lines += [_line([player, *(f"{of[player]:.3f}" for of in shares.values())]) for player in players]
    lines.append(_line(["**mean**", *(f"{np.mean(list(of.values())):.3f}" for of in shares.values())]))
    return lines


def _amount(n: int) -> str:
    return "all notes" if n == ALL else f"{n} notes"


def _strengths(result: PersonalResult) -> list[str]:
    lines = [
        "Mean over players; the choice is by the mean of both columns. "
        + "; ".join(f"without {p}: {_strength(s)}" for p, s in result.chosen.items())
        + f"; by all: {_strength(result.best)}.",
        "",
    ]
    amounts = list(next(iter(result.tried.values())))
    lines += [_line(["weight / notes", *map(_amount, amounts)]), _line(["---", *["--:"] * len(amounts)])]
    for strength, judged in result.tried.items():
        lines.append(_line([_strength(strength), *(_mean(judged, n) for n in amounts)]))
    return lines


def _mean(judged: Mapping[int, Judged], amount: int) -> str:
    return f"{np.mean(list(of_players(judged[amount]).values())):.3f}"


def _strength(strength: HabitStrength) -> str:
    return f"{strength.weight:g} / {strength.place_notes:g}"


def _sound(rows: Sequence[SoundRow], weights: str) -> list[str]:
    lines = [
        f"The whole route hears one development recording; its {N_CORRECTED} least sure notes are corrected",
        "as the truth has them (moved, changed, deleted, or accepted), or the whole tab is; then the same",
        "player's other recordings are transcribed with what that taught. Note-level tab F1, and the share",
        "of found notes on the right string.",
        "",
        f"- weights: {weights}",
        "",
    ]
    head = ["corrected", "judged", "wrong of them", "before", f"after {N_CORRECTED} notes", "after all"]
    lines += [_line(head), _line(["---", "---", *["--:"] * 4])]
    for row in rows:
        cells = [row.corrected, row.judged, str(row.n_changed)]
        lines.append(_line([*cells, *map(_scores, (row.before, row.after_some, row.after_all))]))
    return lines


def _scores(scores: NoteScores) -> str:
    return f"{scores.tab.f1:.3f}, {scores.string_accuracy:.3f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
