"""The folder where this system keeps a user's own data; nothing is made here.

Neighbours: ``feedback`` keeps what a player corrected in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def user_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """``$FRETSCRIBE_HOME``, or below the folder that the system has for such data.

    >>> user_folder({"FRETSCRIBE_HOME": "/songs"}, "linux").as_posix()
    '/songs'
    >>> user_folder({"XDG_DATA_HOME": "/data"}, "linux").as_posix()
    '/data/fretscribe'
    """
    if home := environment.get("FRETSCRIBE_HOME"):
        return Path(home)
    if platform == "win32":
        usual = environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif platform == "darwin":
        usual = Path.home() / "Library" / "Application Support"
    else:
        usual = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(usual) / "fretscribe"
