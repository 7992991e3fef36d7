import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.music import Alternative, Note, Position, TabNote
from fretscribe.symbolic.confidence import ConfidenceModel, assess, note_confidence, summarize

HERE, THERE = Position(string=0, fret=5), Position(string=1, fret=0)
probabilities = st.floats(0.0, 1.0)


def tab_note(onset_prob=1.0, here=None):
    alternatives = ()
    if here is not None:
        alternatives = (
            Alternative(position=HERE, probability=here),
            Alternative(position=THERE, probability=1.0 - here),
        )
    note = Note(onset_s=0.0, offset_s=1.0, pitch=45, onset_prob=onset_prob)
    return TabNote(note=note, position=HERE, alternatives=alternatives)


@given(probabilities, probabilities)
def test_uncalibrated_confidence_is_the_product(onset_prob, here):
    assert note_confidence(tab_note(onset_prob, here)) == pytest.approx(onset_prob * here)


@given(probabilities, probabilities, probabilities)
def test_a_calibrated_confidence_is_a_probability_and_rises(low, high, other):
    model = ConfidenceModel(weights=(1.2, 0.7), bias=-0.3)
    low, high = sorted((low, high))
    for a, b in (
        (tab_note(low, other), tab_note(high, other)),
        (tab_note(other, low), tab_note(other, high)),
    ):
        assert 0.0 <= note_confidence(a, model) <= note_confidence(b, model) <= 1.0


def test_a_logistic_model_reproduces_log_odds():
    assert note_confidence(tab_note(0.7), ConfidenceModel(weights=(1.0, 0.0))) == pytest.approx(0.7)


def test_assess_and_summary():
    notes = assess([tab_note(0.9, 0.9), tab_note(0.5, 0.5)])
    assert [n.confidence for n in notes] == pytest.approx([0.81, 0.25])
    summary = summarize(notes, ConfidenceModel(threshold=0.6))
    assert (summary.target_accuracy, summary.threshold, summary.share_accepted) == (0.8, 0.6, 0.5)
    assert summarize(notes, ConfidenceModel()).share_accepted is None
    assert summarize([], ConfidenceModel(threshold=0.6)).share_accepted is None


@pytest.mark.parametrize("bad", [{"weights": (1.0,)}, {"target_accuracy": 0.0}, {"threshold": 1.5}])
def test_impossible_models(bad):
    with pytest.raises(ValueError, match=r"model has|must lie"):
        ConfidenceModel(**bad)
