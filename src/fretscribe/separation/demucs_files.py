"""Finds, fetches and reads the pre-trained networks of Demucs, without ever running what a file says.

A network is a ``.safetensors`` file whose metadata name its class and arguments; a ``.yaml`` file beside it
says which networks make up a model ("bag"). Both lie in a folder of the user's, or in the cache of the
Hugging Face hub, where ``adefossez/HTDemucs-6s`` and the others are fetched from when asked. Demucs' own
readers are not used: the one for ``.th`` files unpickles, which can run any code, and the other builds any
class that a file names. Neighbours: ``demucs_processor`` runs what this reads.

Source: Demucs 4.1, https://github.com/adefossez/demucs, ``hf.py`` and ``states.py`` (file layout).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fretscribe.errors import OptionError, SiteError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

Say = Callable[[str], object]

_OWNER = "adefossez"
_LONGEST_SIGNATURE = 100
_MOST_YAML_BYTES = 5_000
_MOST_LAYERS = 32
_LAYERS = ("depth", "t_layers", "dconv_depth")
_LARGEST = 1_000_000
"""The largest number that Demucs itself gives to a network is 44100."""
_CLASS = "demucs.htdemucs.HTDemucs"
_USABLE = "htdemucs_6s, htdemucs or htdemucs_ft"

# What arguments that are none, or that Demucs does not take, raise in reading them and in building it.
_MISFITS = (
    KeyError, TypeError, ValueError, AttributeError, RuntimeError, AssertionError, ArithmeticError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The files of a model.

    Attributes
    ----------
    name : str
    networks : tuple of Path
    weights : tuple of tuple of float, or None
        How much each network counts for each source; None is all alike.
    segment_s : float, or None
        Seconds to separate at once, where that differs from the networks' own.
    """

    name: str
    networks: tuple[Path, ...]
    weights: tuple[tuple[float, ...], ...] | None = None
    segment_s: float | None = None

    def sha256(self) -> str:
        """Of all networks' bytes, in order."""
        digest = hashlib.sha256()
        for path in self.networks:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where models are published, and where they are kept.

    Attributes
    ----------
    endpoint : str, or None
        Address; https://huggingface.co if None.
    cache : Path, or None
        Folder; the hub's own (``~/.cache/huggingface/hub``), which Demucs uses too, if None.
    timeout_s : float
        How long to wait for an answer, in seconds.
    """

    endpoint: str | None = None
    cache: Path | None = None
    timeout_s: float = 10.0


def model_at_hand(model: str, *, hub: Hub | None = None) -> ModelFiles | None:
    """The files of a model without any download: from a folder, or from the hub's cache; None if absent.

    Parameters
    ----------
    model : str
        A folder, or a name such as ``htdemucs_6s``.
    hub : Hub, optional

    Raises
    ------
    WeightsError
        If a folder is given and holds no model that can be used.
    """
    if looks_like_folder(model):
        return _model_in_folder(Path(model))
    return _model_from_hub(model, partial(_cached, hub or Hub()), goes_on=True)


def fetch_model(model: str, *, say: Say, hub: Hub | None = None) -> ModelFiles:
    """The files of a model; what is not at hand is downloaded after its size was announced.

    Parameters
    ----------
    model : str
        A folder, or a name such as ``htdemucs_6s``.
    say : callable
        Gets one line before each download.
    hub : Hub, optional

    Raises
    ------
    SiteError
        If the hub cannot be reached or does not have the model.
    WeightsError
        If the files cannot be used.
    """
    hub = hub or Hub()
    at_hand = model_at_hand(model, hub=hub)
    if at_hand is not None:
        return at_hand
    files = _model_from_hub(model, partial(_download, hub, say), goes_on=False)
    if files is None:
        raise SiteError(f"the model {model} could not be fetched", mend=_by_hand(model))
    return files


def looks_like_folder(model: str) -> bool:
    """Whether a model is given as a folder rather than by name."""
    return Path(model).exists() or len(Path(model).parts) > 1


def read_network(path: Path) -> nn.Module:
    """Build a network from its file, on the CPU, ready to be used.

    Raises
    ------
    WeightsError
        If it is no such file, or of a class that is not Demucs'.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is no safetensors file: {error}", mend="fetch it again") from error
    return _build(path, metadata, state)


