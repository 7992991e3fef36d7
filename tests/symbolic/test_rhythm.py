import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import OptionError
from fretscribe.music import STANDARD_TUNING, BeatGrid, Note, Position, TabNote
from fretscribe.symbolic.beats import Bar, BarsFound
from fretscribe.symbolic.onsets import find_onsets
from fretscribe.symbolic.rhythm import (
    _counted_in_sixes,
    parse_meter,
    quantize,
    swing_ratio,
    track_beats,
    with_bar_at,
)


def song(bpm, n_bars=8, beats_per_bar=4, start_s=0.5, drift=0.0):
    """Bass on one, chords on every beat, a melody note between; tempo times (1 + drift) at the end."""
    notes = []
    time_s, n_beats = start_s, n_bars * beats_per_bar
    beats = []
    for beat in range(n_beats):
        step = 60.0 / (bpm * (1.0 + drift * beat / n_beats))
        root = (40, 45, 43, 48)[beat // beats_per_bar % 4]
        pitches = [root, root + 7, root + 12] if beat % beats_per_bar == 0 else [root + 12, root + 16]
        notes += [Note(onset_s=time_s, offset_s=time_s + 0.9 * step, pitch=p) for p in pitches]
        if beat % 2:
            notes.append(Note(onset_s=time_s + step / 2, offset_s=time_s + step, pitch=root + 19))
        beats.append(time_s)
        time_s += step
    return notes, np.array(beats)


def tab_note(onset_s, offset_s, string=0, fret=0):
    position = Position(string=string, fret=fret)
    note = Note(onset_s=onset_s, offset_s=offset_s, pitch=STANDARD_TUNING.pitch(position))
    return TabNote(note=note, position=position)


def nearest_distance(found, wanted):
    return np.abs(found[None, :] - wanted[:, None]).min(axis=1)


@pytest.mark.parametrize("bpm", [72, 96, 120, 150])
@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_a_steady_song_is_followed_and_its_bars_found(bpm, beats_per_bar):
    notes, beats = song(bpm, beats_per_bar=beats_per_bar)
    grid = track_beats(notes, beats[-1] + 1.0, beats_per_bar=beats_per_bar)
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.02)
    assert nearest_distance(np.array(grid.beat_times_s), beats).max() < 0.03
    bars = np.array([grid.beat_times_s[i] for i in grid.downbeats])
    assert nearest_distance(bars, beats[::beats_per_bar]).max() < 0.03


@pytest.mark.parametrize("bpm", [84, 90, 108, 120, 138])
def test_a_plain_chord_on_every_beat_is_no_off_beat(bpm):
    beats = 0.5 + 60.0 / bpm * np.arange(40)
    notes = [
        Note(onset_s=t, offset_s=t + 48.0 / bpm, pitch=pitch)
        for i, t in enumerate(beats)
        for pitch in ((40, 47) if i % 4 == 0 else (52, 56, 59))
    ]
    grid = track_beats(notes, float(beats[-1]) + 1.0)
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.02)
    assert nearest_distance(np.array(grid.beat_times_s), beats).max() < 0.03


@pytest.mark.parametrize("bpm", [80, 100, 120])
@pytest.mark.parametrize("n_notes", [5, 12, 30])
def test_a_note_on_every_beat_is_no_half_note(bpm, n_notes):
    beats = 0.25 + 60.0 / bpm * np.arange(n_notes)
    pitches = itertools.cycle((40, 47, 52, 55, 59, 64, 60, 57))
    notes = [Note(onset_s=t, offset_s=t + 54.0 / bpm, pitch=p) for t, p in zip(beats, pitches, strict=False)]
    assert track_beats(notes, beats[-1] + 1.0).tempo_bpm < 1.4 * bpm


def test_a_drifting_tempo_is_followed():
    notes, beats = song(100, n_bars=12, drift=0.12)
    grid = track_beats(notes, beats[-1] + 1.0)
    assert nearest_distance(np.array(grid.beat_times_s), beats).max() < 0.05
    assert len(grid.beat_times_s) == pytest.approx(len(beats), abs=3)


