import io
import zipfile
from fractions import Fraction

import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.score import CurvePoint, Score, ScoreTrack
from fretscribe.io.score_to_tab import score_to_tab

TAB_CLEF = """<clef><sign>TAB</sign><line>5</line></clef><staff-details><staff-lines>6</staff-lines>
<staff-tuning line="1"><tuning-step>D</tuning-step><tuning-octave>2</tuning-octave></staff-tuning>
<staff-tuning line="2"><tuning-step>A</tuning-step><tuning-octave>2</tuning-octave></staff-tuning>
<staff-tuning line="3"><tuning-step>D</tuning-step><tuning-octave>3</tuning-octave></staff-tuning>
<staff-tuning line="4"><tuning-step>G</tuning-step><tuning-octave>3</tuning-octave></staff-tuning>
<staff-tuning line="5"><tuning-step>B</tuning-step><tuning-octave>3</tuning-octave></staff-tuning>
<staff-tuning line="6"><tuning-step>E</tuning-step><tuning-octave>4</tuning-octave></staff-tuning>
<capo>2</capo></staff-details>"""


def note(
    pitch: str = "E4", duration: str = "2", *, string: int = 0, fret: int = 0, technical: str = "",
    more: str = "", first: str = "",
) -> str:  # fmt: skip
    if string:
        technical = f"<string>{string}</string><fret>{fret}</fret>{technical}"
    notations = f"<technical>{technical}</technical>" if technical else ""
    return f"""<note>{first}<pitch><step>{pitch[0]}</step><octave>{pitch[1:]}</octave></pitch>
<duration>{duration}</duration>{more}<notations>{notations}</notations></note>"""


def document(*measures: str, attributes: str = TAB_CLEF, part: str = "", names: str = "Gitarre") -> bytes:
    start = f"<attributes><divisions>2</divisions>{attributes}</attributes>"
    body = "".join(
        f'<measure number="{i + 1}">{"" if i else start}{m}</measure>' for i, m in enumerate(measures)
    )
    return f"""<?xml version="1.0"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/x.dtd">
<score-partwise><work><work-title>Lied</work-title></work>
<part-list><score-part id="P1"><part-name>{names}</part-name>{part}</score-part></part-list>
<part id="P1">{body}</part></score-partwise>""".encode()


def track_of(data: bytes) -> ScoreTrack:
    return parse_musicxml(data, "song.xml").tracks[0]


def test_strings_tuning_and_capo() -> None:
    chord = note("D3", string=5, fret=3) + note("E5", first="<chord/>", string=1, fret=10)
    score = parse_musicxml(document(chord + note(string=6, fret=0)), "song.xml")
    (track,) = score.tracks
    assert (score.title, track.name, track.capo) == ("Lied", "Gitarre", 2)
    assert track.open_pitches == (38, 45, 50, 55, 59, 64)
    beats = track.bars[0].beats
    assert [(b.start, b.duration, [(n.string, n.fret) for n in b.notes]) for b in beats] == [
        (0, 1, [(1, 3), (5, 10)]),
        (1, 1, [(0, 0)]),
    ]
    assert score_to_tab(score).tab.tuning.capo == 2


def test_voices_backups_ties_and_graces() -> None:
    grace = """<note><grace/><pitch><step>E</step><octave>4</octave></pitch><type>16th</type><voice>1</voice>
<notations><technical><string>1</string><fret>2</fret></technical></notations></note>"""
    measure = (
        note(duration="4", string=1, fret=0, more="<voice>1</voice>")
        + grace
        + note(string=1, fret=3, more='<tie type="start"/><voice>1</voice>')
        + "<backup><duration>6</duration></backup><forward><duration>1</duration></forward>"
        + note("E2", duration="0.5", string=6, fret=2, more="<voice>2</voice>")
    )
    tied = note(duration="8", string=1, fret=3, more='<tie type="stop"/><voice>1</voice>')
    track = track_of(document(measure, tied))
    assert [(b.voice, b.start, b.duration, b.grace) for b in track.bars[0].beats] == [
        (0, 0, 2, None),
        (1, Fraction(1, 2), Fraction(1, 4), None),
        (0, 2, Fraction(1, 4), "before"),
        (0, 2, 1, None),
    ]
    assert track.bars[1].beats[0].notes[0].tied