def _build(path: Path, metadata: Mapping[str, str], state: Mapping[str, Tensor]) -> nn.Module:
    import torch
    from demucs.htdemucs import HTDemucs

    name = metadata.get("klass", "nothing of Demucs")
    if name != _CLASS:
        raise WeightsError(f"{path} holds {name}, not {_CLASS}", mend=f"use {_USABLE}")
    if "structure" in metadata:
        raise WeightsError(f"{path} is quantised, which cannot be used here", mend=f"use {_USABLE}")
    try:
        arguments = [_plain(value) for value in json.loads(metadata["args"])]
        keywords = {key: _plain(value) for key, value in json.loads(metadata["kwargs"]).items()}
        if any(keywords.get(name, 0) > _MOST_LAYERS for name in _LAYERS):
            raise ValueError(f"it has more than {_MOST_LAYERS} layers")
        with torch.device("meta"):  # takes no memory, whatever the arguments say
            wanted = {
                key: value.shape for key, value in HTDemucs(*arguments, **keywords).state_dict().items()
            }
        if wanted != {key: value.shape for key, value in state.items()}:
            raise ValueError("its arguments are of another network than its tensors")
        network: nn.Module = HTDemucs(*arguments, **keywords)
        network.load_state_dict(dict(state))
    except _MISFITS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path} does not fit Demucs: {reason}", mend="fetch it again") from error
    return network.eval()


def _plain(value: Any) -> Any:
    """A value of JSON; fractions are written as objects. `ValueError` for numbers that no network has."""
    if isinstance(value, dict) and value.get("_type") == "fraction":
        value = Fraction(int(value["numerator"]), int(value["denominator"]))
    for number in value if isinstance(value, list) else [value]:
        if isinstance(number, int | float | Fraction) and not -_LARGEST <= number <= _LARGEST:
            raise ValueError(f"{number:.3g} is too large")
    return value


def _model_in_folder(folder: Path) -> ModelFiles:
    if not folder.is_dir():
        raise WeightsError(f"{folder} is no folder", mend="--separation-model takes a folder or a name")
    bags, networks = sorted(folder.glob("*.yaml")), sorted(folder.glob("*.safetensors"))
    if not networks:
        pickled = sorted([*folder.glob("*.th"), *folder.glob("*.pt"), *folder.glob("*.ckpt")])
        if pickled:
            raise WeightsError(
                f"{pickled[0]} is a pickle, which can run any code when it is opened; it is not read",
                mend="use the same model as .safetensors, as Demucs 4.1 publishes it",
            )
        raise WeightsError(f"{folder} has no .safetensors file", mend="put a model of Demucs there")
    if len(bags) == 1:
        return _bag(bags[0], lambda signature: folder / f"{signature}.safetensors")
    if len(bags) > 1 or len(networks) > 1:
        raise WeightsError(f"{folder} holds several models", mend="give each a folder of its own")
    return ModelFiles(name=networks[0].stem, networks=(networks[0],))


