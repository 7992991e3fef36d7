"""Key signatures, as scores write them: fifths and a mode.

Neighbours: every reader and writer of scores; ``symbols`` spells keys.
"""

from __future__ import annotations

from fretscribe.music import Key
from fretscribe.symbols import key_uses_flats


def key_of_fifths(fifths: int, *, minor: bool = False) -> Key | None:
    """The key of a signature: sharps are positive, flats negative; None beyond eight of them.

    >>> key_of_fifths(-3, minor=True)
    Key(tonic=0, mode='minor')
    """
    if not -8 <= fifths <= 8:
        return None
    tonic = (7 * fifths + (9 if minor else 0)) % 12
    return Key(tonic=tonic, mode="minor" if minor else "major")


def fifths_of_key(key: Key) -> int:
    """The signature of a key as usually written, -6 to 6; the inverse of `key_of_fifths`.

    >>> fifths_of_key(Key(tonic=0, mode="minor")), fifths_of_key(Key(tonic=6, mode="major"))
    (-3, 6)
    """
    major = key.tonic + (3 if key.mode == "minor" else 0)
    fifths = 7 * major % 12
    return fifths - 12 if key_uses_flats(key) and fifths else fifths
