"""Reading JAMS: GuitarSet's own annotation, and what ``jams`` writes.

GuitarSet's notes are fractional pitches; they are rounded to the semitone, and the contour becomes a bend
only where the note is bent, not where the guitar is a little out of tune or the tracker slips on the
decay. Works on bytes, so a member of a zip will do. Neighbours: ``jams`` writes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fretscribe.convert import A4_HZ, A4_MIDI
from fretscribe.errors import OptionError
from fretscribe.io.bends import thin_bend
from fretscribe.io.files import read_limited
from fretscribe.io.json_fields import Field, load_json
from fretscribe.music import (
    STANDARD_TUNING,
    BeatGrid,
    BendPoint,
    Chord,
    Key,
    Note,
    Position,
    Tab,
    TabNote,
    Tuning,
)
from fretscribe.result import Transcription
from fretscribe.symbols import parse_key, symbol_from_harte

SANDBOX = "fretscribe"
MAX_BYTES = 256_000_000
BENT_CENTS = 30.0
_MAX_BEND_POINTS = 20
_BEND_TOLERANCE_CENTS = 4.0
_SMOOTH_POINTS = 9
_ATTACK_S = 0.03
_DECAY_S = 0.12
_DECAY_SHARE = 0.5
_MIN_BENT_POINTS = 6  # 35 ms of GuitarSet's contour
_STEADY_CENTS = 1.0
_MIN_NOTE_S = 1e-4

Array = npt.NDArray[np.float64]


def read_jams(path: Path | str) -> Transcription:
    """A JAMS file; see `parse_jams`."""
    return parse_jams(read_limited(path, MAX_BYTES), Path(path).name)


def parse_jams(data: bytes, name: str = "JAMS", *, bent_cents: float = BENT_CENTS) -> Transcription:
    """A transcription from a JAMS file in GuitarSet's layout.

    Standard tuning where the file names none. Pitches are rounded to the semitone; of two notes that
    overlap on a string the first is cut; notes off the neck are left out. Each of the latter is
    counted in ``warnings``.

    Parameters
    ----------
    data : bytes
    name : str
        What to call the file in messages.
    bent_cents : float
        A tracked contour that stays nearer than this to its median is left out.

    Raises
    ------
    TabFormatError
        If the bytes are no JSON, or hold no ``note_midi`` annotations that name their string.
    """
    root = load_json(data, name, max_bytes=MAX_BYTES)
    annotations: dict[str, list[Field]] = {}
    for annotation in root.get("annotations").items():
        annotations.setdefault(annotation.get("namespace").text(), []).append(annotation)
    own = root.get_or_null("sandbox")
    own = own if own.is_null else own.get_or_null(SANDBOX)
    tuning = STANDARD_TUNING if own.is_null else _tuning(own.get("tuning"))
    bent_cents = bent_cents if own.is_null else _STEADY_CENTS
    notes, warnings = _tab_notes(annotations, tuning, root, bent_cents, tracked=own.is_null)
    metadata = root.get_or_null("file_metadata")
    title = metadata if metadata.is_null else metadata.get_or_null("title")
    tab = root.build(
        Tab,
        tuning=tuning,
        notes=notes,
        beats=_beats(annotations.get("beat_position", []), own),
        key=_key(annotations.get("key_mode", [])),
        chords=_chords(annotations.get("chord", [])),
        title="" if title.is_null else title.text(),
    )
    return Transcription(tab=tab, warnings=warnings)


def _tuning(field: Field) -> Tuning:
    return field.build(
        Tuning,
        open_pitches=tuple(p.integer() for p in field.get("open_pitches").items()),
        capo=field.get("capo").integer(),
        n_frets=field.get("n_frets").integer(),
    )


def _source(annotation: Field, n_strings: int) -> int:
    source = annotation.get("annotation_metadata").get("data_source")
    text = source.text()
    if not (text.isascii() and text.isdigit() and len(text) == 1 and int(text) < n_strings):
        raise source.wrong(f'the string, "0" (lowest) to "{n_strings - 1}"')
    return int(text)


def _tab_notes(
    annotations: dict[str, list[Field]], tuning: Tuning, root: Field, bent_cents: float, *, tracked: bool
) -> tuple[tuple[TabNote, ...], tuple[str, ...]]:
    if "note_midi" not in annotations:
        raise root.error("has no note_midi annotations: it is no guitar tab")
    contours = {_source(a, tuning.n_strings): a.get("data") for a in annotations.get("pitch_contour", [])}
    counts: Counter[str] = Counter()
    found: list[TabNote] = []
    strings = [_source(a, tuning.n_strings) for a in annotations["note_midi"]]
    if len(set(strings)) < len(strings):
        raise root.error("has two note_midi annotations for one string")
    for string, annotation in zip(strings, annotations["note_midi"], strict=True):
        found += _string_notes(
            annotation, string, tuning, contours.get(string), counts, bent_cents, tracked=tracked
        )
    found.sort(key=lambda n: (n.note.onset_s, n.position.string))
    warnings = tuple(f"{n} notes {what}" for what, n in sorted(counts.items()))
    return tuple(found), warnings


def _string_notes(
    annotation: Field,
    string: int,
    tuning: Tuning,
    contour: Field | None,
    counts: Counter[str],
    bent_cents: float,
    *,
    tracked: bool,
) -> list[TabNote]:
    open_pitch = tuning.open_pitches[string] + tuning.capo
    curves = {} if contour is None else _contour_by_note(contour)
    # Contours count the notes as the file lists them.
    listed = list(enumerate(_observation(o) for o in annotation.get("data").items()))
    listed.sort(key=lambda x: x[1][0])
    notes: list[TabNote] = []
    for index, (onset_s, duration_s, value, confidence) in listed:
        pitch = round(value)
        offset_s = onset_s + duration_s
        onset_s = max(onset_s, 0.0)
        if not 0 <= pitch - open_pitch <= tuning.highest_fret:
            counts["lie off the neck of their string and were left out"] += 1
            continue
        if notes and notes[-1].note.offset_s > onset_s:
            counts["were cut where the next one starts on the same string"] += 1
            _cut_last(notes, onset_s, counts)
        if offset_s - onset_s < _MIN_NOTE_S:
            counts["have no duration and were left out"] += 1
            continue
        note = Note(onset_s=onset_s, offset_s=offset_s, pitch=pitch)
        if index in curves:
            note = replace(note, bend=_bend(curves[index], note, bent_cents, tracked=tracked))
        position = Position(string=string, fret=pitch - open_pitch)
        notes.append(TabNote(note=note, position=position, confidence=confidence))
    return notes


def _cut_last(notes: list[TabNote], end_s: float, counts: Counter[str]) -> None:
    """End the last note at ``end_s``; drop it where nothing is left of it."""
    last = notes.pop()
    if end_s - last.note.onset_s < _MIN_NOTE_S:
        counts["have no duration and were left out"] += 1
        return
    bend = tuple(p for p in last.note.bend if last.note.onset_s + p.time_s <= end_s)
    notes.append(replace(last, note=replace(last.note, offset_s=end_s, bend=bend)))


def _observation(field: Field) -> tuple[float, float, float, float | None]:
    confidence = field.get_or_null("confidence").optional_probability()
    return field.get("time").number(), field.get("duration").number(), field.get("value").number(), confidence


def _contour_by_note(data: Field) -> dict[int, tuple[Array, Array]]:
    """Seconds and fractional MIDI pitch of each note's voiced contour points."""
    values = data.get("value").items()
    times = _array(data.get("time"))
    if len(values) != len(times):
        raise data.error(f"has {len(times)} times and {len(values)} values")
    try:
        points = [(v.value["voiced"], v.value["index"], v.value["frequency"]) for v in values]  # type: ignore[index]
        table = np.array(points, dtype=np.float64).reshape(-1, 3)
    except (KeyError, TypeError, ValueError) as e:
        raise data.error("values must have voiced, index and frequency") from e
    use = (table[:, 0] > 0) & (table[:, 2] > 0) & np.isfinite(table).all(axis=1)
    pitches = A4_MIDI + 12.0 * np.log2(table[use, 2] / A4_HZ)
    indices = table[use, 1].astype(np.int64)
    curves = {}
    for index in np.unique(indices).tolist():
        of_note = indices == index
        curves[int(index)] = (times[use][of_note], pitches[of_note])
    return curves


