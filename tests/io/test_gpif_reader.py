import io
import struct
import zipfile
from fractions import Fraction

import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.gpif_reader import parse_gp, parse_gpif, parse_gpx
from fretscribe.io.score import CurvePoint, Score
from fretscribe.io.score_to_tab import score_to_tab

TRACK = """<Track id="0"><Name>Lead</Name><Staves><Staff><Properties>
<Property name="CapoFret"><Fret>2</Fret></Property><Property name="FretCount"><Number>22</Number></Property>
<Property name="Tuning"><Pitches>38 45 50 55 59 64</Pitches></Property>
<Property name="DiagramCollection"><Items><Item id="7" name="Dm"/></Items></Property>
</Properties></Staff></Staves><Sounds><Sound><MIDI><Program>29</Program></MIDI></Sound></Sounds></Track>"""
RHYTHMS = """<Rhythm id="0"><NoteValue>Quarter</NoteValue></Rhythm>
<Rhythm id="1"><NoteValue>Eighth</NoteValue><PrimaryTuplet num="3" den="2"/></Rhythm>
<Rhythm id="2"><NoteValue>Half</NoteValue><AugmentationDot count="2"/></Rhythm>"""


def document(
    *,
    beats: str,
    notes: str,
    order: str,
    master: str = "<MasterBar><Time>4/4</Time><Bars>0</Bars></MasterBar>",
    bars: str = '<Bar id="0"><Voices>0 -1 -1 -1</Voices></Bar>',
    track: str = TRACK,
    automations: str = "",
    more: str = "",
) -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<GPIF><Score><Title><![CDATA[Lied]]></Title><Artist>Niemand</Artist></Score>
<MasterTrack>{more}<Automations>{automations}</Automations></MasterTrack>
<Tracks>{track}</Tracks><MasterBars>{master}</MasterBars><Bars>{bars}</Bars>
<Voices><Voice id="0"><Beats>{order}</Beats></Voice></Voices>
<Beats>{beats}</Beats><Notes>{notes}</Notes><Rhythms>{RHYTHMS}</Rhythms></GPIF>""".encode()


def beat(key: int, rhythm: int, notes: str, inside: str = "") -> str:
    return f'<Beat id="{key}">{inside}<Rhythm ref="{rhythm}"/><Notes>{notes}</Notes></Beat>'


def note(key: int, string: int, fret: int, inside: str = "", properties: str = "") -> str:
    return f"""<Note id="{key}">{inside}<Properties>