def test_a_given_tempo_is_kept_and_its_phase_found():
    notes, beats = song(96)
    grid = track_beats(notes, beats[-1], bpm=96.0)
    assert np.diff(grid.beat_times_s) == pytest.approx(60 / 96)
    assert nearest_distance(np.array(grid.beat_times_s), beats).max() < 0.02


@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_three_and_four_are_told_apart(beats_per_bar):
    notes, beats = song(100, n_bars=12, beats_per_bar=beats_per_bar)
    grid = track_beats(notes, beats[-1] + 1.0)
    assert (grid.beats_per_bar, grid.beat_unit) == (beats_per_bar, 4)
    assert grid.meter_confidence > 0.5
    assert track_beats(notes, beats[-1] + 1.0, beats_per_bar=4).meter_confidence is None


@pytest.mark.parametrize("given_meter", [{}, {"beats_per_bar": 6, "beat_unit": 8}])
def test_six_eighths_are_counted_in_eighths(given_meter):
    eighth_s, notes = 0.22, []
    for bar in range(12):
        root = (40, 45, 43, 47)[bar % 4]
        for i, above in enumerate((0, 16, 19, 7, 19, 16)):
            onset_s = 0.4 + (6 * bar + i) * eighth_s
            long = 3 if i in (0, 3) else 1
            notes.append(Note(onset_s=onset_s, offset_s=onset_s + long * eighth_s, pitch=root + above))
    grid = track_beats(notes, 17.0, **given_meter)
    assert (grid.beats_per_bar, grid.beat_unit) == (6, 8)
    eighths = 0.4 + eighth_s * np.arange(72)
    assert nearest_distance(np.array(grid.beat_times_s), eighths).max() < 0.03
    assert all(b - a == 6 for a, b in itertools.pairwise(grid.downbeats))


@pytest.mark.parametrize(
    ("loss", "sixes"), [(-0.5, True), (0.8, True), (2.0, False), (1.2, False), (None, False)]
)
def test_chances_of_dotted_beats_decide_what_heaviness_does_not(loss, sixes):
    notes, beats = song(100, n_bars=12, beats_per_bar=3)
    found = BarsFound(beats_s=beats, phase=0, bar=Bar(n_beats=3), confidence=1.0, dotted_loss=loss)
    assert _counted_in_sixes(beats, found, find_onsets(notes)) is sixes


def test_an_upbeat_becomes_a_pick_up_bar():
    notes, beats = song(100, n_bars=12)
    first = notes[0].onset_s
    upbeat = Note(onset_s=first, offset_s=first + 0.5, pitch=64)
    later = [Note(onset_s=n.onset_s + 0.6, offset_s=n.offset_s + 0.6, pitch=n.pitch) for n in notes]
    grid = track_beats([upbeat, *later], beats[-1] + 1.6)
    bars = np.array([grid.beat_times_s[i] for i in grid.downbeats])
    assert nearest_distance(bars, beats[::4] + 0.6).max() < 0.05


def test_the_same_notes_give_the_same_grid():
    notes, _ = song(88, drift=0.1)
    assert track_beats(notes, 30.0) == track_beats(notes[::-1], 30.0)


def test_the_grid_covers_the_recording():
    notes, _ = song(120, start_s=3.0)
    grid = track_beats(notes, 30.0)
    assert grid.beat_times_s[0] <= 3.001
    assert grid.beat_times_s[-1] >= 30.0
    assert grid.downbeats[0] < 4


@pytest.mark.parametrize("n_notes", [0, 1, 3])
def test_too_few_notes_get_a_steady_grid(n_notes):
    notes = [Note(onset_s=1.0 + i, offset_s=1.5 + i, pitch=60) for i in range(n_notes)]
    grid = track_beats(notes, 5.0, bpm=None)
    assert grid.tempo_bpm == pytest.approx(120.0)
    assert track_beats(notes, 5.0, bpm=90.0).tempo_bpm == pytest.approx(90.0)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.01, 3), st.integers(28, 90)), max_size=40),
    st.sampled_from([None, 60.0, 200.0]),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (1, 4)]),
)
@settings(max_examples=20, deadline=None)
def test_any_notes_get_a_valid_grid(raw, bpm, meter):
    notes = [Note(onset_s=t, offset_s=t + d, pitch=p) for t, d, p in raw]
    duration_s = max([1.0, *(n.offset_s for n in notes)])
    grid = track_beats(notes, duration_s, bpm=bpm, beats_per_bar=meter[0], beat_unit=meter[1])
    assert grid.beat_times_s[-1] >= duration_s
    assert grid.beat_times_s[0] >= 0.0
    assert all(b - a == grid.beats_per_bar for a, b in itertools.pairwise(grid.downbeats))


