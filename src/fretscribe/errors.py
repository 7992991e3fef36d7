"""Every error that fretscribe raises on purpose.

::

    FretscribeError
    ├── InputError            what the user gave cannot be used
    │   ├── AudioError        a recording that cannot be read
    │   ├── TabFormatError    a score or tab file that cannot be read (names file and place)
    │   ├── DatasetError      a dataset folder, archive or track that breaks its contract
    │   └── OptionError       an option's value, or options that exclude each other
    ├── OutputError           a result that cannot be written where it should go
    ├── WeightsError          weights or calibration that are absent, corrupt or foreign
    ├── MissingExtraError     an optional part of the installation that this command needs
    ├── MissingProgramError   another program that this command needs
    ├── SiteError             a site that cannot be reached, or says no
    └── WorkerError           a worker process or a cluster that was lost

Libraries raise, only ``fretscribe.cli`` turns them into one line and an exit code. ``mend`` is what the
user can do about it, in one sentence.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def pip_install(what: str) -> str:
    """The line that installs something beside this fretscribe, in quotes that every shell takes.

    With the path of its Python where ``pip`` is another's or is not found.
    """
    python, pip = Path(sys.executable), shutil.which("pip")
    if pip is not None and Path(pip).parent == python.parent:
        return f'pip install "{what}"'
    quoted = f'"{python}"' if " " in str(python) else python
    return f'{quoted} -m pip install "{what}"'


class FretscribeError(Exception):
    """Base of all expected errors: a plain message, and a sentence that says how to mend it."""

    exit_code = 1

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} ({self.mend})" if self.mend else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, also where a subclass is made from other arguments: errors travel between processes."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[FretscribeError], args: tuple[object, ...], state: dict[str, object]
) -> FretscribeError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(FretscribeError):
    """What the user gave cannot be used."""

    exit_code = 3


class AudioError(InputError):
    """A recording that cannot be read."""


class TabFormatError(InputError):
    """A score or tab file that cannot be read; the message names the file and the place."""


class DatasetError(InputError):
    """A dataset folder, archive or track that breaks its contract."""


class OptionError(InputError):
    """An option's value that makes no sense, or options that exclude each other."""

    exit_code = 2


class OutputError(FretscribeError):
    """A result that cannot be written where it should go."""

    exit_code = 4


class WeightsError(FretscribeError):
    """Weights or calibration that are absent, corrupt, or made for something else."""

    exit_code = 5


class MissingExtraError(FretscribeError):
    """An optional part of the installation that this command needs."""

    exit_code = 6

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra '{extra}', which is not installed",
            mend=pip_install(f"fretscribe[{extra}]"),
        )
        self.extra = extra


class MissingProgramError(FretscribeError):
    """Another program that this command needs and that is not installed."""

    exit_code = 6

    def __init__(self, feature: str, program: str, *, mend: str) -> None:
        super().__init__(f"{feature} needs {program}, which is not installed", mend=mend)


class SiteError(FretscribeError):
    """A site that cannot be reached, or that does not want to be read (any further)."""

    exit_code = 7


class WorkerError(FretscribeError):
    """A worker process or a cluster that cannot be reached, or that was lost in the middle of its work."""

    exit_code = 8