<Property name="String"><String>{string}</String></Property>
<Property name="Fret"><Fret>{fret}</Fret></Property>{properties}</Properties></Note>"""


def enabled(*names: str) -> str:
    return "".join(f'<Property name="{n}"><Enable/></Property>' for n in names)


def values(tag: str, **named: object) -> str:
    return "".join(f'<Property name="{n}"><{tag}>{v}</{tag}></Property>' for n, v in named.items())


SIMPLE = document(beats=beat(0, 0, "0"), notes=note(0, 0, 3), order="0 0")


def test_strings_durations_and_tuning() -> None:
    data = document(
        beats=beat(0, 2, "0 1", "<Chord>7</Chord><Dynamic>PP</Dynamic>") + beat(1, 1, ""),
        notes=note(0, 0, 3) + note(1, 5, 0),
        order="0 1 1 1",
    )
    score = parse_gpif(data, "song.gp")
    assert (score.title, score.artist) == ("Lied", "Niemand")
    (track,) = score.tracks
    assert (track.open_pitches, track.capo, track.n_frets, track.kind) == (
        (38, 45, 50, 55, 59, 64),
        2,
        22,
        "guitar",
    )
    beats = track.bars[0].beats
    assert [(b.start, b.duration) for b in beats[:3]] == [
        (0, Fraction(7, 2)), (Fraction(7, 2), Fraction(1, 3)), (Fraction(23, 6), Fraction(1, 3)),
    ]  # fmt: skip
    assert [(n.string, n.fret, n.velocity) for n in beats[0].notes] == [(0, 3, 31), (5, 0, 31)]
    assert beats[0].chord == "Dm"
    assert [n.note.pitch for n in score_to_tab(score).tab.notes] == [43, 66]


def test_techniques_bends_and_marks() -> None:
    bend = enabled("Bended") + values(
        "Float", BendOriginValue="0.000", BendMiddleValue="100.0", BendMiddleOffset1="25.0",
        BendMiddleOffset2="50", BendDestinationValue="50.0", BendDestinationOffset="75.0",
    )  # fmt: skip
    played = enabled("PalmMuted", "HopoOrigin", "Tapped") + values("Flags", Slide=1 + 16 + 8)
    harmonic = enabled("Harmonic", "Muted") + '<Property name="HarmonicType"><HType>Pinch</HType></Property>'
    data = document(
        beats="".join(beat(i, 0, str(i)) for i in range(3))
        + beat(3, 1, "3", "<GraceNotes>OnBeat</GraceNotes><Tremolo>1/8</Tremolo>"),
        notes=note(0, 2, 7, properties=bend)
        + note(1, 2, 7, "<LetRing/><Vibrato>Slight</Vibrato><Accent>8</Accent>", played)
        + note(2, 2, 7, '<Tie origin="false" destination="true"/>', harmonic)
        + note(3, 2, 5),
        order="0 1 3 2",
    )
    first, second, grace, last = parse_gpif(data).tracks[0].bars[0].beats
    assert first.notes[0].bend == tuple(
        CurvePoint(at=Fraction(a, 4), cents=c) for a, c in ((0, 0.0), (1, 200.0), (2, 200.0), (3, 100.0))
    )
    assert second.notes[0].techniques == {"palm_mute", "let_ring", "vibrato"}
    assert second.notes[0].slides == {"shift", "in_below", "out_up"}
    assert second.notes[0].hammer
    assert second.notes[0].marks == {"accents", "tapped notes"}
    assert (grace.grace, grace.start, grace.marks) == ("on", 2, {"tremolo-picked beats"})
    assert last.notes[0].tied
    assert last.notes[0].techniques == {"harmonic", "dead"}
    assert last.notes[0].harmonic == "pinch"


def test_bars_of_the_whole_song() -> None:
    master = """<MasterBar><Time>3/4</Time><Bars>0</Bars><Repeat start="true" end="false" count="0"/>
<Key><AccidentalCount>-1</AccidentalCount><Mode>Minor</Mode></Key></MasterBar>
<MasterBar><Time>6/8</Time><Bars>1</Bars><Repeat start="false" end="true" count="3"/>
<AlternateEndings>1 2</AlternateEndings><Directions><Jump>DaCapo</Jump></Directions>
<Fermatas><Fermata/></Fermatas>
</MasterBar>"""
    bars = """<Bar id="0"><Voices>0 -1</Voices></Bar>
<Bar id="1"><Voices>-1</Voices><SimileMark>Simple</SimileMark></Bar>"""
    automations = """<Automation><Type>Tempo</Type><Bar>1</Bar><Position>0.5</Position><Value>100 3</Value>