@pytest.mark.parametrize("bpm", [0.0, -5.0, 5000.0, float("nan")])
def test_impossible_tempo(bpm):
    with pytest.raises(OptionError):
        track_beats([], 5.0, bpm=bpm)


GRID = BeatGrid.constant(120.0, 30.0)


def test_straight_and_triplet_beats_are_told_apart():
    straight = [
        tab_note(0.0, 0.12, 0),
        tab_note(0.13, 0.25, 1),
        tab_note(0.26, 0.37, 2),
        tab_note(0.37, 0.5, 3),
    ]
    triplet = [tab_note(0.5, 0.66, 0), tab_note(0.67, 0.83, 1), tab_note(0.835, 1.0, 2)]
    out = quantize([*straight, *triplet], GRID)
    assert [n.onset_beats for n in out] == [
        Fraction(0),
        Fraction(1, 4),
        Fraction(1, 2),
        Fraction(3, 4),
        Fraction(1),
        Fraction(4, 3),
        Fraction(5, 3),
    ]
    assert [n.duration_beats for n in out] == [Fraction(1, 4)] * 4 + [Fraction(1, 3)] * 3


def test_a_strum_shares_its_onset_and_a_note_ahead_of_the_beat_belongs_to_it():
    chord = [tab_note(0.99 + 0.008 * s, 2.0, s) for s in range(4)]
    assert {n.onset_beats for n in quantize(chord, GRID)} == {Fraction(2)}


def test_swung_eighths_are_written_in_thirds():
    swung = [tab_note(t, t + 0.15) for beat in range(16) for t in (0.5 * beat + 0.004, 0.5 * beat + 0.31)]
    out = quantize(swung, GRID)
    assert {n.onset_beats % 1 for n in out} == {Fraction(0), Fraction(2, 3)}


def test_rests_stay_and_notes_sound_over_the_bar_line():
    # a quarter, a rest of a beat, a quarter; then a quarter on the last off-beat of the bar
    out = quantize(
        [tab_note(0.01, 0.5), tab_note(1.0, 1.49), tab_note(1.755, 2.25), tab_note(3.0, 3.5)], GRID
    )
    assert [n.onset_beats for n in out] == [Fraction(0), Fraction(2), Fraction(7, 2), Fraction(6)]
    assert [n.duration_beats for n in out] == [Fraction(1)] * 4


@given(
    st.lists(
        st.tuples(st.floats(0.0, 8.0), st.floats(0.005, 3.0), st.integers(0, 5)), min_size=1, max_size=60
    )
)
@settings(deadline=None)
def test_quantised_notes_keep_their_order_on_every_string(raw):
    notes = [tab_note(t, t + d, s) for t, d, s in sorted(raw)]
    notes = [n for i, n in enumerate(notes) if i == 0 or n.note.onset_s > notes[i - 1].note.onset_s]
    out = quantize(notes, BeatGrid.constant(90.0, 6.0, start_s=1.0))
    assert [n.note for n in out] == [n.note for n in notes]
    assert all(a.onset_beats <= b.onset_beats for a, b in itertools.pairwise(out))
    ends = {}
    for n in out:
        assert n.duration_beats > 0
        previous = ends.get(n.position.string)
        assert previous is None or n.onset_beats >= previous
        ends[n.position.string] = n.onset_beats + n.duration_beats


