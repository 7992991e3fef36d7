import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import OptionError
from fretscribe.music import STANDARD_TUNING, BendPoint, Note, Tab, Tuning
from fretscribe.symbolic.fingering import FingeringOptions, finger, group_events
from fretscribe.symbolic.fingering_costs import FingeringWeights
from fretscribe.symbolic.grips import can_hold
from fretscribe.tunings import NAMED_TUNINGS, parse_tuning


def chord(shape, onset_s=0.0, duration_s=1.0, tuning=STANDARD_TUNING):
    """Notes of a shape written low to high such as "x32010", strummed within 15 ms."""
    return [
        Note(
            onset_s=onset_s + 0.003 * s,
            offset_s=onset_s + duration_s,
            pitch=tuning.open_pitches[s] + tuning.capo + int(fret, 16),
        )
        for s, fret in enumerate(shape)
        if fret != "x"
    ]


def line(pitches, step_s=0.25, **fields):
    return [
        Note(onset_s=i * step_s, offset_s=(i + 1) * step_s, pitch=p, **fields) for i, p in enumerate(pitches)
    ]


def shape(notes, n_strings=6):
    frets = ["x"] * n_strings
    for n in notes:
        frets[n.position.string] = f"{n.position.fret:x}"
    return "".join(frets)


def places(fingering):
    return [(n.position.string, n.position.fret) for n in fingering.notes]


@pytest.mark.parametrize(
    "usual",
    [
        "x32010",
        "320003",
        "xx0232",
        "x02210",
        "022100",
        "133211",
        "x24442",
        "x02220",
        "xx0231",
        "022000",
        "577655",
    ],
)
def test_chords_come_out_as_the_usual_shapes(usual):
    result = finger(chord(usual), STANDARD_TUNING)
    assert shape(result.notes) == usual
    assert result.dropped == result.unplayable == ()


def test_chord_changes_keep_their_shapes():
    song = ["320003", "xx0232", "022000", "x32010", "133211"]
    notes = [n for i, s in enumerate(song) for n in chord(s, i * 1.0, 0.98)]
    result = finger(notes, STANDARD_TUNING)
    got = [shape([n for n in result.notes if int(n.note.onset_s + 0.01) == i]) for i in range(len(song))]
    assert got == song


def test_a_capo_moves_the_shapes():
    tuning = Tuning(capo=4)
    assert shape(finger(chord("x32010", tuning=tuning), tuning).notes) == "x32010"


def test_a_riff_stays_in_position():
    # A minor pentatonic at the fifth fret; evidence only for its first note.
    pitches = [57, 60, 62, 64, 67, 69, 72, 69, 67, 64, 62, 60, 57]
    notes = line(pitches, 0.2)
    notes[0] = line([57], string_probs=(0.02, 0.02, 0.92, 0.04, 0.0, 0.0))[0]
    result = finger(notes, STANDARD_TUNING, FingeringOptions(prefer="position"))
    frets = [fret for _, fret in places(result)]
    assert max(frets) - min(frets) <= 4
    assert min(frets) >= 4


@pytest.mark.parametrize("prefer", ["low", "open"])
def test_a_c_major_scale_in_open_position(prefer):
    scale = line([48, 50, 52, 53, 55, 57, 59, 60, 62, 64])
    result = finger(scale, STANDARD_TUNING, FingeringOptions(prefer=prefer))
    expected = [(1, 3), (2, 0), (2, 2), (2, 3), (3, 0), (3, 2), (4, 0), (4, 1), (4, 3), (5, 0)]
    assert places(result) == expected


def test_evidence_leads_to_the_twelfth_position():
    strings = [2, 3, 3, 4, 4, 5, 5, 4]
    frets = [14, 12, 14, 13, 15, 12, 15, 13]
    notes = []
    for i, (string, fret) in enumerate(zip(strings, frets, strict=True)):
        pitch = STANDARD_TUNING.open_pitches[string] + fret
        probs = tuple(0.6 if s == string else 0.08 for s in range(6))
        notes += [Note(onset_s=i * 0.3, offset_s=i * 0.3 + 0.3, pitch=pitch, string_probs=probs)]
    assert places(finger(notes, STANDARD_TUNING)) == list(zip(strings, frets, strict=True))


def test_a_repeated_pitch_stays_on_its_string():
    result = finger(line([59, 64, 59, 62, 59, 60, 59]), STANDARD_TUNING)
    strings = {n.position.string for n in result.notes if n.note.pitch == 59}
    assert len(strings) == 1


def test_a_ringing_bass_is_not_cut():
    bass = Note(onset_s=0.0, offset_s=2.0, pitch=45)
    melody = [
        Note(onset_s=0.25 + 0.25 * i, offset_s=0.5 + 0.25 * i, pitch=p)
        for i, p in enumerate((50, 52, 53, 52))
    ]
    result = finger([bass, *melody], STANDARD_TUNING)
    assert result.notes[0].note == bass


def test_what_the_tuning_cannot_play_is_returned_as_it_is():
    low, high = Note(onset_s=0.0, offset_s=1.0, pitch=30), Note(onset_s=0.0, offset_s=1.0, pitch=100)
    ok = Note(onset_s=0.0, offset_s=1.0, pitch=60)
    result = finger([high, ok, low], STANDARD_TUNING)
    assert result.unplayable == (low, high)
    assert [n.note for n in result.notes] == [ok]