def _bag(path: Path, find: Callable[[str], Path | None]) -> ModelFiles:
    """Read a ``.yaml`` file: ``models`` (signatures), and perhaps ``weights`` and ``segment``."""
    import yaml

    try:
        data = path.read_bytes()
        if len(data) > _MOST_YAML_BYTES:
            raise ValueError("it is too long")
        values = yaml.safe_load(data)
        signatures = list(values["models"])
        if not all(isinstance(signature, str | int) for signature in signatures):
            raise TypeError("networks are named by text")
        signatures = [str(signature) for signature in signatures]
        if any(len(signature) > _LONGEST_SIGNATURE for signature in signatures):
            raise ValueError("no file has so long a name")
        weights = None
        if values.get("weights"):
            weights = tuple(tuple(float(w) for w in row) for row in values["weights"])
        segment_s = float(values["segment"]) if values.get("segment") else None
    except (yaml.YAMLError, OSError, RecursionError, *_MISFITS) as error:
        raise WeightsError(f"{path} is no list of Demucs' networks", mend="fetch it again") from error
    if not signatures or (weights is not None and len(weights) != len(signatures)):
        raise WeightsError(f"{path} lists no networks, or not a weight for each", mend="fetch it again")
    networks = []
    for signature in signatures:
        network = find(signature) if Path(signature).name == signature else None
        if network is None or not network.is_file():
            raise WeightsError(f"{path} names {signature}, which is not there", mend="fetch it again")
        networks.append(network)
    return ModelFiles(name=path.stem, networks=tuple(networks), weights=weights, segment_s=segment_s)


def _repository(model: str) -> str:
    """Where a model is published; the names are Demucs' own rule."""
    if model == "htdemucs":
        return f"{_OWNER}/HTDemucs"
    if model.startswith("htdemucs_"):
        return f"{_OWNER}/HTDemucs-{model.removeprefix('htdemucs_')}"
    return f"{_OWNER}/Demucs-{model}"


def _model_from_hub(
    model: str, fetch: Callable[[str, str], Path | None], *, goes_on: bool
) -> ModelFiles | None:
    """With ``goes_on``, networks that are not there yet are no error: a download was interrupted."""
    if not model.replace("_", "").replace("-", "").isalnum():
        mend = "such as htdemucs_6s, or a folder"
        raise OptionError(f"{model!r} is not the name of a separation model", mend=mend)
    repository = _repository(model)
    listing = fetch(repository, f"{model}.yaml")
    if listing is None:
        return None
    try:
        return _bag(listing, lambda signature: fetch(repository, f"{signature}.safetensors"))
    except WeightsError:
        if goes_on:
            return None
        raise


def _cached(hub: Hub, repository: str, name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, name, cache_dir=hub.cache)
    return Path(found) if isinstance(found, str) else None


def _download(hub: Hub, say: Say, repository: str, name: str) -> Path:
    """One file from the hub, after its size was said. Nothing about the user is sent along."""
    import httpx2
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    cached = _cached(hub, repository, name)
    if cached is not None:
        return cached
    address = hf_hub_url(repository, name, endpoint=hub.endpoint)
    try:
        size = get_hf_file_metadata(address, token=False, timeout=hub.timeout_s, endpoint=hub.endpoint).size
        told = "of unknown size" if size is None else f"{size / 1e6:.1f} MB"
        say(f"downloading {name}, {told}, from {address}")
        return Path(
            hf_hub_download(
                repository,
                name,
                cache_dir=hub.cache,
                token=False,
                endpoint=hub.endpoint,
                etag_timeout=hub.timeout_s,
            )
        )
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise SiteError(f"{address} answered {status}", mend=_by_hand(repository)) from error
    except (httpx2.HTTPError, OfflineModeIsEnabled, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SiteError(f"{address} cannot be reached: {reason}", mend=_by_hand(repository)) from error


def _by_hand(what: str) -> str:
    return f"check the network, or copy the files of {what} into a folder and give --separation-model DIR"


def check_alike(networks: Sequence[nn.Module], files: ModelFiles) -> None:
    """Raise `WeightsError` if the networks of a model do not fit together, or are not for stereo."""
    first: Any = networks[0]
    for network in networks:
        other: Any = network
        told = [(net.sources, net.samplerate, net.segment) for net in (first, other)]
        if told[0] != told[1]:
            raise WeightsError(
                f"the networks of {files.name} separate different things", mend="fetch it again"
            )
        if other.audio_channels != 2:
            raise WeightsError(f"{files.name} is not for stereo", mend=f"use {_USABLE}")
    for row in files.weights or ():
        if len(row) != len(first.sources) or sum(row) <= 0:
            raise WeightsError(f"{files.name} weighs other sources than it separates", mend="fetch it again")
