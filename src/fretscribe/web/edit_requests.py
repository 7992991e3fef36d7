"""What a page asks to be changed, read strictly from JSON: every complaint names the field.

``{"kind": "place", "note": 3, "string": 1, "fret": 5}``; the kinds are those of `KINDS`. Strings count from
0 = lowest, notes as in the tab that the page shows; beats are fractions written as strings.
Neighbours: ``edits`` does what is asked, ``tab_api`` receives it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import get_args

from fretscribe.errors import OptionError
from fretscribe.io.json_fields import Field
from fretscribe.music import Position, Tab, Technique
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import Transcription
from fretscribe.web import edits

Edit = Callable[[Transcription, Hands], Transcription]
"""Makes the next state of a result."""

_TECHNIQUES: Mapping[str, Technique] = MappingProxyType({name: name for name in get_args(Technique)})
_FINEST = 96
"""Largest denominator of a beat: a 64th note, and a triplet of them."""
_RETAB: Mapping[str, Callable[[Field], object]] = MappingProxyType(
    {
        "tuning": Field.text,
        "capo": Field.integer,
        "bpm": Field.number,
        "meter": Field.text,
        "downbeat_s": Field.number,
        "prefer": Field.text,
        "max_span": Field.integer,
        "max_fret": Field.integer,
    }
)
_LISTEN = MappingProxyType({**_RETAB, "separate": Field.text, "start_s": Field.number, "end_s": Field.number})
"""Options by their names in Python, and what JSON must have for them."""


def parse_edit(request: Field) -> Edit:
    """The edit that a JSON object asks for.

    Raises
    ------
    TabFormatError
        If a field is absent, unknown or of the wrong kind.
    OptionError
        If another tuning, tempo ... makes no sense.
    """
    kind = request.get("kind")
    if kind.text() not in KINDS:
        raise kind.wrong(f"one of {', '.join(KINDS)}")
    return KINDS[kind.text()](request)


def join_retabs(earlier: str, later: Field) -> Field | None:
    """One request for two in a row that finger anew, so that a tuning is tried without losing notes to it.

    Parameters
    ----------
    earlier : str
        JSON of the edit before, "" for none.
    later : Field

    Returns
    -------
    Field or None
        To be done instead of both; None where they are not both of this kind.

    >>> join_retabs('{"kind": "retab", "capo": 3}', Field({"kind": "retab", "bpm": 90.0}, "", "")).value
    {'kind': 'retab', 'capo': 3, 'bpm': 90.0}
    """
    before = json.loads(earlier) if earlier else {}
    if before.get("kind") != "retab" or later.get("kind").value != "retab":
        return None
    wanted = {name: value for name, value in later.json_object().items() if value is not None}
    return Field({**before, **wanted}, later.place, later.file)


def last_fingering(edits: Sequence[str]) -> int:
    """The number of the last state whose places were chosen by fingering, not by hand; 0 is what was heard.

    Parameters
    ----------
    edits : sequence of str
        JSON of the edits that made states 1, 2 ...

    >>> last_fingering(['{"kind": "place"}', '{"kind": "retab"}', '{"kind": "delete"}'])
    2
    """
    fingered = [i for i, edit in enumerate(edits, start=1) if json.loads(edit)["kind"] == "retab"]
    return max(fingered, default=0)


def parse_options(fields: Field) -> TranscribeOptions:
    """Options of a transcription by their names in Python; null is the default.

    Raises
    ------
    TabFormatError
        If one is unknown or of the wrong kind.
    OptionError
        If one makes no sense.
    """
    return _options(fields.fields((), optional=_LISTEN), _LISTEN)


def _place(request: Field) -> Edit:
    fields = request.fields(("kind", "note", "string", "fret"))
    index, position = fields["note"].integer(low=0), _position(fields)
    return _of_tab(lambda tab: edits.place_note(tab, index, position))


def _delete(request: Field) -> Edit:
    index = request.fields(("kind", "note"))["note"].integer(low=0)
    return _of_tab(lambda tab: edits.delete_note(tab, index))


def _add(request: Field) -> Edit:
    fields = request.fields(("kind", "string", "fret", "onset_beats", "duration_beats"))
    position = _position(fields)
    onset, duration = _beats(fields["onset_beats"]), _beats(fields["duration_beats"])
    return _of_tab(lambda tab: edits.add_note(tab, position, onset, duration))


def _shift(request: Field) -> Edit:
    fields = request.fields(("kind", "note", "beats"))
    index, beats = fields["note"].integer(low=0), _beats(fields["beats"])
    return _of_tab(lambda tab: edits.shift_note(tab, index, beats))


def _techniques(request: Field) -> Edit:
    fields = request.fields(("kind", "note", "techniques"))
    index = fields["note"].integer(low=0)
    names = fields["techniques"].items(max_items=len(_TECHNIQUES))
    for name in names:
        if name.text() not in _TECHNIQUES:
            raise name.wrong(f"one of {', '.join(_TECHNIQUES)}")
    chosen = frozenset(_TECHNIQUES[name.text()] for name in names)
    return _of_tab(lambda tab: edits.set_techniques(tab, index, chosen))


def _retab(request: Field) -> Edit:
    options = _options(request.fields(("kind",), optional=_RETAB), _RETAB)
    if not options.given():
        raise OptionError("nothing is to be changed", mend=f"give one of {', '.join(_RETAB)}")
    return lambda result, hands: edits.finger_anew(result, options, hands)


KINDS: Mapping[str, Callable[[Field], Edit]] = MappingProxyType(
    {
        "place": _place,
        "delete": _delete,
        "add": _add,
        "shift": _shift,
        "techniques": _techniques,
        "retab": _retab,
    }
)


def _options(
    fields: Mapping[str, Field], kinds: Mapping[str, Callable[[Field], object]]
) -> TranscribeOptions:
    given = {name: read(fields[name]) for name, read in kinds.items() if not fields[name].is_null}
    return TranscribeOptions.from_mapping(given)


def _of_tab(change: Callable[[Tab], Tab]) -> Edit:
    return lambda result, hands: edits.with_tab(result, change(result.tab))


def _position(fields: Mapping[str, Field]) -> Position:
    return Position(string=fields["string"].integer(low=0), fret=fields["fret"].integer(low=0))


def _beats(field: Field) -> Fraction:
    beats = field.fraction()
    if beats.denominator > _FINEST:
        raise field.wrong(f"a fraction with a denominator of at most {_FINEST}")
    return beats
