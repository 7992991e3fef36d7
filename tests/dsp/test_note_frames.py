"""Which notes sound together and which follow each other, whatever else the recording holds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.dsp.note_frames import SoundingNotes

A_NOTE = st.tuples(
    st.integers(0, 200),  # onset, in 20 ms
    st.integers(1, 60),  # length, in 20 ms
    st.integers(40, 52),
    st.integers(0, 5),
)


def notes_of(rows: list[tuple[int, int, int, int]]) -> SoundingNotes:
    rows = sorted(rows)
    onset_s = np.array([onset * 0.02 for onset, *_ in rows])
    return SoundingNotes(
        onset_s=onset_s,
        offset_s=onset_s + np.array([length * 0.02 for _, length, *_ in rows]),
        pitch=np.array([pitch for *_, pitch, _ in rows], dtype=np.int64),
        string=np.array([string for *_, string in rows], dtype=np.int64),
    )


@given(rows=st.lists(A_NOTE, min_size=1, max_size=30), data=st.data())
def test_what_is_heard_with_a_note_is_what_a_look_at_every_note_finds(
    rows: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    notes = notes_of(rows)
    i, but = (data.draw(st.integers(low, len(notes) - 1)) for low in (0, -1))
    start_s, end_s = float(notes.onset_s[i]), float(notes.offset_s[i])
    found = notes.heard_with(i, start_s, end_s, but=but).tolist()
    assert found == [
        j
        for j in range(len(notes))
        if notes.onset_s[j] < end_s
        and notes.offset_s[j] + 0.1 > start_s
        and notes.string[j] != notes.string[i]
        and j != but
    ]


@given(rows=st.lists(A_NOTE, min_size=2, max_size=30))
def test_the_note_before_is_found_behind_any_number_that_rang_out(
    rows: list[tuple[int, int, int, int]],
) -> None:
    later = notes_of([(onset + 2000, *rest) for onset, *rest in rows])
    early = notes_of([(onset, 1, 45, onset % 6) for onset in range(50)])
    both = SoundingNotes(
        onset_s=np.concatenate([early.onset_s, later.onset_s]),
        offset_s=np.concatenate([early.offset_s, later.offset_s]),
        pitch=np.concatenate([early.pitch, later.pitch]),
        string=np.concatenate([early.string, later.string]),
    )
    for i in range(len(later)):
        before = later.joined_before(i)
        assert both.joined_before(50 + i) == (before + 50 if before >= 0 else -1)


def test_a_note_that_rings_on_is_not_forgotten() -> None:
    notes = notes_of([(0, 60, 40, 0), *((n, 1, 45, 1) for n in range(2, 30)), (50, 5, 52, 2)])
    last = len(notes) - 1
    assert notes.heard_with(last, 1.0, 1.1).tolist() == [0]
    assert notes_of([(0, 10, 40, 3), (10, 10, 42, 3)]).joined_before(1) == 0
