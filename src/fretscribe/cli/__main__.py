"""Entry point of the ``fretscribe`` command: routes the arguments, turns errors into one line and a code.

Nothing heavy is imported here or in ``cli.app``: ``--help`` must be instant.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer

from fretscribe.cli.app import app
from fretscribe.cli.report import error_line
from fretscribe.cli.routing import route
from fretscribe.errors import FretscribeError, MissingExtraError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it: 128 + SIGINT."""
TERMINATED = 143
"""The same for SIGTERM."""


def main() -> None:
    """Run the command line and leave the process; told to end, it removes what is half done first."""
    signal.signal(signal.SIGTERM, _terminate)
    # Before a command brings numpy in. Its products are small here: shared out among cores they take longer,
    # much longer where other programs run as well, and the last digits would depend on the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run(sys.argv[1:]))


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    error_line("terminated")
    raise SystemExit(TERMINATED)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors become one line on stderr."""
    try:
        command = typer.main.get_command(app)
        names = list(getattr(command, "commands", ()))
        result = command.main(route(arguments, names), prog_name="fretscribe", standalone_mode=False)
        code = result if isinstance(result, int) else 0  # typer.Exit comes back as its code
        _flush_stdout()
    except FretscribeError as error:
        error_line(str(error))
        return error.exit_code
    except typer.TyperException as error:  # unknown options, missing arguments
        error_line(f"{error.format_message().rstrip('.')} (see --help)")
        return error.exit_code
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in {"", "fretscribe"}:
            raise
        error_line(f"the package {missing} is not installed (fretscribe doctor says how to mend that)")
        return MissingExtraError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as leaving:  # typer's own way out of a closed pipe
        return leaving.code if isinstance(leaving.code, int) else 1
    if code == INTERRUPTED:
        error_line("interrupted")
    return code


def _flush_stdout() -> None:
    """Flush now, while a reader that has gone away (``| head``) can still be told from a bug."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more on its way out; there must be somewhere to write to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
