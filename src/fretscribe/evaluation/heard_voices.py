"""Which sampled guitars an acoustic model learned from, as the account of its training run says.

The account (``acoustic.run.json``) lies beside the weights and names them by checksum. Of weights without it
nothing is known, and nothing is called held out. The tab networks need no account: their rendered windows
are of the string model alone. Neighbour: ``held_out`` judges on guitars that must be new.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from fretscribe.datasets.sample_bank import VOICE_NAMES
from fretscribe.models.weights import WeightsFile

ACCOUNT = "acoustic.run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardVoices:
    """What is known of the sample voices that trained a model.

    Attributes
    ----------
    names : frozenset of str, or None
        Those it learned from; None where nobody knows.
    source : str
        Where that is from, or why it is not known.
    """

    names: frozenset[str] | None
    source: str

    def heard(self, voice: str) -> bool | None:
        """Whether the model learned from a voice; None where nobody knows."""
        return None if self.names is None else voice in self.names


def read_heard_voices(weights: WeightsFile) -> HeardVoices:
    """Read the account beside acoustic weights.

    Every set of clips that sample voices play counts with all voices that it did not hold out.

    Parameters
    ----------
    weights : WeightsFile
        Of the acoustic model.
    """
    path = weights.path.with_name(ACCOUNT)
    try:
        account = json.loads(path.read_bytes())
        sha256 = account["sha256"][weights.path.name]
        names = {
            name
            for clips in account["clips"].values()
            if clips["voice"] != "physical"
            for name in VOICE_NAMES
            if name not in clips["held_out_voices"]
        }
    except FileNotFoundError:
        return HeardVoices(names=None, source=f"there is no {ACCOUNT} beside the weights")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return HeardVoices(names=None, source=f"{ACCOUNT} beside the weights cannot be used: {error!r}")
    if sha256 != weights.sha256:
        return HeardVoices(names=None, source=f"{ACCOUNT} beside the weights is that of others")
    return HeardVoices(names=frozenset(names), source=f"{ACCOUNT} beside the weights")