def _array(field: Field) -> Array:
    try:
        array = np.array(field.value, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise field.error("must be a list of numbers") from e
    if array.ndim != 1 or not np.isfinite(array).all():
        raise field.error("must be a list of finite numbers")
    return array


def _bend(
    curve: tuple[Array, Array], note: Note, bent_cents: float, *, tracked: bool
) -> tuple[BendPoint, ...]:
    """The curve of a bent note, smoothed and thinned; empty where it keeps to its pitch.

    A tracked contour is judged against its own median (a string a quarter tone flat is not bent), without
    the attack and the decay: there the tracker often slides by a semitone or more, on one note in four.
    """
    times, cents = curve[0] - note.onset_s, (curve[1] - note.pitch) * 100.0
    head_s, tail_s = (_ATTACK_S, min(_DECAY_S, _DECAY_SHARE * note.duration_s)) if tracked else (-1e-6, 0.0)
    core = (times >= head_s) & (times < note.duration_s - tail_s)
    if int(core.sum()) < 2:
        return ()
    order = np.argsort(times[core], kind="stable")
    times, cents = np.maximum(times[core][order], 0.0), cents[core][order]
    if tracked:
        cents = _running_median(cents)
        if int((np.abs(cents - np.median(cents)) >= bent_cents).sum()) < _MIN_BENT_POINTS:
            return ()
    elif float(np.abs(cents).max()) <= bent_cents:
        return ()
    return thin_bend(times, cents, tolerance_cents=_BEND_TOLERANCE_CENTS, max_points=_MAX_BEND_POINTS)


def _running_median(values: Array) -> Array:
    width = min(_SMOOTH_POINTS, len(values) - 1 + len(values) % 2)
    if width < 3:
        return values
    padded = np.pad(values, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(np.median(windows, axis=1), dtype=np.float64)


def _beats(annotations: list[Field], own: Field) -> BeatGrid | None:
    if not annotations:
        return None
    beats = sorted((_beat(o) for o in annotations[0].get("data").items()), key=lambda b: b[0])
    if len(beats) < 2:
        return None
    sizes = Counter(size for _, _, size, _ in beats)
    meter = (sizes.most_common(1)[0][0], beats[0][3])
    if not own.is_null and not own.get_or_null("meter").is_null:
        meter = _meter(own.get("meter"))
    return annotations[0].build(
        BeatGrid,
        beat_times_s=tuple(time_s for time_s, _, _, _ in beats),
        downbeats=tuple(i for i, (_, place, _, _) in enumerate(beats) if place == 1),
        beats_per_bar=meter[0],
        beat_unit=meter[1],
    )


def _beat(field: Field) -> tuple[float, float, int, int]:
    value = field.get("value")
    return (
        field.get("time").number(),
        value.get("position").number(),
        value.get("num_beats").integer(low=1),
        value.get("beat_units").integer(low=1),
    )


def _meter(field: Field) -> tuple[int, int]:
    numerator, _, denominator = field.text().partition("/")
    if not (numerator.isdecimal() and denominator.isdecimal() and len(numerator + denominator) <= 8):
        raise field.wrong('a metre such as "4/4"')
    return int(numerator), int(denominator)


def _key(annotations: list[Field]) -> Key | None:
    """The first key, where it is major or minor (JAMS also knows modes and "N")."""
    observations = annotations[0].get("data").items() if annotations else []
    if not observations:
        return None
    try:
        return parse_key(observations[0].get("value").text())
    except OptionError:
        return None


def _chords(annotations: list[Field]) -> tuple[Chord, ...]:
    """The first chord annotation: GuitarSet's is the lead sheet, its second one the chords as played."""
    if not annotations:
        return ()
    observations = annotations[0].get("data").items()
    own = annotations[0].get_or_null("sandbox")
    own = own if own.is_null else own.get_or_null(SANDBOX)
    if own.is_null:
        names = [symbol_from_harte(o.get("value").text()) for o in observations]
    else:
        names = [s.text() for s in own.get("symbols").items()]
        if len(names) != len(observations):
            raise own.error("symbols and chords differ in number")
    chords = []
    for observation, name in zip(observations, names, strict=True):
        start_s = observation.get("time").number()
        chords.append(Chord(start_s=start_s, end_s=start_s + observation.get("duration").number(), name=name))
    return tuple(chords)