def test_techniques() -> None:
    bend = "<bend><bend-alter>2</bend-alter></bend><bend><bend-alter>-2</bend-alter><release/></bend>"
    prebend = "<bend><bend-alter>1</bend-alter><pre-bend/></bend>"
    release = "<bend><bend-alter>-4</bend-alter><release/></bend>"
    (held,) = track_of(document(note(string=1, technical=release))).bars[0].beats[0].notes
    assert [p.cents for p in held.bend] == [400.0, 0.0]
    hammer = '<hammer-on type="start">H</hammer-on>'
    measure = (
        note(string=1, technical=bend)
        + note(string=1, technical=prebend)
        + note(string=1, technical=hammer + "<tap/>", more="<notehead>x</notehead>")
        + note(string=1, technical="<harmonic><natural/></harmonic>", more="<play><mute>palm</mute></play>")
    )
    slide = '<notations><slide type="start"/><tied type="let-ring"/></notations>'
    notes = [
        n
        for b in track_of(document(measure.replace("</note>", slide + "</note>", 1))).bars[0].beats
        for n in b.notes
    ]
    assert notes[0].bend == (
        CurvePoint(at=Fraction(0), cents=0.0),
        CurvePoint(at=Fraction(1, 2), cents=200.0),
        CurvePoint(at=Fraction(1), cents=0.0),
    )
    assert notes[0].slides == {"shift"}
    assert notes[0].techniques == {"let_ring"}
    assert notes[1].bend == (CurvePoint(at=Fraction(0), cents=100.0),)
    assert notes[2].hammer
    assert notes[2].techniques == {"dead"}
    assert notes[2].marks == {"tapped notes"}
    assert notes[3].techniques == {"harmonic", "palm_mute"}


def test_bars_of_the_whole_piece() -> None:
    attributes = """<key><fifths>1</fifths><mode>minor</mode></key>
<time><beats>3+2</beats><beat-type>8</beat-type></time>"""
    tempo = '<direction><direction-type><words>Los</words></direction-type><sound tempo="90"/></direction>'
    mark = """<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>
<per-minute>80</per-minute></metronome></direction-type></direction>"""
    harmony = """<harmony><root><root-step>F</root-step><root-alter>1</root-alter></root>
<kind>minor-seventh</kind><bass><bass-step>C</bass-step></bass></harmony>"""
    ending = '<barline><ending number="1,3" type="start"/></barline>'
    close = '<barline><ending number="1,3" type="stop"/><repeat direction="backward" times="4"/></barline>'
    score = parse_musicxml(
        document(
            '<barline><repeat direction="forward"/></barline>'
            + tempo
            + harmony
            + note(duration="5", string=1),
            ending + note(duration="2", string=1) + mark + note(duration="3", string=1),
            note(duration="5", string=1) + close,
            note(duration="5", string=1),
            attributes=attributes + TAB_CLEF,
        )
    )
    assert [(b.beats_per_bar, b.beat_unit, b.length) for b in score.bars] == [(5, 8, Fraction(5, 2))] * 4
    assert [b.endings for b in score.bars] == [frozenset(), {1, 3}, {1, 3}, frozenset()]
    assert score.bars[0].repeat_open
    assert score.bars[2].repeat_close == 4
    assert score.bars[0].tempos == ((0, 90.0),)
    assert score.bars[1].tempos == ((1, 120.0),)
    assert score.bars[0].key is not None
    assert score.bars[0].key.mode == "minor"
    assert score.tracks[0].bars[0].beats[0].chord == "F#m7/C"
    assert score.left_out["texts"] == 1