<Linear>true</Linear></Automation>"""
    data = document(
        beats=beat(0, 0, "0"), notes=note(0, 0, 3), order="0", master=master, bars=bars,
        automations=automations, more="<Anacrusis/>",
    )  # fmt: skip
    score = parse_gpif(data)
    first, second = score.bars
    assert (first.length, first.repeat_open, first.repeat_close) == (1, True, 0)
    assert first.key is not None
    assert (first.key.tonic, first.key.mode) == (2, "minor")
    assert (second.beats_per_bar, second.beat_unit, second.repeat_close) == (6, 8, 3)
    assert second.endings == {1, 2}
    assert second.tempos == ((Fraction(3, 2), 150.0),)
    assert second.jumps == ("DaCapo",)
    assert score.left_out["fermatas"] == score.left_out["gradual changes of tempo, played at once"] == 1
    assert score.tracks[0].bars[1].simile == 1


def test_every_staff_is_a_track() -> None:
    staff = TRACK[TRACK.index("<Staff>") : TRACK.index("</Staves>")]
    track = TRACK.replace("</Staves>", f"{staff}</Staves>")
    master = "<MasterBar><Time>4/4</Time><Bars>0 1</Bars></MasterBar>"
    bars = '<Bar id="0"><Voices>-1</Voices></Bar><Bar id="1"><Voices>0</Voices></Bar>'
    score = parse_gpif(
        document(beats=beat(0, 0, "0"), notes=note(0, 0, 3), order="0", track=track, master=master, bars=bars)
    )
    assert [(t.name, t.n_notes) for t in score.tracks] == [("Lead (staff 1)", 0), ("Lead (staff 2)", 1)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<GPIF>", "song.gp: line 1"),
        (b"<html/>", "is no Guitar Pro document"),
        (SIMPLE.replace(b"4/4", b"4/x"), r"bar 1: the metre: must be a whole number, not 'x'"),
        (
            SIMPLE.replace(b"<Beats>0 0</Beats>", b"<Beats>9</Beats>"),
            r"track 1 'Lead', bar 1: refers to beat '9'",
        ),
        (SIMPLE.replace(b'ref="0"', b'ref="8"'), r"track 1 'Lead', bar 1: beat '0' has no rhythm"),
        (
            SIMPLE.replace(b"<Fret>3</Fret>", b"<Fret>x</Fret>"),
            r"bar 1, string 0 \(0 = lowest\): fret: must be",
        ),
        (SIMPLE.replace(b"Quarter", b"Quaver"), "unknown note value 'Quaver'"),
        (SIMPLE.replace(b"38 45", b"38 many"), r"track 1 'Lead': the tuning: must be a whole number"),
        (SIMPLE.replace(b"<Tracks>", b"<Nothing>").replace(b"</Tracks>", b"</Nothing>"), "has no tracks"),
    ],
)
def test_errors_name_the_place(data: bytes, message: str) -> None:
    with pytest.raises(TabFormatError, match=message):
        parse_gpif(data, "song.gp")


def test_beats_that_are_used_again_and_again_are_counted() -> None:
    many = " ".join(["0"] * 1001)
    data = document(beats=beat(0, 0, many), notes=note(0, 0, 3), order=" ".join(["0"] * 200))
    with pytest.raises(TabFormatError, match="more than 200000 beats or 200000 notes"):
        parse_gpif(data, "song.gp")


def zipped(data: bytes, member: str = "Content/score.gpif") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, data)
    return file.getvalue()


def frets(score: Score) -> list[int | None]:
    return [n.fret for b in score.tracks[0].bars[0].beats for n in b.notes]


def test_inside_a_zip() -> None:
    assert frets(parse_gp(zipped(SIMPLE), "song.gp")) == [3, 3]
    with pytest.raises(TabFormatError, match=r"song.gp: the archive holds no score.gpif \(1 other files\)"):
        parse_gp(zipped(SIMPLE, "other.xml"), "song.gp")
    with pytest.raises(TabFormatError, match=r"song.gp: is not a readable zip archive"):
        parse_gp(zipped(SIMPLE)[:-30], "song.gp")


def bcfs(data: bytes, name: bytes = b"score.gpif") -> bytes:
    """A file system of one file."""
    n_sectors = -(-len(data) // 0x1000)
    entry = bytearray(0x1000)
    struct.pack_into("<i", entry, 0, 2)
    entry[4 : 4 + len(name)] = name
    struct.pack_into("<i", entry, 0x8C, len(data))
    struct.pack_into(f"<{n_sectors}i", entry, 0x94, *range(2, 2 + n_sectors))
    return bytes(0x1000) + bytes(entry) + data.ljust(n_sectors * 0x1000, b"\0")


def test_inside_guitar_pro_6() -> None:
    assert frets(parse_gpx(b"BCFS" + bcfs(SIMPLE), "song.gpx")) == [3, 3]
