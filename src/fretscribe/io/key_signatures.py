"""Key signatures, as scores write them: fifths and a mode.

Neighbours: every score reader; ``symbols`` spells keys.
"""

from __future__ import annotations

from fretscribe.music import Key


def key_of_fifths(fifths: int, *, minor: bool = False) -> Key | None:
    """The key of a signature: sharps are positive, flats negative; None beyond eight of them.

    >>> key_of_fifths(-3, minor=True)
    Key(tonic=0, mode='minor')
    """
    if not -8 <= fifths <= 8:
        return None
    tonic = (7 * fifths + (9 if minor else 0)) % 12
    return Key(tonic=tonic, mode="minor" if minor else "major")
