import dataclasses
from fractions import Fraction

from fretscribe.io.ascii_tab import text_losses
from fretscribe.io.formats import losses_of
from fretscribe.io.losses import lost_techniques
from fretscribe.music import BeatGrid, BendPoint
from fretscribe.result import Transcription
from strategies import tab_note, tab_of


def test_techniques_that_are_no_sound_are_counted() -> None:
    bent = tab_note(1, 5, 3, "bend", "vibrato")
    curve = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.1, cents=200.0))
    heard = dataclasses.replace(bent, note=dataclasses.replace(bent.note, bend=curve))
    tab = tab_of(tab_note(0, 3, 0, "palm_mute"), tab_note(0, 3, 1, "palm_mute", "slide"), heard)
    assert lost_techniques(tab) == ("2 palm mutes", "1 slide")
    assert lost_techniques(tab_of(bent)) == ("1 bend of unknown height", "1 vibrato without a pitch curve")
    result = Transcription(tab=tab)
    for name in ("mid", "jams"):
        assert losses_of(result, name) == f"not in the .{name} file: 2 palm mutes; 1 slide"
    assert losses_of(result, "txt") == ""


def test_bars_whose_values_have_no_letters_are_counted() -> None:
    beats = BeatGrid.constant(120.0, 8.0, beats_per_bar=2, beat_unit=2)  # four 64th notes in a 16th
    fast = [tab_note(i, 3, Fraction(i, 32)) for i in range(4)]
    tab = tab_of(*fast, tab_note(0, 7, 4), beats=beats)
    assert text_losses(tab) == ("note values of 1 bar",)
    assert text_losses(tab_of(tab_note(0, 3, 0))) == text_losses(dataclasses.replace(tab, beats=None)) == ()
