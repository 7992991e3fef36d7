from fractions import Fraction

import pytest

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, ScoreNote, TrackBar
from fretscribe.io.score_to_tab import play_track, score_to_tab
from fretscribe.music import TabNote
from scores import note, row, score, track


def notes_of(piece: Score, *, unroll: bool = False) -> tuple[TabNote, ...]:
    return score_to_tab(piece, unroll=unroll).tab.notes


def placed(piece: Score, *, unroll: bool = False) -> list[tuple[Fraction | None, Fraction | None, int, int]]:
    """Onset and duration in beats, string, fret."""
    return [
        (n.onset_beats, n.duration_beats, n.position.string, n.position.fret)
        for n in notes_of(piece, unroll=unroll)
    ]


def told(piece: Score) -> str:
    return "\n".join(score_to_tab(piece).warnings)


def test_notes_come_with_their_places_and_times() -> None:
    tab = score_to_tab(score(track(row(note(0, 3), None, (note(1, 2), note(2, 2)))), title="Song")).tab
    assert [(n.note.onset_s, n.note.pitch) for n in tab.notes] == [(0.0, 43), (1.0, 47), (1.0, 52)]
    assert tab.title == "Song"
    assert tab.provenance["track_name"] == "Lead"
    assert tab.beats is not None
    assert tab.beats.downbeats == (0,)


def test_ties_make_one_note_across_bars_and_voices() -> None:
    tied = note(0, 3, tied=True)
    assert placed(score(track(row(note(0, 3), tied, of="2"), row(tied, note(0, 5), of="2")))) == [
        (0, 6, 0, 3),
        (6, 2, 0, 5),
    ]
    other_voice = TrackBar(
        beats=(ScoreBeat(start=Fraction(0), duration=Fraction(1), voice=1, notes=(tied,)),)
    )
    assert placed(score(track(row(note(0, 3), of="4"), other_voice))) == [(0, 5, 0, 3)]


def test_a_tie_from_nothing_is_struck_and_told() -> None:
    piece = score(track(row(note(0, 3, tied=True), of="4")))
    assert placed(piece) == [(0, 4, 0, 3)]
    assert "1 ties from no note, struck anew" in told(piece)
    changed = score(track(row(note(0, 3), note(0, 5, tied=True), of="2")))
    assert placed(changed) == [(0, 2, 0, 3), (2, 2, 0, 5)]


def test_graces_take_time_before_or_on_the_beat() -> None:
    before = ScoreBeat(start=Fraction(0), duration=Fraction(1, 8), grace="before", notes=(note(0, 2),))
    on = ScoreBeat(start=Fraction(0), duration=Fraction(1, 8), grace="on", notes=(note(0, 2),))
    eighth = Fraction(1, 8)
    assert placed(score(track(row(note(0, 1), before, note(0, 3))))) == [
        (0, 1 - eighth, 0, 1),
        (1 - eighth, eighth, 0, 2),
        (1, 1, 0, 3),
    ]
    assert placed(score(track(row(note(0, 1), on, note(0, 3))))) == [
        (0, 1, 0, 1),
        (1, eighth, 0, 2),
        (1 + eighth, 1 - eighth, 0, 3),
    ]
    # Nothing sounds before the piece begins.
    assert placed(score(track(row(before, note(0, 3))))) == [(0, eighth, 0, 2), (eighth, 1 - eighth, 0, 3)]
    alone = score(track(row(note(0, 1), before)))
    assert placed(alone) == [(0, 1, 0, 1)]
    assert "1 grace notes before no note" in told(alone)


def test_slides_and_hammer_ons_mark_the_note_they_lead_to() -> None:
    notes = notes_of(
        score(
            track(
                row(note(0, 3, hammer=True), note(0, 5, hammer=True), note(0, 2), note(1, 2)),
                row(
                    note(0, 3, slides=frozenset({"shift"})),
                    note(0, 7),
                    note(0, 9, slides=frozenset({"in_below"})),
                    note(0, 9, slides=frozenset({"out_down"}), hammer=True),
                ),
            )
        )
    )
    assert [set(n.techniques) for n in notes] == [
        set(), {"hammer_on"}, {"pull_off"}, set(), set(), {"slide"}, {"slide"}, set(),
    ]  # fmt: skip


def test_what_leads_nowhere_and_what_a_tab_cannot_hold_is_counted() -> None:
    last = note(0, 9, slides=frozenset({"out_down"}), hammer=True, marks=frozenset({"trills"}))
    piece = score(track(row(last)), left_out={"lyric lines": 2})
    warning = told(piece)
    for what in (
        "1 slides out of a note",
        "1 slides and hammer-ons that lead to no note",
        "1 trills",
        "2 lyric",
    ):
        assert what in warning


def test_bends_follow_ties_in_seconds_and_cents() -> None:
    up = (CurvePoint(at=Fraction(0), cents=0.0), CurvePoint(at=Fraction(1, 2), cents=200.0))
    down = (CurvePoint(at=Fraction(0), cents=200.0), CurvePoint(at=Fraction(1), cents=0.0))
    (bent,) = notes_of(score(track(row(note(2, 9, bend=up), note(2, 9, tied=True, bend=down)))))
    assert [(p.time_s, p.cents) for p in bent.note.bend] == [(0, 0), (0.25, 200), (0.5, 200), (1.0, 0)]
    assert bent.techniques == {"bend"}
    flat = (CurvePoint(at=Fraction(0), cents=0.0), CurvePoint(at=Fraction(1), cents=0.0))
    assert notes_of(score(track(row(note(2, 9, bend=flat)))))[0].note.bend == ()


