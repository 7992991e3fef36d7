"""Work for the workers of a test cluster: functions that they can import by name."""

from __future__ import annotations

import os
import signal

from fretscribe.errors import AudioError

DEADLY = 4


def halve_or_die(number: int) -> int:
    """Kills its process where the number is `DEADLY`, and fails for odd ones."""
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if number % 2:
        raise AudioError(f"{number} is odd", mend="double it")
    return number // 2