def test_a_short_first_bar_is_a_pickup() -> None:
    score = parse_musicxml(document(note(string=1), note(duration="8", string=1)))
    assert [b.length for b in score.bars] == [1, 4]


def test_the_tab_staff_beside_a_notation_staff_is_the_track() -> None:
    attributes = '<staves>2</staves><clef number="1"><sign>G</sign></clef>' + TAB_CLEF.replace(
        "<clef>", '<clef number="2">'
    ).replace("<staff-details>", '<staff-details number="2">')
    measure = (
        note(more="<staff>1</staff>")
        + "<backup><duration>2</duration></backup>"
        + note(string=1, fret=0, more="<voice>5</voice><staff>2</staff>")
    )
    score = parse_musicxml(document(measure, attributes=attributes))
    (beat,) = score.tracks[0].bars[0].beats
    assert [(n.string, n.fret) for n in beat.notes] == [(5, 0)]
    assert score.left_out["notes on the staves beside the tab"] == 1


def test_parts_without_strings_sound_as_they_are_transposed() -> None:
    attributes = "<transpose><chromatic>-2</chromatic><octave-change>-1</octave-change></transpose>"
    track = track_of(document(note("E4"), attributes=attributes))
    assert (track.open_pitches, track.kind) == ((), "other")
    assert [n.pitch for n in track.bars[0].beats[0].notes] == [64 - 14]
    drums = track_of(document(note("E4"), attributes="<clef><sign>percussion</sign></clef>"))
    assert drums.kind == "drums"
    channel = "<midi-instrument><midi-channel>10</midi-channel></midi-instrument>"
    assert track_of(document(note("E4"), attributes="", part=channel)).kind == "drums"


def test_timewise_documents_and_archives_read_alike() -> None:
    partwise = document(note(string=1, fret=3), note(string=2, fret=5, duration="8"))
    text = partwise.decode()
    body = text[text.index('<part id="P1">') + len('<part id="P1">') : text.index("</part></score-partwise>")]
    turned = body.replace("</measure>", "</part></measure>")
    for number in ("1", "2"):
        turned = turned.replace(f'<measure number="{number}">', f'<measure number="{number}"><part id="P1">')
    head = text[: text.index('<part id="P1">')]
    timewise = f"{head}{turned}</score-partwise>".replace("score-partwise", "score-timewise").encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="a/b.xml"/></rootfiles></container>',
        )
        archive.writestr("a/b.xml", partwise)
    expected = parse_musicxml(partwise, "song")
    assert expected.tracks[0].n_notes == 2
    for data in (timewise, file.getvalue()):
        read: Score = parse_musicxml(data, "song")
        assert (read.bars, read.tracks) == (expected.bars, expected.tracks)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<score/>", "is no MusicXML score"),
        (document(), "has no parts with measures"),
        (
            document("<note><rest/><duration>x</duration></note>"),
            r"part 1 'Gitarre', bar 1: a duration: must be a",
        ),
        (document(note("H4")), r"part 1 'Gitarre', bar 1: 'H' is no step"),
        (
            document(note(string=1), note(string=2, fret=100)),
            r"part 1 'Gitarre', bar 2: fret: must be 0 to 99",
        ),
        (document(note(duration="9999")), "bar 1: lasts more than 256 quarter notes"),
        (document(note()).replace(b"<divisions>2", b"<divisions>0"), "divisions must be more than 0"),
        (
            document(note(), attributes="<time><beats>3</beats><beat-type>7</beat-type></time>"),
            "impossible metre 3/7",
        ),
        (document(note()).replace(b"4.0 Partwise//EN", b'x" "x" [<!ENTITY a "b">] y="'), "song.xml: line 2"),
        (b"PK\x03\x04", "is not a readable zip archive"),
    ],
)
def test_errors_name_the_place(data: bytes, message: str) -> None:
    with pytest.raises(TabFormatError, match=message) as caught:
        parse_musicxml(data, "song.xml")
    assert caught.value.message.startswith("song.xml: ")
