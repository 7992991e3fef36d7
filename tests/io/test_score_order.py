from fractions import Fraction

import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.score import ScoreBar
from fretscribe.io.score_order import unrolled_order, written_order


def bars(signs: str) -> list[ScoreBar]:
    """``|:`` opens, ``:|3`` closes after three rounds, ``e12`` is the ending of rounds 1 and 2."""
    made = []
    for sign in signs.split():
        body, _, close = sign.partition(":|")
        made.append(
            ScoreBar(
                length=Fraction(4),
                repeat_open=body.startswith("|:"),
                repeat_close=int(close) if close else 0,
                endings=frozenset(int(c) for c in body.partition("e")[2]),
            )
        )
    return made


@pytest.mark.parametrize(
    ("signs", "order"),
    [
        ("a b c", "0 1 2"),
        ("|:a b:|2 c", "0 1 0 1 2"),
        ("a b:|2 c:|3", "0 1 0 1 2 2 2"),
        ("a |:b:|4", "0 1 1 1 1"),
        ("|:a |:b:|2 c:|2 d", "0 1 1 2 0 1 1 2 3"),
        ("|:a e1:|2 e2 d", "0 1 0 2 3"),
        ("|:a e12:|3 e3 d", "0 1 0 1 0 2 3"),
        ("|:a e1 x:|2 e2 d", "0 1 2 0 3 4"),
        ("|:a e1:|2 e2:|2 e3 d", "0 1 0 2 0 3 4"),
        # An ending may stand before the closing sign of another one; rounds without an ending just go on.
        ("|:a e13 e2 x:|4 d", "0 1 0 2 3 0 1 0 4"),
        ("a |:b c d e1 e23:|3 f", "0 1 2 3 4 1 2 3 5 1 2 3 5 6"),
        # An ending that belongs to no repeat is a bar like others.
        ("a e3 c", "0 1 2"),
        ("|:a b", "0 1"),
        ("a:|1 b", "0 1"),
    ],
)
def test_repeats(signs: str, order: str) -> None:
    assert unrolled_order(bars(signs), "song") == tuple(int(i) for i in order.split())


def test_as_written() -> None:
    assert written_order(bars("|:a b:|2 c")) == (0, 1, 2)


def test_too_many_bars_name_the_place() -> None:
    nested = bars("|:a |:b |:c:|1000 d:|1000 e:|1000")
    with pytest.raises(TabFormatError, match=r"song: bar \d: repeats make more than 20000 bars"):
        unrolled_order(nested, "song")
