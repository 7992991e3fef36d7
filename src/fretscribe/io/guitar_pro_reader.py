"""Guitar Pro 3 to 5 (and the newer ones, by their first bytes) to a `Score`.

PyGuitarPro reads the bytes; its model becomes ours here. Its strings count 1 = highest, its bends count
quarter tones over twelfths of the note. Neighbours: ``gpif_reader`` reads what Guitar Pro 6 to 8 wrote,
``score`` is the result.
"""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from guitarpro import models as gp
from guitarpro.io import getVersionAndGPFile
from guitarpro.iobase import GPFileBase

from fretscribe.errors import TabFormatError
from fretscribe.io.archives import ZIP_MAGIC
from fretscribe.io.gpif_reader import parse_gp, parse_gpx
from fretscribe.io.gpx_container import PACKED, PLAIN
from fretscribe.io.key_signatures import key_of_fifths
from fretscribe.io.score import (
    MAX_BARS,
    MAX_BEATS,
    MAX_NOTES,
    MAX_TRACKS,
    CurvePoint,
    Grace,
    Harmonic,
    Score,
    ScoreBar,
    ScoreBeat,
    ScoreNote,
    ScoreTrack,
    Slide,
    TrackBar,
    check_limits,
    track_kind,
    track_place,
)
from fretscribe.music import Technique

MAX_BYTES = 4_000_000
_ENCODING = "cp1252"
_CENTS_PER_VALUE = 50.0
_BEND_STEPS = 12
_TEMPOS = range(1, 2001)

# What PyGuitarPro raises on bytes that are no score; anything else would be a bug and must show.
_READ_ERRORS = (
    gp.GPException, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError,
    ZeroDivisionError, EOFError, RecursionError,
)  # fmt: skip

_SLIDES: dict[gp.SlideType, Slide] = {
    gp.SlideType.shiftSlideTo: "shift",
    gp.SlideType.legatoSlideTo: "legato",
    gp.SlideType.intoFromBelow: "in_below",
    gp.SlideType.intoFromAbove: "in_above",
    gp.SlideType.outDownwards: "out_down",
    gp.SlideType.outUpwards: "out_up",
}
_HARMONICS: dict[int, Harmonic] = {1: "natural", 2: "artificial", 3: "tapped", 4: "pinch", 5: "semi"}
_SLAPS = {
    gp.SlapEffect.tapping: "tapped beats",
    gp.SlapEffect.slapping: "slapped beats",
    gp.SlapEffect.popping: "popped beats",
}


def parse_guitar_pro(data: bytes, name: str = "Guitar Pro file") -> Score:
    """A score from the bytes of a Guitar Pro file of any version from 3 to 8.

    Parameters
    ----------
    data : bytes
        gp3, gp4, gp5 (at most 4 MB), gpx or gp.
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        If the bytes are no such file, or break off; the message names the track and the bar where known.
    """
    if data.startswith(ZIP_MAGIC):
        return parse_gp(data, name)
    if data[:4] in (PACKED, PLAIN):
        return parse_gpx(data, name)
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is {len(data)} bytes long, the limit is {MAX_BYTES}")
    try:
        song = _parse(data)
    except _READ_ERRORS as e:
        raise TabFormatError(
            f"{name}: is not a readable Guitar Pro file: {str(e) or type(e).__name__}"
        ) from e
    return check_limits(_score(song, name))


def _parse(data: bytes) -> gp.Song:
    """PyGuitarPro's reading, stopped where a file claims more than a score may have.

    Its model takes kilobytes for every beat, and a broken or hostile file can claim millions of them.
    """
    file = io.BytesIO(data)
    header = GPFileBase(file, _ENCODING).readVersion()
    version, reader = getVersionAndGPFile(header)

    class Limited(reader):  # type: ignore[misc, valid-type]
        n_beats = 0
        n_notes = 0

        def readMeasureHeaders(self, song: gp.Song, count: int, *rest: object) -> None:  # noqa: N802
            _check_count(count, MAX_BARS, "bars")
            super().readMeasureHeaders(song, count, *rest)

        def readTracks(self, song: gp.Song, count: int, *rest: object) -> None:  # noqa: N802
            _check_count(count, MAX_TRACKS, "tracks")
            super().readTracks(song, count, *rest)

        def readBeat(self, *given: object) -> object:  # noqa: N802
            self.n_beats += 1
            _check_count(self.n_beats, MAX_BEATS, "beats")
            return super().readBeat(*given)

        def readNote(self, *given: object) -> object:  # noqa: N802
            self.n_notes += 1
            _check_count(self.n_notes, MAX_NOTES, "notes")
            return super().readNote(*given)

    return Limited(file, _ENCODING, version=header, versionTuple=version).readSong()


