"""A list of artists for a batch: a text file, one artist a line, under headings if one likes.

::

    # comments and empty lines are skipped
    [metalcore]
    Killswitch Engage
    Some Other Band

    [folk]
    A Singer

Knows no site. Neighbour: ``fretscribe collect`` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fretscribe.errors import InputError, OptionError


def read_artists(path: Path, *, genres: Sequence[str] = ()) -> tuple[str, ...]:
    """The artists of a list, in its order, none twice.

    Parameters
    ----------
    path : Path
    genres : sequence of str
        Headings whose artists are wanted, in any case; all if empty.

    Raises
    ------
    InputError
        If the file cannot be read as UTF-8 text, names no artist, or has a heading without its bracket.
    OptionError
        If there is no such heading.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text", mend="save it as UTF-8") from error
    wanted = {genre.strip().casefold() for genre in genres}
    heading, seen, found = "", set[str](), dict[str, None]()
    for number, line in enumerate(text.splitlines(), start=1):
        line = " ".join(line.split())
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise InputError(f"{path}: line {number}: a heading ends in ]")
            heading = line[1:-1].strip().casefold()
            seen.add(heading)
        elif not wanted or heading in wanted:
            found.setdefault(line)
    if unknown := sorted(wanted - seen):
        there = ", ".join(sorted(seen)) or "no headings"
        raise OptionError(f"{path} has no heading [{unknown[0]}]", mend=f"there are {there}")
    if not found:
        raise InputError(f"{path} names no artist", mend="write one artist a line")
    return tuple(found)