def test_max_fret_is_kept_and_max_span_too():
    result = finger(line([64, 70, 76]), STANDARD_TUNING, FingeringOptions(max_fret=7))
    assert [n.pitch for n in result.unplayable] == [76]
    assert all(f <= 7 for _, f in places(result))
    wide = chord("1xxx5x")
    assert len(finger(wide, STANDARD_TUNING, FingeringOptions(max_span=2)).notes) in (1, 2)
    fretted = [f for _, f in places(finger(wide, STANDARD_TUNING, FingeringOptions(max_span=2))) if f]
    assert max(fretted) - min(fretted) <= 3


def test_too_many_notes_lose_the_least_probable():
    notes = [
        Note(onset_s=0.0, offset_s=1.0, pitch=p, onset_prob=0.3 if p == 49 else 0.9)
        for p in (40, 47, 49, 52, 56, 59, 64)
    ]
    result = finger(notes, STANDARD_TUNING)
    assert [n.pitch for n in result.dropped] == [49]
    assert shape(result.notes) == "022100"


def test_a_note_is_cut_where_its_string_is_struck_again():
    bend = (BendPoint(time_s=0.1, cents=50.0), BendPoint(time_s=1.5, cents=0.0))
    first = Note(onset_s=0.0, offset_s=3.0, pitch=40, bend=bend)
    second = Note(onset_s=1.0, offset_s=2.0, pitch=41)
    result = finger([first, second], STANDARD_TUNING)
    assert result.notes[0].note.offset_s == 1.0
    assert result.notes[0].note.bend == bend[:1]


def test_alternatives_say_how_sure_the_choice_is():
    sure = line([57], string_probs=(0.0, 0.0, 1.0, 0.0, 0.0, 0.0))
    (note,) = finger(sure, STANDARD_TUNING).notes
    assert note.alternatives[0].position == note.position
    (open_note,) = finger(line([57]), STANDARD_TUNING).notes
    assert note.alternatives[0].probability > open_note.alternatives[0].probability
    assert note.confidence is None


def test_options_are_checked():
    for bad in ({"prefer": "high"}, {"max_span": 0}, {"max_fret": -1}):
        with pytest.raises(OptionError):
            FingeringOptions(**bad)
    with pytest.raises(ValueError, match="string_probs"):
        finger(line([57], string_probs=(0.5, 0.5)), STANDARD_TUNING)


def test_nothing_gives_nothing():
    assert finger([], STANDARD_TUNING).notes == ()


raw_notes = st.builds(
    lambda onset, length, pitch, prob: Note(
        onset_s=onset, offset_s=onset + length, pitch=pitch, onset_prob=prob
    ),
    st.floats(0.0, 3.0),
    st.floats(0.03, 2.0),
    st.integers(20, 95),
    st.floats(0.0, 1.0),
)
tunings = st.builds(parse_tuning, st.sampled_from(sorted(NAMED_TUNINGS)), st.integers(0, 7))


@given(
    st.lists(raw_notes, max_size=30),
    tunings,
    st.integers(2, 5),
    st.sampled_from([None, "low", "open", "position"]),
)
@settings(max_examples=60, deadline=None)
def test_any_notes_make_a_valid_tab_and_none_is_lost(notes, tuning, max_span, prefer):
    result = finger(notes, tuning, FingeringOptions(max_span=max_span, prefer=prefer))
    Tab(tuning=tuning, notes=result.notes)  # checks order, pitches and one note a string
    assert all(not tuning.positions(n.pitch) for n in result.unplayable)

    def key(note):
        return note.onset_s, note.pitch, note.onset_prob

    placed = [n.note for n in result.notes]
    assert sorted(map(key, [*placed, *result.unplayable, *result.dropped])) == sorted(map(key, notes))
    by_string = {id(n.note): (n.position.string, n.position.fret) for n in result.notes}
    kept = {key(n.note): by_string[id(n.note)] for n in result.notes}
    playable = sorted((n for n in notes if tuning.positions(n.pitch)), key=key)
    for group in group_events(playable):
        held = [kept[key(n)] for n in group if key(n) in kept]
        assert held
        if len({key(n) for n in group}) == len(group):
            assert can_hold(held, max_span)
    for n in result.notes:
        assert 1 <= len(n.alternatives) <= 4
        assert n.position in [a.position for a in n.alternatives]
        assert sum(a.probability for a in n.alternatives) <= 1.0 + 1e-9
        assert all(tuning.pitch(a.position) == n.note.pitch for a in n.alternatives)


def test_a_dense_minute_takes_less_than_a_second_and_repeats_itself():
    rng = np.random.default_rng(0)
    shapes = ["320003", "xx0232", "022000", "x32010", "133211", "577655", "x24442"]
    notes = [n for i in range(100) for n in chord(shapes[rng.integers(7)], i * 0.6, 0.6)]
    notes += line([int(rng.integers(52, 77)) for _ in range(200)], 0.3)
    began = time.process_time()
    result = finger(notes, STANDARD_TUNING)
    assert time.process_time() - began < 1.0
    assert finger(notes, STANDARD_TUNING) == result


def test_the_rules_are_asked_without_evidence() -> None:
    """Evidence puts the note high up the neck; by the rules alone it would lie low, and that is told."""
    misled = line([57], string_probs=(0.0, 0.98, 0.02, 0.0, 0.0, 0.0))
    told = finger(misled, STANDARD_TUNING, weights=FingeringWeights(evidence=5.0)).notes[0]
    alone = finger(line([57]), STANDARD_TUNING).notes[0]
    assert told.position.string == 1
    assert alone.position.string != 1
    assert told.rule_probability is not None
    assert alone.rule_probability is not None
    assert told.rule_probability < alone.rule_probability
    by_place = {a.position: a.probability for a in alone.alternatives}
    assert alone.rule_probability == pytest.approx(by_place[alone.position])
