"""The separation stage: whether the mix is taken apart, and the guitar that comes out of it.

It asks ``separation.mixture`` whether anything but a guitar plays, feeds the recording to Demucs as a stream,
keeps what it heard in a cache, and writes all stems where asked. Neighbours: ``stem_cache`` keeps,
``io.stem_writer`` writes, ``transcriber`` calls this between reading and hearing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from fretscribe.errors import OptionError
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.audio import cut_audio, resample_audio, resample_stream, stereo_blocks
from fretscribe.io.stem_writer import StemWriter, stem_paths
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.stem_cache import StemCache
from fretscribe.separation.demucs_processor import Loudness, load_demucs
from fretscribe.separation.mixture import Mixture, hear_mixture
from fretscribe.separation.stems import (
    DEFAULT_MODEL,
    STAGE_NAME,
    check_stem,
    pick_stem,
    require_separation,
    separation_is_installed,
)

_log = logging.getLogger(__name__)

Progress = Callable[[float], None]
_BLOCK = 1 << 18  # samples of a sound in memory that are handed on at once
_NEARLY_NOTHING = 1e-4  # of the power of what was read: 40 dB below


class Separator(Protocol):
    """Takes a stereo stream apart; see `separation.demucs_processor.DemucsProcessor`."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def sources(self) -> tuple[str, ...]: ...

    @property
    def sample_rate(self) -> int: ...

    @property
    def device(self) -> str: ...

    def __call__(
        self,
        blocks: Iterable[FloatArray],
        loudness: Loudness,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[FloatArray]: ...


class LoadSeparator(Protocol):
    """Loads a model by name or folder; None where it is not at hand and may not be fetched."""

    def __call__(
        self, model: str, *, say: Callable[[str], object], may_download: bool
    ) -> Separator | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What was read, before it was mixed down: to be read once more in stereo.

    Attributes
    ----------
    source : Path or Audio
    sha256 : str
        Of the file's bytes, or of the samples.
    channel : int, or None
        The only channel to use, because the channels cancel each other.
    """

    source: Path | Audio
    sha256: str
    channel: int | None = None

    @classmethod
    def in_memory(cls, audio: Audio) -> Original:
        """Of a sound that was handed in."""
        return cls(source=audio, sha256=hashlib.sha256(audio.samples.tobytes()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """The stage. What a user asks musically is in `TranscribeOptions`, the machine's side is here.

    Attributes
    ----------
    model : str
        A name of Demucs, or a folder with its files.
    stems_out : Path, or None
        Folder for all stems of what is separated.
    force : bool
        Whether stems that exist may be overwritten.
    say : callable
        Gets a line before anything is downloaded.
    load : LoadSeparator
    is_installed : callable
        Whether the extra ``separate`` is there.
    hear : callable
        Judges whether a recording holds more than a guitar.
    cache : StemCache
    """

    model: str = DEFAULT_MODEL
    stems_out: Path | None = None
    force: bool = False
    say: Callable[[str], object] = _log.warning
    load: LoadSeparator = load_demucs
    is_installed: Callable[[], bool] = separation_is_installed
    hear: Callable[[Audio], Mixture] = hear_mixture
    cache: StemCache = field(default_factory=StemCache)

    def __call__(
        self,
        audio: Audio,
        original: Original,
        options: TranscribeOptions,
        ledger: Ledger,
        progress: Progress | None = None,
    ) -> Audio:
        """The guitar of a recording, at the rate of ``audio``; ``audio`` itself where nothing was separated.

        Parameters
        ----------
        audio : Audio
            Mono, the section asked for.
        original : Original
        options : TranscribeOptions
        ledger : Ledger
            Gets the stage, with the reason.
        progress : callable, optional
            Called with the share that is done, 0..1, while it separates.

        Raises
        ------
        MissingExtraError, SiteError, WeightsError
            If separation is ``on`` and cannot be had.
        OptionError
            If the model has no such stem.
        OutputError
            If stems cannot be written.
        """
        if options.separate == "off":
            ledger.note(STAGE_NAME, "skipped", "switched off")
            return audio
        mixture = self.hear(audio)
        if options.separate == "auto" and not mixture.more_than_guitar:
            ledger.note(STAGE_NAME, "skipped", str(mixture))
            if self.stems_out is not None:
                ledger.warn(f"no stems were written: {mixture} (--separate on takes it apart all the same)")
            return audio
        separator = self._separator(options, mixture, ledger)
        if separator is None:
            return audio
        check_stem(options.stem, separator.sources, separator.name)
        guitar, how = self._guitar(audio, original, separator, options, progress)
        if _power(guitar) < _NEARLY_NOTHING * _power(audio):
            ledger.warn(
                f"hardly anything of it is in the stem {options.stem!r}; try another --stem or --separate off"
            )
        why = str(mixture) if options.separate == "auto" else f"asked for; {mixture}"
        ledger.note(STAGE_NAME, "ran", f"stem {options.stem} of {separator.name} {how}; {why}")
        return guitar

    def prepare(self, options: TranscribeOptions) -> None:
        """Load the model where it is sure to be needed, so that what is missing is told once, at the start.

        Raises
        ------
        MissingExtraError, SiteError, WeightsError
            If separation is ``on`` and cannot be had.
        OptionError
            If the model has no such stem.
        """
        if options.separate == "on":
            require_separation(is_installed=self.is_installed)
            separator = self.load(self.model, say=self.say, may_download=True)
            if separator is not None:
                check_stem(options.stem, separator.sources, separator.name)

    def _separator(self, options: TranscribeOptions, mixture: Mixture, ledger: Ledger) -> Separator | None:
        """The model; with ``auto`` None where it is missing, which is told."""
        if options.separate == "on":
            require_separation(is_installed=self.is_installed)
            return self.load(self.model, say=self.say, may_download=True)
        if not self.is_installed():
            missing, mend = "the extra 'separate' is not installed", 'pip install "fretscribe[separate]"'
        else:
            separator = self.load(self.model, say=self.say, may_download=False)
            if separator is not None:
                return separator
            missing, mend = f"the model {self.model} is not at hand", "--separate on fetches it"
        ledger.note(STAGE_NAME, "skipped", f"{mixture}; but {missing}")
        ledger.warn(
            f"{mixture}; it was heard as it is, because {missing} ({mend}; --separate off if it is a guitar)"
        )
        return None

    def _guitar(
        self,
        audio: Audio,
        original: Original,
        separator: Separator,
        options: TranscribeOptions,
        progress: Progress | None,
    ) -> tuple[Audio, str]:
        """The stem, and where it comes from."""
        key = "\n".join([
            original.sha256, repr((options.start_s, options.end_s, original.channel)),
            separator.sha256, options.stem, str(audio.sample_rate),
        ])  # fmt: skip
        if self.stems_out is None:
            kept = self.cache.get(key)
            if kept is not None and len(kept) == audio.n_samples:
                return Audio(samples=kept[np.newaxis], sample_rate=audio.sample_rate), "from the cache"
        rate = separator.sample_rate
        n_samples = round(audio.duration_s * rate)

        def count(done: int) -> None:
            if progress is not None:
                progress(min(1.0, done / max(n_samples, 1)))

        with self._writer(original, separator, n_samples) as write:
            loudness = Loudness.of(_stereo(original, options, rate))
            separated = separator(_stereo(original, options, rate), loudness, progress=count)
            mono = _mono_stem(separated, separator.sources, options, write)
            samples = np.concatenate(list(resample_stream(mono, rate, audio.sample_rate)))
        fitted = np.zeros(audio.n_samples, dtype=np.float32)  # rounding may differ by a sample or two
        n_common = min(len(fitted), len(samples))
        fitted[:n_common] = samples[:n_common]
        self.cache.put(key, fitted)
        return Audio(samples=fitted[np.newaxis], sample_rate=audio.sample_rate), f"on {separator.device}"

    def _writer(
        self, original: Original, separator: Separator, n_samples: int
    ) -> AbstractContextManager[Callable[[FloatArray], object]]:
        if self.stems_out is None:
            return nullcontext(lambda _: None)
        paths = stem_paths(self.stems_out, _name(original.source), separator.sources)
        return StemWriter(paths, separator.sample_rate, n_samples=n_samples, force=self.force)


def check_separation(options: TranscribeOptions, separation: Separation, sources: Sequence[Path]) -> None:
    """Raise `OptionError` if stems are asked for without separation, or of two recordings with one name."""
    if separation.stems_out is None:
        return
    if options.separate == "off":
        raise OptionError("no stems without separation", mend="leave out --stems-out or --separate off")
    names = [source.stem for source in sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        mend = "run them apart, with different --stems-out folders"
        raise OptionError(f"the stems of two recordings would be called {twice}", mend=mend)


def _mono_stem(
    separated: Iterable[FloatArray],
    sources: Sequence[str],
    options: TranscribeOptions,
    write: Callable[[FloatArray], object],
) -> Iterator[FloatArray]:
    for block in separated:
        write(block)
        yield pick_stem(block, sources, options.stem).mean(axis=0)


def _stereo(original: Original, options: TranscribeOptions, rate: int) -> Iterator[FloatArray]:
    """The section in stereo, blocks [2, n_samples]."""
    source = original.source
    if isinstance(source, Path):
        return stereo_blocks(
            source,
            sample_rate=rate,
            start_s=options.start_s,
            end_s=options.end_s,
            channel=original.channel,
        )
    return _stereo_of_memory(source, options, rate)


def _stereo_of_memory(audio: Audio, options: TranscribeOptions, rate: int) -> Iterator[FloatArray]:
    samples = resample_audio(cut_audio(audio, options.start_s, options.end_s), rate).samples
    if len(samples) != 2:
        samples = np.broadcast_to(samples.mean(axis=0, dtype=np.float32), (2, samples.shape[1]))
    for start in range(0, samples.shape[1], _BLOCK):
        yield samples[:, start : start + _BLOCK]


def _power(audio: Audio) -> float:
    return float(np.mean(np.square(audio.samples, dtype=np.float64))) if audio.n_samples else 0.0


def _name(source: Path | Audio) -> str:
    return source.stem if isinstance(source, Path) else "sound"
