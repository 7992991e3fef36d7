"""Bars as first heard, as the page of all jobs draws them while the rest is listened to.

Neighbours: ``pipeline.drafting`` hears them, ``job_queue`` tells them, ``page/draft.js`` draws them.
"""

from __future__ import annotations

from fretscribe.pipeline.drafting import Draft, DraftBar
from fretscribe.symbolic.fingering import EVENT_WINDOW_S
from fretscribe.tunings import tuning_name, tuning_text

_DIGITS = 3


def draft_data(draft: Draft) -> dict[str, object]:
    """A draft as JSON values.

    ``first`` and ``bars`` as in `Draft`; a bar's ``notes`` are ``[string, fret, place]`` with string 0 the
    lowest and the place in the bar 0..1. Notes that start together have one place.
    """
    return {
        "tuning": {
            "name": tuning_name(draft.tuning),
            "strings": tuning_text(draft.tuning).split(),
            "capo": draft.tuning.capo,
        },
        "first": draft.first,
        "bars": [_bar(bar) for bar in draft.bars],
    }


def _bar(bar: DraftBar) -> dict[str, object]:
    notes: list[list[float]] = []
    together_s = float("-inf")
    for placed in bar.notes:
        if placed.note.onset_s - together_s > EVENT_WINDOW_S:
            together_s = placed.note.onset_s
        place = (together_s - bar.start_s) / (bar.end_s - bar.start_s)
        within = round(min(max(place, 0.0), 1.0), _DIGITS)
        notes.append([placed.position.string, placed.position.fret, within])
    return {"start_s": round(bar.start_s, _DIGITS), "end_s": round(bar.end_s, _DIGITS), "notes": notes}
