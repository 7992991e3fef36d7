"""Every shape of the table sounds what its quality says and can be held by one hand."""

import pytest

from fretscribe.datasets.chord_shapes import CHORD_SHAPES, QUALITY_TONES, STANDARD_STEPS, ChordShape
from fretscribe.datasets.idioms.hand import fingers

_IDS = ["".join("x" if f is None else f"{f:x}" for f in s.frets) + s.quality for s in CHORD_SHAPES]


@pytest.mark.parametrize("shape", CHORD_SHAPES, ids=_IDS)
def test_shape_sounds_its_quality(shape: ChordShape) -> None:
    sounding = {
        (step + fret - shape.root_step) % 12
        for step, fret in zip(STANDARD_STEPS, shape.frets, strict=True)
        if fret is not None
    }
    tones = set(QUALITY_TONES[shape.quality])
    assert 0 in sounding
    assert sounding <= tones
    assert len(tones - sounding) <= 1, "at most one tone (the fifth, mostly) is left out"


@pytest.mark.parametrize("shape", CHORD_SHAPES, ids=_IDS)
def test_shape_fits_a_hand(shape: ChordShape) -> None:
    shifted = [None if f is None else f + (1 if shape.movable else 0) for f in shape.frets]
    fretted = [f for f in shifted if f]
    assert max(fretted) - min(fretted) <= 4
    assert fingers(tuple(shifted)) <= 4


def test_every_quality_has_a_shape() -> None:
    assert {shape.quality for shape in CHORD_SHAPES} == set(QUALITY_TONES)


def test_a_shape_without_its_root_is_refused() -> None:
    with pytest.raises(ValueError, match="root"):
        ChordShape(quality="m", frets=(None, 0, 2, 2, 1, 0), root_string=0, family="open")
