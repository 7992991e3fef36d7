"""What files that know pitches and times, but no hands, lose of a tab: techniques, counted and named.

Neighbours: ``midi``, ``jams`` and ``tab_csv`` say what they lack with it; scores count their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from fretscribe.convert import counted
from fretscribe.music import Tab, TabNote, Technique

_NAMES: Mapping[Technique, tuple[str, str]] = MappingProxyType(
    {
        "bend": ("bend of unknown height", "bends of unknown height"),
        "vibrato": ("vibrato without a pitch curve", "vibratos without a pitch curve"),
        "slide": ("slide", "slides"),
        "hammer_on": ("hammer-on", "hammer-ons"),
        "pull_off": ("pull-off", "pull-offs"),
        "palm_mute": ("palm mute", "palm mutes"),
        "dead": ("dead note", "dead notes"),
        "harmonic": ("harmonic", "harmonics"),
        "let_ring": ("mark to let ring", "marks to let ring"),
    }
)


def lost_techniques(tab: Tab) -> tuple[str, ...]:
    """Techniques that are no curve of the pitch, most frequent first, such as ``"3 palm mutes"``."""
    counts = Counter(_NAMES[t] for n in tab.notes for t in n.techniques if not _is_heard(n, t))
    return tuple(counted(n, *name) for name, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))


def _is_heard(tab_note: TabNote, technique: Technique) -> bool:
    return technique in ("bend", "vibrato") and bool(tab_note.note.bend)