def test_a_string_sounds_one_note_at_a_time() -> None:
    second = ScoreBeat(start=Fraction(1), duration=Fraction(1), voice=1, notes=(note(0, 5),))
    same = ScoreBeat(start=Fraction(0), duration=Fraction(1), voice=1, notes=(note(0, 7),))
    long = ScoreBeat(start=Fraction(0), duration=Fraction(4), notes=(note(0, 3),))
    piece = score(track(TrackBar(beats=(long, same, second))))
    assert placed(piece) == [(0, 1, 0, 3), (1, 1, 0, 5)]
    assert "1 notes on a string that another voice plays" in told(piece)


def test_bars_fuller_than_their_metre_give_way_to_the_next() -> None:
    piece = score(track(row(*[note(0, f) for f in (1, 2, 3, 4, 5)]), row(note(0, 7))))
    assert [fret for *_, fret in placed(piece)] == [1, 2, 3, 4, 7]
    assert "1 notes after the end of their bar, where the next one plays their string" in told(piece)


def test_notes_that_no_neck_has_are_left_out_and_told() -> None:
    piece = score(track(row(note(0, 37), note(6, 1), note(0, 30))))
    assert placed(piece) == [(2, 1, 0, 30)]
    assert "1 notes off the neck" in told(piece)
    assert "1 notes on strings that the track lacks" in told(piece)


def test_capo_and_seven_strings() -> None:
    seven = (35, 40, 45, 50, 55, 59, 64)
    tab = score_to_tab(score(track(row(note(0, 0), note(6, 3)), open_pitches=seven, capo=2))).tab
    assert [n.note.pitch for n in tab.notes] == [37, 69]
    assert (tab.tuning.capo, tab.tuning.n_strings, tab.tuning.n_frets) == (2, 7, 24)


def test_repeats_are_unrolled_on_request() -> None:
    piece = score(
        track(row(note(0, 1), of="4"), row(note(0, 2), of="4")),
        bars=[ScoreBar(repeat_open=True), ScoreBar(repeat_close=2)],
    )
    assert [fret for *_, fret in placed(piece)] == [1, 2]
    assert "1 repeated passages are written once" in told(piece)
    assert placed(piece, unroll=True) == [(0, 4, 0, 1), (4, 4, 0, 2), (8, 4, 0, 1), (12, 4, 0, 2)]
    assert not score_to_tab(piece, unroll=True).warnings


def test_simile_signs_repeat_earlier_bars() -> None:
    piece = score(track(row(note(0, 1)), row(note(0, 2)), TrackBar(simile=2), TrackBar(simile=1)))
    assert [(at, fret) for at, _, _, fret in placed(piece)] == [(0, 1), (4, 2), (8, 1), (12, 1)]


def test_chord_symbols_last_until_the_next() -> None:
    beats = [
        ScoreBeat(start=Fraction(0), duration=Fraction(1), notes=(note(0, 1),), chord=name)
        for name in ("Am", "", "Am", "C")
    ]
    tab = score_to_tab(score(track(row(*beats), row(None)))).tab
    assert [(c.name, c.start_s, c.end_s) for c in tab.chords] == [("Am", 0, 1.5), ("C", 1.5, 4)]


def test_drums_and_odd_instruments_are_refused_with_their_place() -> None:
    drums = track(row(note(0, 1)), name="Kit", kind="drums")
    with pytest.raises(TabFormatError, match=r"song.gp5: has no track but drums: 1 'Kit'"):
        score_to_tab(score(drums))
    with pytest.raises(TabFormatError, match=r"song.gp5: track 1 'Kit': is a drum kit"):
        score_to_tab(score(drums, track(row(note(0, 1)))), track="1")
    three = track(row(note(0, 1)), open_pitches=(40, 45, 50))
    with pytest.raises(TabFormatError, match=r"track 1 'Lead': a tuning has 4 to 8 strings, not 3"):
        score_to_tab(score(three))
    pitches = track(row(ScoreNote(pitch=60)), open_pitches=())
    with pytest.raises(TabFormatError, match="names pitches only"):
        score_to_tab(score(pitches))
    assert [n.note.pitch for n in play_track(score(pitches)).notes] == [60]


def test_the_track_that_is_read_and_those_that_are_not_are_told() -> None:
    piece = score(
        track(row(note(0, 1)), name="Bass", kind="bass"),
        track(row(None), name="Silent guitar"),
        track(row(note(0, 2)), name="Lead guitar"),
        track(row(note(0, 3)), name="Kit", kind="drums"),
    )
    result = score_to_tab(piece)
    assert result.tab.provenance["track"] == 3
    assert "track 3 'Lead guitar' is read; not read: 1 'Bass' (bass)" in result.warnings[0]
    assert score_to_tab(piece, track="bass").tab.provenance["track"] == 1
    assert score_to_tab(piece, track="2").warnings[1] == "the track has no notes: the tab is empty"
    with pytest.raises(OptionError, match="no track 9"):
        score_to_tab(piece, track="9")
    with pytest.raises(OptionError, match="2 tracks named 'guitar'"):
        score_to_tab(piece, track="guitar")
    with pytest.raises(OptionError, match="no track named 'flute'"):
        score_to_tab(piece, track="flute")
