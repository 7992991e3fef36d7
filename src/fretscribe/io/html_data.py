"""What a page knows of a tab: notes with seconds, places and confidence, and where every bar lies in time.

The page's script reads it as JSON (``page/song.js`` says what it makes of it). The page finds the notes that
alphaTab draws by counting along the strings, as ``alphatex_writer`` promises. Neighbours: ``tab_to_score``
engraves, ``html_writer`` puts this into the page.
"""

from __future__ import annotations

from fretscribe.convert import pitch_name
from fretscribe.io.score import Score
from fretscribe.io.tab_to_score import STEADY, bar_beats
from fretscribe.music import TabNote
from fretscribe.result import Transcription
from fretscribe.symbols import key_name, key_uses_flats
from fretscribe.tunings import tuning_name, tuning_text

_N_ALTERNATIVES = 4
_S, _P = 3, 4
"""Digits of seconds and of probabilities."""


def page_data(result: Transcription, score: Score) -> dict[str, object]:
    """The page's data; ``score`` is `tab_to_score` of the tab. Every value can be JSON.

    Strings count from 0 = lowest; bars and beats as in ``tab.beats``, from 0.
    """
    tab = result.tab
    beats = tab.beats or STEADY
    flats = tab.key is not None and key_uses_flats(tab.key)
    return {
        "title": tab.title,
        "artist": score.artist,
        "tuning": {
            "name": tuning_name(tab.tuning),
            "strings": tuning_text(tab.tuning).split(),
            "capo": tab.tuning.capo,
            "detune_cents": result.detune_cents,
        },
        "tempo_bpm": None if tab.beats is None else round(beats.tempo_bpm, 1),
        "meter": None if tab.beats is None else f"{beats.beats_per_bar}/{beats.beat_unit}",
        "beats_per_bar": beats.beats_per_bar,
        "beat_unit": beats.beat_unit,
        "beats_s": [round(t, _S) for t in beats.beat_times_s],
        "bars": bar_beats(tab, score),
        "key": None if tab.key is None else key_name(tab.key),
        "chords": [
            {"start_s": round(c.start_s, _S), "end_s": round(c.end_s, _S), "name": c.name} for c in tab.chords
        ],
        "notes": [_note(n, flats=flats) for n in tab.notes],
    }


def _note(n: TabNote, *, flats: bool) -> dict[str, object]:
    note = n.note
    others = [a for a in n.alternatives if a.position != n.position][:_N_ALTERNATIVES]
    return {
        "start_s": round(note.onset_s, _S),
        "end_s": round(note.offset_s, _S),
        "pitch": note.pitch,
        "name": pitch_name(note.pitch, flats=flats),
        "string": n.position.string,
        "fret": n.position.fret,
        "velocity": note.velocity,
        "confidence": None if n.confidence is None else round(n.confidence, _P),
        "others": [
            {"string": a.position.string, "fret": a.position.fret, "p": round(a.probability, _P)}
            for a in others
        ],
        "techniques": sorted(n.techniques),
        "bend": [[round(p.time_s, _S), round(p.cents, 1)] for p in note.bend],
    }
