"""Nothing that runs networks numbers this machine, or reports to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_onnxruntime_is_kept_from_reporting(tmp_path: Path) -> None:
    """Its official builds leave an identifier and a queue of reports in the home folder by default."""
    homes = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"), str(tmp_path))
    apart = {
        "ORT_DISABLE_TELEMETRY",
        "CI",
        "GITHUB_ACTIONS",
        "TF_BUILD",
    }  # under these it keeps still by itself
    environment = {name: value for name, value in os.environ.items() if name not in apart} | homes
    code = "import fretscribe\nfretscribe.load_transcriber()\n"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
