"""Finding the programs that ours is compared with. Neighbours: ``bench_run`` and ``speed_run`` start them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fretscribe.errors import OptionError

OURS = "fretscribe"


def peer_command(name: str, program: str, *, known: bool) -> tuple[str, ...]:
    """How a peer's program is started: its path, or our Python and the path of a Python file.

    Parameters
    ----------
    name : str
    program : str
    known : bool
        Whether ``program`` is the Python of the environment that the peer is installed in.

    Raises
    ------
    OptionError
        If the program is not there, or the name is ours.
    """
    if name == OURS:
        raise OptionError(f"{OURS} is no peer of its own", mend="choose another name")
    if not known and program.endswith(".py") and Path(program).is_file():
        return (sys.executable, str(Path(program).absolute()))
    found = shutil.which(program)
    if found is None:
        what, mend = ("Python", "make bench installs it") if known else ("program", "")
        raise OptionError(f"the peer {name}: {program} is no {what} that can be started", mend=mend)
    return (str(Path(found).absolute()),)
