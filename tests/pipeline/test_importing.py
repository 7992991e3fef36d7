import io
from fractions import Fraction
from pathlib import Path

import guitarpro
import mido
import pytest
from guitarpro import models as gp

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.formats import write_tab
from fretscribe.io.score import ScoreNote
from fretscribe.pipeline.importing import import_tab, tab_of_score
from scores import row, score, track
from strategies import tab_note, tab_of


def pitch_track(*pitches: int, **given: object) -> object:
    return track(
        row(*(ScoreNote(pitch=p, techniques=frozenset({"vibrato"})) for p in pitches)),
        open_pitches=(),
        **given,
    )


def test_pitches_get_places_and_keep_their_beats() -> None:
    result = tab_of_score(score(pitch_track(40, 52, 64), title="Lied"))  # type: ignore[arg-type]
    notes = result.tab.notes
    assert [(n.note.pitch, n.onset_beats, n.duration_beats) for n in notes] == [
        (40, 0, 1),
        (52, 1, 1),
        (64, 2, 1),
    ]
    assert all(n.techniques == {"vibrato"} for n in notes)
    assert result.tab.title == "Lied"
    assert [(s.name, s.status) for s in result.stages] == [("fingering", "ran")]
    assert "the file names no strings: fingered in standard" in result.warnings


@pytest.mark.parametrize(
    ("pitches", "kind", "lowest"),
    [((40, 60), "other", 40), ((38, 60), "other", 38), ((35, 60), "guitar", 35), ((30, 60), "other", 30),
     ((28, 50), "bass", 28), ((24, 43), "bass", 23)],
)  # fmt: skip
def test_the_first_tuning_that_fits_is_taken(pitches: tuple[int, ...], kind: str, lowest: int) -> None:
    tab = tab_of_score(score(pitch_track(*pitches, kind=kind))).tab  # type: ignore[arg-type]
    assert tab.tuning.open_pitches[0] == lowest
    assert [n.note.pitch for n in tab.notes] == list(pitches)


def test_unisons_of_two_voices_are_one_note() -> None:
    beats = row(ScoreNote(pitch=60)).beats + row(ScoreNote(pitch=60), of="2", voice=1).beats
    piece = score(track(row(), open_pitches=()))
    bars = (type(piece.tracks[0].bars[0])(beats=beats),)
    result = tab_of_score(score(track(*bars, open_pitches=())))
    assert [(n.note.pitch, n.duration_beats) for n in result.tab.notes] == [(60, Fraction(2))]


def test_what_no_guitar_plays_is_refused_with_the_reason() -> None:
    with pytest.raises(TabFormatError, match=r"track 1 'Lead': its pitches C1 to C8 do not lie on a guitar"):
        tab_of_score(score(pitch_track(24, 108)))  # type: ignore[arg-type]
    with pytest.raises(TabFormatError, match="is written on 2 staves without tab"):
        tab_of_score(score(pitch_track(60, n_staves=2)))  # type: ignore[arg-type]
    cluster = tuple(ScoreNote(pitch=p) for p in range(60, 72))
    with pytest.raises(TabFormatError, match=r"of its 12 notes are more at once than a hand can hold"):
        tab_of_score(score(track(row(cluster), open_pitches=())))


def midi(path: Path, *programs: int) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, program in enumerate(programs):
        lines = mido.MidiTrack([mido.MetaMessage("track_name", name=f"Part {channel}")])
        lines.append(mido.Message("program_change", channel=channel, program=program))
        for pitch in (52, 55):
            lines.append(mido.Message("note_on", channel=channel, note=pitch + channel, time=0))
            lines.append(mido.Message("note_off", channel=channel, note=pitch + channel, time=480))
        file.tracks.append(lines)
    file.save(str(path))
    return path


def test_midi_of_others_is_fingered(tmp_path: Path) -> None:
    path = midi(tmp_path / "song.mid", 0, 30)
    result = import_tab(path)
    assert [n.note.pitch for n in result.tab.notes] == [53, 56]
    assert [n.onset_beats for n in result.tab.notes] == [0, 1]
    assert "track 2 'Part 1' is read; not read: 1 'Part 0' (other)" in result.warnings
    assert [n.note.pitch for n in import_tab(path, track="Part 0").tab.notes] == [52, 55]
    with pytest.raises(OptionError, match="no track 3"):
        import_tab(path, track="3")
    with pytest.raises(OptionError, match="no tracks to choose from and no repeats"):
        import_tab(path, unroll=True)


def test_what_has_strings_keeps_them(tmp_path: Path) -> None:
    tab = tab_of(tab_note(0, 12, 0), tab_note(4, 1, 1))
    for name in ("own.mid", "own.json"):
        write_tab(tab, tmp_path / name)
        assert [n.position for n in import_tab(tmp_path / name).tab.notes] == [n.position for n in tab.notes]
        with pytest.raises(OptionError, match="no tracks to choose from"):
            import_tab(tmp_path / name, track="1")


def test_guitar_pro_files_by_their_suffix(tmp_path: Path) -> None:
    song = gp.Song(title="Lied")
    voice = song.tracks[0].measures[0].voices[0]
    beat = gp.Beat(voice, status=gp.BeatStatus.normal)
    beat.notes.append(gp.Note(beat, value=12, string=6, type=gp.NoteType.normal))
    voice.beats.append(beat)
    file = io.BytesIO()
    guitarpro.write(song, file, version=(5, 1, 0))
    (tmp_path / "song.gp5").write_bytes(file.getvalue())
    (note,) = import_tab(tmp_path / "song.gp5").tab.notes
    assert (note.position.string, note.position.fret) == (0, 12)
    assert import_tab(tmp_path / "song.gp5").tab.provenance["source"] == "song.gp5"
