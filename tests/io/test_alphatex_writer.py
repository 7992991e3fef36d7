"""alphaTex: every sign where alphaTab looks for it; what alphaTab reads: ``test_written_for_alphatab``."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

from fretscribe.io.alphatex_writer import render_alphatex
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, ScoreNote
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.music import Key, Tab
from random_tabs import n_tabs
from scores import note, row, score, track
from strategies import tabs


def one_bar(*notes: ScoreNote | tuple[ScoreNote, ...] | None, of: str = "1") -> str:
    """The line of beats of a bar."""
    text = render_alphatex(score(track(row(*notes, of=of))))
    return text.decode().splitlines()[-1]


def marks(name: str, **given: object) -> ScoreNote:
    return note(0, 3, techniques=frozenset({name}), **given)


def test_head_and_bars() -> None:
    half = ScoreBeat(start=Fraction(0), duration=Fraction(2), notes=(note(3, 0),), chord='F#m7b5/"A"')
    written = score(
        track(row(note(0, 3)), row(half, half), row(None, None, None), open_pitches=(28, 33, 38, 43), capo=3),
        bars=[
            ScoreBar(length=Fraction(1), tempos=((Fraction(0), 96.0),), key=Key(tonic=3, mode="minor")),
            ScoreBar(tempos=((Fraction(1), 97.25), (Fraction(3), 150.0)), key=Key(tonic=3, mode="minor")),
            ScoreBar(beats_per_bar=6, beat_unit=8, length=Fraction(3), key=Key(tonic=0, mode="major")),
        ],
        title='"Back\\slash"\nand more',
        artist="Ünïcode",
    )
    assert render_alphatex(written).decode().splitlines() == [
        '\\title "\\"Back\\\\slash\\" and more"',
        '\\artist "Ünïcode"',
        "\\hideDynamics",
        "\\singleTrackTrackNamePolicy hidden",
        '\\track "Lead" { instrument 25 }',
        "\\staff { score tabs }",
        "\\tuning (G2 D2 A1 E1)",
        "\\capo 3",
        "\\accidentals auto",
        "\\ts (4 4)",
        "\\ac",
        "\\ks ebminor",
        "\\tempo 96",
        "3.4.4{dy mf} |",
        '\\tempo (97.25 "" 0.25 hide)',
        '\\tempo (150 "" 0.75)',
        '0.1.2{ch "F#m7b5/\\"A\\""} 0.1.2{ch "F#m7b5/\\"A\\""} |',
        "\\ts (6 8)",
        "\\ks cmajor",
        "r.4 r.4 r.4",
    ]


def test_a_bass_has_its_clef_and_no_title_is_no_line() -> None:
    text = render_alphatex(score(track(row(None), kind="bass", open_pitches=(28, 33, 38, 43)))).decode()
    assert "\\clef f4\n" in text
    assert "{ instrument 33 }" in text
    assert "\\title" not in text


@pytest.mark.parametrize(
    ("written", "sign"),
    [
        (marks("vibrato"), "{v}"),
        (marks("palm_mute"), "{pm}"),
        (marks("dead"), "{x}"),
        (marks("let_ring"), "{lr}"),
        (marks("harmonic"), "{nh}"),
        (marks("harmonic", harmonic="pinch"), "{ph 12}"),
        (note(0, 3, hammer=True), "{h}"),
        (note(0, 3, tied=True), "{t}"),
        (note(0, 3, slides=frozenset({"legato", "in_below"})), "{sl sib}"),
        (
            note(0, 3, bend=(CurvePoint(at=Fraction(0), cents=0), CurvePoint(at=Fraction(1, 2), cents=190))),
            "{be (0 0 30 4)}",
        ),
    ],
)
def test_signs_of_notes(written: ScoreNote, sign: str) -> None:
    assert one_bar(written, None).startswith(f"3.6{sign}.4")


def test_written_values_and_chords() -> None:
    assert one_bar((note(2, 2), note(0, 0), note(5, 12)), None) == "(0.6 2.4 12.1).4{dy mf} r.4"
    assert one_bar(*[note(0, 1)] * 3, of="1/3") == "1.6.8{tu (3 2) dy mf} 1.6.8{tu (3 2)} 1.6.8{tu (3 2)}"
    assert one_bar(note(0, 1), of="3/2") == "1.6.4{d dy mf}"
    assert one_bar(note(0, 1), of="7/2") == "1.6.2{dd dy mf}"


def test_dynamics_stand_where_they_change() -> None:
    soft, loud = note(0, 1, velocity=10), note(0, 1, velocity=127)
    assert one_bar(soft, soft, None, loud) == "1.6.4{dy ppp} 1.6.4 r.4 1.6.4{dy fff}"


def test_chords_that_differ_only_in_case_get_other_names() -> None:
    beat = ScoreBeat(start=Fraction(0), duration=Fraction(1), notes=(note(0, 1),), chord="CM7")
    assert '{ch "Cmaj7"' in render_alphatex(score(track(row(beat)))).decode()


@settings(max_examples=n_tabs(25), deadline=None)
@given(tabs())
def test_any_tab_can_be_written_and_strings_count_from_the_highest(tab: Tab) -> None:
    written = tab_to_score(tab)
    text = render_alphatex(written).decode()
    assert text == render_alphatex(written).decode()
    lines = text.splitlines()
    assert sum(line.endswith(" |") for line in lines) == len(written.bars) - 1
    body = [line for line in lines if not line.startswith("\\")]
    places = [
        f"{n.fret}.{tab.tuning.n_strings - (n.string or 0)}"
        for bar in written.tracks[0].bars
        for beat in bar.beats
        for n in sorted(beat.notes, key=lambda n: n.string or 0)
    ]
    at = 0
    for place in places:
        at = "\n".join(body).index(place, at) + len(place)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (score(track(row(None)), track(row(None))), "one track, not 2"),
        (score(track(row(ScoreBeat(start=Fraction(0), duration=Fraction(1), grace="on")))), "not one voice"),
        (score(track(row(ScoreNote(string=2)))), "has a string and a fret"),
    ],
)
def test_other_scores_are_refused(wrong: Score, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render_alphatex(wrong)