def _check_count(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise gp.GPException(f"it has more than {limit} {what}")


def _score(song: gp.Song, name: str) -> Score:
    left_out: Counter[str] = Counter()
    tempos = _tempos(song, left_out)
    bars = tuple(_bars(song, tempos, left_out, name))
    tracks = tuple(_track(track, i, left_out, name) for i, track in enumerate(song.tracks))
    left_out["lyric lines"] += sum(bool(line.lyrics.strip()) for line in song.lyrics.lines)
    return Score(name=name, title=song.title, artist=song.artist, bars=bars, tracks=tracks, left_out=left_out)


def _tempos(song: gp.Song, left_out: Counter[str]) -> dict[int, dict[Fraction, float]]:
    """Bar -> tempo changes; those of any track change the tempo of all."""
    found: dict[int, dict[Fraction, float]] = {}
    if song.tempo in _TEMPOS:
        found[0] = {Fraction(0): float(song.tempo)}
    for track in song.tracks:
        for i, measure in enumerate(track.measures):
            for voice in measure.voices:
                for start, beat in _positions(voice):
                    change = beat.effect.mixTableChange
                    if change is None or change.tempo is None:
                        continue
                    if change.tempo.value not in _TEMPOS:
                        left_out["impossible tempos"] += 1
                        continue
                    if change.tempo.duration > 0:
                        left_out["gradual changes of tempo, played at once"] += 1
                    found.setdefault(i, {})[start] = float(change.tempo.value)
    return found


def _bars(
    song: gp.Song, tempos: dict[int, dict[Fraction, float]], left_out: Counter[str], name: str
) -> Iterator[ScoreBar]:
    for i, header in enumerate(song.measureHeaders):
        beats, unit = header.timeSignature.numerator, header.timeSignature.denominator.value
        if not (1 <= beats <= 128 and unit in (1, 2, 4, 8, 16, 32, 64)):
            raise TabFormatError(f"{name}: bar {i + 1}: has the impossible metre {beats}/{unit}")
        if header.tripletFeel != gp.TripletFeel.none:
            left_out["bars in triplet feel, played straight"] += 1
        if header.marker is not None:
            left_out["section names"] += 1
        signs = [s for s in (header.direction, header.fromDirection) if s is not None]
        fifths, minor = header.keySignature.value
        yield ScoreBar(
            beats_per_bar=beats,
            beat_unit=unit,
            length=Fraction(4 * beats, unit),
            repeat_open=header.isRepeatOpen,
            repeat_close=header.repeatClose + 1 if header.repeatClose > 0 else 0,
            endings=frozenset(bit + 1 for bit in range(8) if header.repeatAlternative >> bit & 1),
            tempos=tuple(sorted(tempos.get(i, {}).items())),
            key=key_of_fifths(fifths, minor=bool(minor)),
            section="" if header.marker is None else header.marker.title,
            jumps=tuple(sign.name for sign in signs),
        )


def _positions(voice: gp.Voice) -> Iterator[tuple[Fraction, gp.Beat]]:
    """Beats with their start in quarter notes from the bar's; empty ones take no time."""
    at = Fraction(0)
    for beat in voice.beats:
        yield at, beat
        if beat.status != gp.BeatStatus.empty:
            at += _duration(beat.duration)


def _duration(duration: gp.Duration) -> Fraction:
    """In quarter notes."""
    plain = Fraction(4, duration.value) * (Fraction(3, 2) if duration.isDotted else 1)
    return plain * Fraction(duration.tuplet.times, duration.tuplet.enters)


def _track(track: gp.Track, index: int, left_out: Counter[str], name: str) -> ScoreTrack:
    place = f"{name}: {track_place(index, track.name)}"
    pitches = tuple(s.value for s in reversed(track.strings))
    program = track.channel.instrument if 0 <= track.channel.instrument <= 127 else None
    bars = []
    for i, measure in enumerate(track.measures):
        try:
            beats = [b for v, voice in enumerate(measure.voices) for b in _beats(voice, v, track, left_out)]
        except (ZeroDivisionError, ValueError) as e:
            raise TabFormatError(f"{place}, bar {i + 1}: has a beat of no possible duration") from e
        over = sum(
            b.start >= Fraction(measure.length, gp.Duration.quarterTime) and bool(b.notes) for b in beats
        )
        left_out["beats after the end of their bar, played there"] += over
        bars.append(TrackBar(beats=tuple(sorted(beats, key=lambda b: b.start))))
    return ScoreTrack(
        name=track.name,
        kind="drums" if track.isPercussionTrack else track_kind(program, pitches),
        open_pitches=pitches,
        capo=track.offset,
        n_frets=track.fretCount,
        program=program,
        bars=tuple(bars),
    )


def _beats(voice: gp.Voice, index: int, track: gp.Track, left_out: Counter[str]) -> Iterator[ScoreBeat]:
    n_strings = len(track.strings)
    for start, beat in _positions(voice):
        if beat.status == gp.BeatStatus.empty:
            continue
        notes = [n for n in beat.notes if n.type != gp.NoteType.rest]
        graces = [n for n in notes if n.effect.grace is not None]
        if graces:
            yield _grace_beat(graces, start, index, n_strings)
        if beat.text:
            left_out["texts"] += 1
        chord = beat.effect.chord
        yield ScoreBeat(
            start=start,
            duration=_duration(beat.duration),
            voice=index,
            notes=tuple(_note(n, n_strings, vibrato=beat.effect.vibrato) for n in notes),
            chord="" if chord is None else chord.name.strip(),
            marks=_beat_marks(beat.effect),
        )


def _beat_marks(effect: gp.BeatEffect) -> frozenset[str]:
    # PyGuitarPro makes None of a stroke that goes neither up nor down.
    stroke = effect.stroke or gp.BeatStroke()
    marks = {
        "strokes (brush, rasgueado)": effect.hasRasgueado or stroke.direction != gp.BeatStrokeDirection.none,
        "pick strokes": effect.hasPickStroke,
        "fades": effect.fadeIn,
        "whammy bar moves": effect.isTremoloBar,
        _SLAPS.get(effect.slapEffect, ""): effect.isSlapEffect,
    }
    return frozenset(name for name, there in marks.items() if there and name)


def _grace_beat(notes: list[gp.Note], start: Fraction, voice: int, n_strings: int) -> ScoreBeat:
    graces = [n.effect.grace for n in notes]
    kind: Grace = "on" if graces[0].isOnBeat else "before"
    return ScoreBeat(
        start=start,
        duration=max(Fraction(4, max(g.duration, 1)) for g in graces),
        voice=voice,
        notes=tuple(
            ScoreNote(
                string=n_strings - n.string,
                fret=max(g.fret, 0),
                velocity=min(max(g.velocity, 1), 127),
                techniques=frozenset({"dead"} if g.isDead else set()),
                hammer=g.transition == gp.GraceEffectTransition.hammer,
                slides=frozenset({"legato"} if g.transition == gp.GraceEffectTransition.slide else set()),
                marks=frozenset(
                    {"bends of grace notes"} if g.transition == gp.GraceEffectTransition.bend else set()
                ),
            )
            for n, g in zip(notes, graces, strict=True)
        ),
        grace=kind,
    )


def _note(note: gp.Note, n_strings: int, *, vibrato: bool) -> ScoreNote:
    effect = note.effect
    techniques: dict[Technique, bool] = {
        "vibrato": effect.vibrato or vibrato,
        "palm_mute": effect.palmMute,
        "dead": note.type == gp.NoteType.dead,
        "harmonic": effect.isHarmonic,
        "let_ring": effect.letRing,
    }
    marks = {
        "accents": effect.accentuatedNote or effect.heavyAccentuatedNote,
        "ghost notes": effect.ghostNote,
        "staccato notes": effect.staccato,
        "trills": effect.isTrill,
        "tremolo-picked notes": effect.isTremoloPicking,
    }
    return ScoreNote(
        string=n_strings - note.string,
        fret=note.value,
        tied=note.type == gp.NoteType.tie,
        velocity=min(max(note.velocity, 1), 127),
        techniques=frozenset(name for name, there in techniques.items() if there),
        hammer=effect.hammer,
        slides=frozenset(_SLIDES[s] for s in effect.slides if s in _SLIDES),
        harmonic=_HARMONICS.get(effect.harmonic.type) if effect.isHarmonic else None,
        bend=_curve(effect.bend) if effect.isBend else (),
        marks=frozenset(name for name, there in marks.items() if there),
    )


def _curve(bend: gp.BendEffect) -> tuple[CurvePoint, ...]:
    points = sorted(bend.points, key=lambda p: p.position)
    return tuple(
        CurvePoint(
            at=Fraction(min(max(p.position, 0), _BEND_STEPS), _BEND_STEPS), cents=p.value * _CENTS_PER_VALUE
        )
        for p in points
    )
