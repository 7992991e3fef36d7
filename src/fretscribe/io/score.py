"""A written score, as Guitar Pro, MusicXML and their kin hold it: bars, beats and notes of several tracks.

The neutral value between score files and `Tab`: every reader fills it, ``score_to_tab`` plays it. Positions
and durations are fractions of a quarter note; bars and tracks count from 0 here and from 1 in messages.
String 0 is the lowest, frets count from the capo. Layout, colours and the settings of sounds have no place
here; what is music and still finds none is counted in ``Score.left_out``. Knows no seconds and no files.
Neighbours: ``guitar_pro_reader``, ``gpif_reader``, ``musicxml_reader`` fill it, ``score_order`` and
``score_clock`` say when its bars sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from fretscribe.errors import TabFormatError
from fretscribe.music import Key, Technique, Tuning

TrackKind = Literal["guitar", "bass", "drums", "other"]
Grace = Literal["before", "on"]
Slide = Literal["shift", "legato", "in_below", "in_above", "out_down", "out_up", "pick_down", "pick_up"]
Harmonic = Literal["natural", "artificial", "pinch", "tapped", "semi", "feedback"]

MAX_BARS = 10_000
MAX_TRACKS = 256
MAX_BEATS = 200_000
MAX_NOTES = 200_000
MAX_QUARTERS_A_BAR = 256
GUITAR_PROGRAMS = range(24, 32)
BASS_PROGRAMS = range(32, 40)
_LOWEST_BASS_PITCH = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A point of a bend: share of the note's duration (0..1) and cents above its pitch."""

    at: Fraction
    cents: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreNote:
    """A note as written.

    Attributes
    ----------
    string, fret : int, or None
        None where the score names pitches only (or, for a fret, where the note is tied).
    pitch : int, or None
        MIDI pitch as it sounds, where the score names it; string and fret rule where both are there.
    tied : bool
        Not struck: the note before it on the same string (or at the same pitch) goes on.
    velocity : int
        1..127.
    techniques : frozenset of Technique
        What belongs to the note itself: vibrato, palm mute, dead, harmonic, let ring.
    hammer : bool
        The next note on the string is hammered on or pulled off.
    slides : frozenset of Slide
        Shift and legato lead to the next note on the string.
    harmonic : Harmonic, or None
        Which kind, where the technique is there.
    bend : tuple of CurvePoint
    marks : frozenset of str
        Other ways of playing by their names ("trill", "tap", ...), which a `Tab` does not hold.
    """

    string: int | None = None
    fret: int | None = None
    pitch: int | None = None
    tied: bool = False
    velocity: int = 80
    techniques: frozenset[Technique] = frozenset()
    hammer: bool = False
    slides: frozenset[Slide] = frozenset()
    harmonic: Harmonic | None = None
    bend: tuple[CurvePoint, ...] = ()
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBeat:
    """Notes of one voice that are struck together, or a rest.

    Attributes
    ----------
    start, duration : Fraction
        Quarter notes, the start from the bar's. A grace beat starts where the beat that it ornaments starts,
        and takes no room in the bar.
    voice : int
    notes : tuple of ScoreNote
        Empty for a rest.
    grace : "before", "on" or None
        A grace beat, played before its main beat or on it.
    chord : str
        Chord symbol written above, or "".
    marks : frozenset of str
        As `ScoreNote.marks`, for the whole beat.
    """

    start: Fraction
    duration: Fraction
    voice: int = 0
    notes: tuple[ScoreNote, ...] = ()
    grace: Grace | None = None
    chord: str = ""
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackBar:
    """What one track plays in a bar: beats sorted by start, and how many bars back a simile sign repeats."""

    beats: tuple[ScoreBeat, ...] = ()
    simile: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTrack:
    """One staff of one instrument.

    Attributes
    ----------
    name : str
    kind : TrackKind
    open_pitches : tuple of int
        Strings low to high, empty where the score names none.
    capo, n_frets : int
        As in `Tuning`.
    program : int, or None
        General MIDI program, 0..127.
    n_staves : int
        Staves that were read into one (a piano's two), 1 for a guitar.
    bars : tuple of TrackBar
        As many as the score has.
    """

    name: str
    kind: TrackKind = "guitar"
    open_pitches: tuple[int, ...] = ()
    capo: int = 0
    n_frets: int = 24
    program: int | None = None
    n_staves: int = 1
    bars: tuple[TrackBar, ...] = ()

    @property
    def n_notes(self) -> int:
        return sum(len(beat.notes) for bar in self.bars for beat in bar.beats)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBar:
    """What all tracks share in a bar.

    Attributes
    ----------
    beats_per_bar, beat_unit : int
        The metre as written.
    length : Fraction
        Quarter notes that the bar lasts: shorter than its metre where it is a pick-up.
    repeat_open : bool
    repeat_close : int
        How often the repeated passage is played in all, 0 where none ends here.
    endings : frozenset of int
        Rounds (from 1) in which the bar is played; empty = all.
    tempos : tuple of (Fraction, float)
        Quarter notes from the bar's start, and quarter notes a minute from there on.
    key : Key, or None
    section : str
    jumps : tuple of str
        Signs such as "Segno" or "D.C. al Fine".
    """

    beats_per_bar: int = 4
    beat_unit: int = 4
    length: Fraction = Fraction(4)
    repeat_open: bool = False
    repeat_close: int = 0
    endings: frozenset[int] = frozenset()
    tempos: tuple[tuple[Fraction, float], ...] = ()
    key: Key | None = None
    section: str = ""
    jumps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A piece for several instruments.

    Attributes
    ----------
    name : str
        The file, for messages.
    title, artist : str
    bars : tuple of ScoreBar
    tracks : tuple of ScoreTrack
    left_out : mapping of str to int
        What the file holds and the score does not: a plural name -> how often.
    """

    name: str
    title: str = ""
    artist: str = ""
    bars: tuple[ScoreBar, ...] = ()
    tracks: tuple[ScoreTrack, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "left_out", MappingProxyType(dict(self.left_out)))


def track_kind(program: int | None, open_pitches: tuple[int, ...]) -> TrackKind:
    """Guitar, bass or something else, by its MIDI program and its strings.

    >>> track_kind(30, (38, 45, 50, 55, 59, 64)), track_kind(33, (28, 33, 38, 43)), track_kind(0, ())
    ('guitar', 'bass', 'other')
    """
    looks_bass = 0 < len(open_pitches) <= 5 and min(open_pitches) <= _LOWEST_BASS_PITCH
    if program in BASS_PROGRAMS or (looks_bass and program in (None, *GUITAR_PROGRAMS)):
        return "bass"
    if program in GUITAR_PROGRAMS or (program is None and open_pitches):
        return "guitar"
    return "other"


def track_place(index: int, name: str) -> str:
    """How messages call a track.

    >>> track_place(0, "Lead")
    "track 1 'Lead'"
    """
    return f"track {index + 1} {name[:40]!r}"


def tuning_of(track: ScoreTrack, place: str) -> Tuning:
    """The tuning of a track with strings, its neck long enough for every fret that is written.

    Raises
    ------
    TabFormatError
        If a tab cannot hold such strings or such a capo; the message starts with ``place``.
    """
    highest = max((n.fret or 0 for bar in track.bars for b in bar.beats for n in b.notes), default=0)
    n_frets = min(max(track.n_frets, track.capo + highest, track.capo + 1, 1), 36)
    try:
        return Tuning(open_pitches=track.open_pitches, n_frets=n_frets, capo=track.capo)
    except ValueError as e:
        raise TabFormatError(f"{place}: {e}") from e


def check_limits(score: Score) -> Score:
    """The score itself, if it is of a size that can be worked with.

    Raises
    ------
    TabFormatError
        If it has no bars or no tracks, or too many bars, tracks, beats or notes.
    """
    n_beats = sum(len(bar.beats) for track in score.tracks for bar in track.bars)
    n_notes = sum(track.n_notes for track in score.tracks)
    for count, limit, what in (
        (len(score.bars), MAX_BARS, "bars"),
        (len(score.tracks), MAX_TRACKS, "tracks"),
        (n_beats, MAX_BEATS, "beats"),
        (n_notes, MAX_NOTES, "notes"),
    ):
        if count > limit:
            raise TabFormatError(f"{score.name}: has {count} {what}, the limit is {limit}")
    if not score.bars or not score.tracks:
        raise TabFormatError(f"{score.name}: has no {'tracks' if score.bars else 'bars'}")
    for i, bar in enumerate(score.bars):
        if not 0 < bar.length <= MAX_QUARTERS_A_BAR:
            raise TabFormatError(
                f"{score.name}: bar {i + 1}: lasts {bar.length} quarter notes, not up to {MAX_QUARTERS_A_BAR}"
            )
    return score
