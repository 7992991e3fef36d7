"""What C libraries print while a file is read stays away from the terminal; what we print does not."""

from __future__ import annotations

import subprocess
import sys

_PRINTS = """
import os, sys
from fretscribe.cli.silence import c_libraries_silenced
os.write(2, b"before ")
with c_libraries_silenced():
    os.write(2, b"chatter ")
    sys.stderr.write("ours ")
    sys.stderr.flush()
os.write(2, b"after ")
sys.stderr.write("end")
"""


def test_only_the_chatter_goes() -> None:
    result = subprocess.run([sys.executable, "-c", _PRINTS], capture_output=True, text=True, check=True)
    assert result.stderr == "before ours after end"


_RAISES = """
import os, sys
from fretscribe.cli.silence import c_libraries_silenced
try:
    with c_libraries_silenced():
        raise ValueError("x")
except ValueError:
    os.write(2, b"back")
"""


def test_an_error_inside_restores_it() -> None:
    result = subprocess.run([sys.executable, "-c", _RAISES], capture_output=True, text=True, check=True)
    assert result.stderr == "back"


def test_a_process_without_stderr_works() -> None:
    code = "import os; os.close(2)\n" + _RAISES.replace('os.write(2, b"back")', 'print("fine")')
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "fine\n"


_READS_AT_ONCE = """
import os, threading
from fretscribe.cli.silence import c_libraries_silenced
meet = threading.Barrier(8)
def read():
    meet.wait()
    for _ in range(50):
        with c_libraries_silenced():
            os.write(2, b"chatter ")
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
os.write(2, b"back")
"""


def test_threads_that_read_at_once_restore_it() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _READS_AT_ONCE], capture_output=True, text=True, check=True
    )
    assert result.stderr == "back"
