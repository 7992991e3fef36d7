"""The parts of the route that can be switched off, one at a time: a table of levers.

A lever exchanges stages of a `Transcriber` and touches nothing else. A new one is a function from transcriber
to transcriber and a line in `LEVERS`. Neighbours: ``plain_fingering`` has the fingerings without a hand,
``ablation`` pulls the levers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fretscribe.dsp.detune import Detune
from fretscribe.evaluation.nearest_position import N_REMEMBERED
from fretscribe.evaluation.plain_fingering import by_evidence_alone, by_nearest_position
from fretscribe.frames import StringRoll
from fretscribe.music import Note, Tuning
from fretscribe.pipeline import Transcriber
from fretscribe.symbolic.decode import DecodeParams, decode_notes
from fretscribe.symbolic.fingering import Fingering, FingeringOptions

Switch = Callable[[Transcriber], Transcriber]
Finger = Callable[[Sequence[Note], Tuning, FingeringOptions], Fingering]

PLAIN_ONSET, PLAIN_ACTIVE = 0.5, 0.35
"""Decoder thresholds before any were fitted."""

_NEVER = 1.1  # an onset probability that no weak onset reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """Something that can be switched off.

    Attributes
    ----------
    name : str
        Of the row in the report.
    told : str
        What is different, for the report.
    switch : callable
        From the full transcriber to the one without.
    """

    name: str
    told: str
    switch: Switch


def without_lstm(transcriber: Transcriber) -> Transcriber:
    """TabCNN's frets as they are."""
    return replace(transcriber, lstm=None)


def without_tab_networks(transcriber: Transcriber) -> Transcriber:
    """Strings by the acoustic model and the hand."""
    return replace(transcriber, tabcnn=None, lstm=None)


def without_acoustic_strings(transcriber: Transcriber) -> Transcriber:
    """Strings by the tab networks and the hand; notes as before."""
    decode = transcriber.decode

    def decode_without(roll: StringRoll) -> list[Note]:
        return [replace(note, string_probs=None) for note in decode(roll)]

    return replace(transcriber, decode=decode_without)


def without_stiffness(transcriber: Transcriber) -> Transcriber:
    """Strings by the networks and the hand."""
    return replace(transcriber, measure_stiffness=lambda *arguments: [None] * len(arguments[-1]))


def without_detune(transcriber: Transcriber) -> Transcriber:
    """Every recording heard as it is."""
    unsure = Detune(cents=0.0, certainty=0.0)
    return replace(transcriber, estimate_detune=lambda _signal, _sample_rate: unsure)


def without_evidence(transcriber: Transcriber) -> Transcriber:
    """Strings by the hand alone."""
    return without_stiffness(without_tab_networks(without_acoustic_strings(transcriber)))


def fingered_by(finger: Finger) -> Switch:
    """Another fingering behind the same notes."""
    return lambda transcriber: replace(transcriber, hands=replace(transcriber.hands, finger=finger))


def decoded_by(params: DecodeParams) -> Switch:
    """Other parameters of the decoder."""

    def decode(roll: StringRoll) -> list[Note]:
        return decode_notes(roll, params)

    return lambda transcriber: replace(transcriber, decode=decode)


def in_turn(*switches: Switch) -> Switch:
    """Several at once, the first one first."""

    def switch(transcriber: Transcriber) -> Transcriber:
        for each in switches:
            transcriber = each(transcriber)
        return transcriber

    return switch


_PLAIN_THRESHOLDS = DecodeParams(onset_threshold=PLAIN_ONSET, active_threshold=PLAIN_ACTIVE)

FULL = Lever(name="full system", told="as it ships", switch=lambda transcriber: transcriber)

PLAINEST = Lever(
    name="plainest system",
    told=f"thresholds {PLAIN_ONSET:g} and {PLAIN_ACTIVE:g}, no weak onsets, nearest position: pitches alone",
    switch=in_turn(
        decoded_by(replace(_PLAIN_THRESHOLDS, weak_onset_threshold=_NEVER)), fingered_by(by_nearest_position)
    ),
)

LEVERS: tuple[Lever, ...] = (
    FULL,
    Lever(name="without LSTM", told="TabCNN's frets are not refined", switch=without_lstm),
    Lever(
        name="without tab networks",
        told="no TabCNN, no LSTM: strings by the acoustic model, stiffness and the hand",
        switch=without_tab_networks,
    ),
    Lever(
        name="without acoustic strings",
        told="the acoustic model gives notes, but no evidence for strings: tab networks, stiffness and hand",
        switch=without_acoustic_strings,
    ),
    Lever(
        name="without stiffness",
        told="how stiff the strings sound is not measured: strings by the networks and the hand",
        switch=without_stiffness,
    ),
    Lever(
        name="without any evidence", told="strings by the rules of the hand alone", switch=without_evidence
    ),
    Lever(
        name="without the hand",
        told="strings by the networks' evidence alone, weighed as in the full system: notes that start"
        " together have a string each, and nothing else is asked of the hand",
        switch=fingered_by(by_evidence_alone),
    ),
    Lever(
        name="nearest position",
        told=f"our notes, each on the free string nearest to the mean fret of the {N_REMEMBERED} before it;"
        " one that finds no free string is left out",
        switch=fingered_by(by_nearest_position),
    ),
    Lever(
        name="plain thresholds",
        told=f"decoder thresholds {PLAIN_ONSET:g} (onset) and {PLAIN_ACTIVE:g} (active) instead of"
        f" {DecodeParams().onset_threshold:g} and {DecodeParams().active_threshold:g}",
        switch=decoded_by(_PLAIN_THRESHOLDS),
    ),
    Lever(
        name="without weak onsets",
        told="clear activity without an onset peak makes no note",
        switch=decoded_by(DecodeParams(weak_onset_threshold=_NEVER)),
    ),
    Lever(
        name="without detune correction",
        told="guitars between the semitones are heard as they are",
        switch=without_detune,
    ),
    PLAINEST,
)
"""In the report's order; the full system is what the others are compared with."""