@given(st.sampled_from([Fraction(1, 4), Fraction(3, 4), Fraction(4, 3), Fraction(8)]), st.integers(0, 40))
def test_notes_on_the_grid_stay_there(length, quarter):
    start = Fraction(quarter, 4)
    (out,) = quantize([tab_note(GRID.time_at(start), GRID.time_at(start + length))], GRID)
    assert (out.onset_beats, out.duration_beats) == (start, length)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 20.0), st.floats(0.1, 2.0), st.integers(0, 5)), min_size=1, max_size=30
    ),
    st.sampled_from([1.0, 1.25, 2.0]),
)
@settings(deadline=None)
def test_a_slower_player_is_written_alike(raw, factor):
    # Onsets a 16th of a beat apart, off the edges of what counts as one chord.
    raw = sorted({round(t * 16) / 16: (d, s) for t, d, s in raw}.items())
    grid = BeatGrid.constant(60.0, 24.0)
    slow = BeatGrid(beat_times_s=tuple(t * factor for t in grid.beat_times_s), downbeats=grid.downbeats)
    here = quantize([tab_note(t, t + d, s) for t, (d, s) in raw], grid)
    there = quantize([tab_note(t * factor, (t + d) * factor, s) for t, (d, s) in raw], slow)
    assert [n.onset_beats for n in there] == [n.onset_beats for n in here]


@given(
    st.lists(st.tuples(st.floats(0.0, 8.0), st.floats(0.05, 3.0)), min_size=1, max_size=40),
)
@settings(deadline=None)
def test_quantising_again_changes_nothing(raw):
    notes = [tab_note(t, t + d) for t, d in sorted(dict(raw).items())]
    once = quantize(notes, GRID)
    assert quantize(once, GRID) == once


def test_swing_is_told_from_straight_playing_and_from_triplets():
    swung = [beat + place for beat in range(20) for place in (0.0, 0.64)]
    assert swing_ratio(swung, BeatGrid.constant(60.0, 20.0)) == pytest.approx(0.64)
    straight = [beat + place for beat in range(20) for place in (0.0, 0.5)]
    assert swing_ratio(straight, BeatGrid.constant(60.0, 20.0)) is None
    triplets = [beat + place for beat in range(20) for place in (0.0, 0.333, 0.667)]
    assert swing_ratio(triplets, BeatGrid.constant(60.0, 20.0)) is None


def test_meters():
    assert parse_meter(" 3/4 ") == (3, 4)
    for bad in ("", "4", "0/4", "4/3", "4/4/4", "a/b", "-3/4"):
        with pytest.raises(OptionError):
            parse_meter(bad)


@given(
    periods=st.lists(st.floats(0.3, 0.9), min_size=6, max_size=20),
    start_s=st.floats(0.0, 0.25),
    beats_per_bar=st.integers(2, 5),
    share=st.floats(0.0, 1.0),
)
def test_a_bar_begins_where_it_was_told_to(
    periods: list[float], start_s: float, beats_per_bar: int, share: float
) -> None:
    times = tuple((start_s + np.concatenate([[0.0], np.cumsum(periods)])).tolist())
    beats = BeatGrid(
        beat_times_s=times, downbeats=tuple(range(0, len(times), beats_per_bar)), beats_per_bar=beats_per_bar
    )
    told_s = start_s + share * (times[-1] - start_s)
    moved = with_bar_at(beats, told_s)
    period_s = max(periods)
    bars_s = np.array([moved.beat_times_s[i] for i in moved.downbeats])
    assert np.abs(bars_s - told_s).min() <= period_s / 8 + 1e-9, "a quarter or a third of a beat away at most"
    assert set(np.diff(moved.downbeats)) <= {beats_per_bar}
    assert moved.beat_times_s[0] <= start_s + period_s
    assert moved.beat_times_s[-1] >= times[-1] - 1e-9
    assert with_bar_at(moved, float(bars_s[0])) == moved


def test_beats_half_off_are_mended_by_one_bar_line() -> None:
    true = BeatGrid.constant(100.0, 20.0)
    heard = BeatGrid.constant(100.0, 20.0, start_s=0.3)
    mended = with_bar_at(heard, true.beat_times_s[8] + 0.02)
    assert mended.beat_times_s[: len(true.beat_times_s)] == pytest.approx(true.beat_times_s, abs=1e-9)
    assert 8 in mended.downbeats


@pytest.mark.parametrize("time_s", [-0.1, 500.0])
def test_no_bar_begins_outside_the_music(time_s: float) -> None:
    with pytest.raises(OptionError, match="no bar can begin"):
        with_bar_at(BeatGrid.constant(100.0, 20.0), time_s)
