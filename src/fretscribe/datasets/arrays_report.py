"""What is in training arrays, in words for a terminal: shapes, ranges, balance, sources, a few notes.

Computes nothing that ``arrays_check`` has not counted. Neighbour: ``cli.data`` prints it.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from fretscribe.datasets.arrays_check import SplitCheck
from fretscribe.datasets.arrays_info import ArraysInfo

_FRET_GROUPS = (("0", 0, 0), ("1-4", 1, 4), ("5-9", 5, 9), ("10-14", 10, 14), ("15-20", 15, 20))
_N_NOTES = 8
_MOST_LISTED = 30


def report_lines(check: SplitCheck) -> list[str]:
    """The report of a split, a line each."""
    info = check.info
    hours = info.n_samples * info.timesteps * info.time_step_s / 3600
    return [
        f"{check.split}: {info.n_samples} samples of {info.timesteps} frames, one every"
        f" {1000 * info.time_step_s:.3f} ms ({info.hop_length}/{info.sample_rate} s),"
        f" from {info.start_s:g} s, {hours:.2f} h with padding",
        f"  tuning {' '.join(map(str, info.open_pitches))}, encoding {info.encoding}, seed {info.seed}",
        *_ranges(check),
        f"  valid frames {100 * check.valid_share:.1f} %, notes above fret 20: {info.n_above_fret_20}",
        *_balance(check),
        *_counts(info),
        *_predictions(info),
        *_notes(check),
    ]


def _ranges(check: SplitCheck) -> list[str]:
    inner = {"X_spec": "128", "X_win": "96, 9", "X_lstm": "126", "y_lstm": "126"}
    return [
        f"  {stem}_{check.split}.npy ({check.info.n_samples}, {check.info.timesteps}, {inner[stem]}) float32,"
        f" valid frames {values.low:.4g} to {values.high:.4g}, mean {values.mean:.4g}"
        for stem, values in sorted(check.ranges.items())
    ]


def _balance(check: SplitCheck) -> list[str]:
    cells = check.cells
    n_frames = max(1, int(cells[0].sum()))
    sounding = cells[:, 1:]
    total = max(1, int(sounding.sum()))
    strings = ", ".join(
        f"{string} {100 * int(row.sum()) / n_frames:.1f} %" for string, row in enumerate(sounding)
    )
    groups = ", ".join(
        f"{name} {100 * int(sounding[:, low : high + 1].sum()) / total:.1f} %"
        for name, low, high in _FRET_GROUPS
    )
    silent = 100 * int(cells[:, 0].sum()) / max(1, int(cells.sum()))
    return [
        f"  silent string frames {silent:.1f} %",
        f"  sounding, by string (0 = lowest): {strings}",
        f"  sounding, by fret: {groups}",
    ]


def _counts(info: ArraysInfo) -> list[str]:
    lines = []
    for title, key in (("source", "source"), ("player", "player"), ("style", "style")):
        frames: Counter[str] = Counter()
        samples: Counter[str] = Counter()
        tracks: dict[str, set[str]] = {}
        for sample in info.samples:
            name = str(getattr(sample, key)) or "(none)"
            frames[name] += sample.n_frames
            samples[name] += 1
            tracks.setdefault(name, set()).add(sample.track)
        lines += [
            f"  {title} {name}: {len(tracks[name])} tracks, {samples[name]} samples, {frames[name]} frames"
            for name in sorted(frames)[:_MOST_LISTED]
        ]
        if len(frames) > _MOST_LISTED:
            lines.append(f"  and {len(frames) - _MOST_LISTED} more by {title}")
    return lines


def _predictions(info: ArraysInfo) -> list[str]:
    if not info.x_lstm:
        return ["  no predictions (X_lstm)"]
    seen = info.x_lstm.get("seen_player")
    line = f"  predictions made by {info.x_lstm.get('made_by', 'unknown')}"
    if isinstance(seen, dict) and seen:
        line += f", which had seen the player of {sum(map(bool, seen.values()))} of {len(seen)} tracks"
    return [line]


def _notes(check: SplitCheck) -> list[str]:
    """The first notes of the first sample that has any."""
    frets = check.first_sample
    if not len(frets):
        return ["  no notes"]
    sample = check.info.samples[check.first_sample_index]
    silent = np.full((1, frets.shape[1]), -1, dtype=np.int8)
    changes = np.argwhere(np.diff(np.concatenate([silent, frets]), axis=0) != 0)
    grid = check.info.grid(0)
    lines = [f"  first notes of {sample.track}:"]
    for frame, string in changes[(frets[changes[:, 0], changes[:, 1]] >= 0)][:_N_NOTES].tolist():
        time_s = grid.time_s(sample.start_frame + frame)
        lines.append(f"    {time_s:8.3f} s  string {string}  fret {frets[frame, string]}")
    return lines
