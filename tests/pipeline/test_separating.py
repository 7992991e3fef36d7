"""The separation stage: what it decides and why, what it feeds the separator, keeps and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from demucs_model import SIX_SOURCES, save_small_demucs
from fretscribe.errors import MissingExtraError, OptionError, OutputError, SiteError, WeightsError
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.audio import read_audio
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.separating import Original, Separation, Separator, check_separation
from fretscribe.pipeline.stem_cache import StemCache
from fretscribe.separation.demucs_processor import Loudness
from fretscribe.separation.mixture import Mixture
from fretscribe.separation.stems import STEMS, separation_is_installed

RATE = 22050
GUITAR = Mixture(low_db=-50.0, noise_db=-40.0, gliding=0.02, reasons=(), n_excerpts=1)
BAND = replace(GUITAR, reasons=("a banjo",))
SHARES = dict(zip(SIX_SOURCES, (0.3, 0.1, 0.05, 0.15, 0.4, 0.0), strict=True))

needs_demucs = pytest.mark.skipif(not separation_is_installed(), reason="needs the extra 'separate'")


@dataclass(kw_only=True)
class FakeSeparator:
    """Gives each source its share of the mix."""

    sources: tuple[str, ...] = SIX_SOURCES
    name: str = "fake"
    sha256: str = "f" * 64
    sample_rate: int = 44100
    device: str = "cpu"
    heard: list[FloatArray] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))

    def __call__(
        self,
        blocks: Iterable[FloatArray],
        loudness: Loudness,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[FloatArray]:
        done = 0
        self.heard.clear()
        for block in blocks:
            self.heard.append(block)
            yield np.stack([block * np.float32(self.shares[source]) for source in self.sources])
            done += block.shape[1]
            if progress is not None:
                progress(done)


@dataclass(kw_only=True)
class Loader:
    """Remembers what was asked of it."""

    separator: Separator | None
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def __call__(self, model: str, *, say: Callable[[str], object], may_download: bool) -> Separator | None:
        self.asked.append((model, may_download))
        return self.separator


def stage(
    tmp_path: Path, separator: Separator | None = None, *, mixture: Mixture = BAND, **options: object
) -> Separation:
    made: dict[str, object] = {
        "load": Loader(separator=separator),
        "hear": lambda _: mixture,
        "is_installed": lambda: True,
        "cache": StemCache(folder=tmp_path / "cache"),
    }
    return Separation(**{**made, **options})  # type: ignore[arg-type]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (30011, 2)).astype(np.float32)
    soundfile.write(path, samples, 44100, subtype="FLOAT")
    return path


def separate(separation: Separation, source: Path, options: TranscribeOptions) -> tuple[Audio, Audio, Ledger]:
    file = read_audio(source, start_s=options.start_s, end_s=options.end_s)
    original = Original(source=source, sha256=file.info.sha256, channel=file.only_channel)
    ledger = Ledger()
    return separation(file.audio, original, options, ledger), file.audio, ledger


def told(ledger: Ledger) -> tuple[str, str]:
    (entry,) = ledger.stages
    return entry.status, entry.detail


def test_off_listens_to_nothing(song: Path, tmp_path: Path) -> None:
    guitar, audio, ledger = separate(
        stage(tmp_path, hear=pytest.fail), song, TranscribeOptions(separate="off")
    )
    assert guitar is audio or (guitar.samples == audio.samples).all()
    assert told(ledger) == ("skipped", "switched off")


def test_auto_leaves_a_guitar_alone_and_says_why(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(), mixture=GUITAR)
    guitar, audio, ledger = separate(separation, song, TranscribeOptions())
    assert (guitar.samples == audio.samples).all()
    assert told(ledger) == ("skipped", "a guitar alone (low -50 dB, noise -40 dB, gliding 2%)")
    assert ledger.warnings == []
    assert separation.load.asked == []  # type: ignore[attr-defined]


def test_auto_takes_a_mix_apart_and_says_why(song: Path, tmp_path: Path) -> None:
    guitar, audio, ledger = separate(stage(tmp_path, FakeSeparator()), song, TranscribeOptions())
    np.testing.assert_allclose(guitar.samples, 0.4 * audio.samples, atol=1e-4)
    assert guitar.sample_rate == RATE
    assert told(ledger) == ("ran", "stem guitar of fake on cpu; more than a guitar: a banjo")


@pytest.mark.parametrize(
    ("installed", "missing"),
    [(False, "the extra 'separate' is not installed"), (True, "the model htdemucs_6s is not at hand")],
)
def test_auto_without_the_means_goes_on_and_warns(
    installed: bool, missing: str, song: Path, tmp_path: Path
) -> None:
    separation = stage(tmp_path, None, is_installed=lambda: installed)
    guitar, audio, ledger = separate(separation, song, TranscribeOptions())
    assert (guitar.samples == audio.samples).all()
    assert told(ledger) == ("skipped", f"more than a guitar: a banjo; but {missing}")
    (warning,) = ledger.warnings
    assert missing in warning
    assert "--separate off" in warning
    assert separation.load.asked == [("htdemucs_6s", False)] * installed  # type: ignore[attr-defined]


@needs_demucs
@pytest.mark.parametrize("stem", STEMS)
def test_on_takes_everything_apart(stem: str, song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(), mixture=GUITAR, model="mine")
    options = TranscribeOptions.from_mapping({"separate": "on", "stem": stem})
    guitar, audio, ledger = separate(separation, song, options)
    share = 1 - SHARES["vocals"] if stem == "no_vocals" else SHARES[stem]
    np.testing.assert_allclose(guitar.samples, share * audio.samples, atol=1e-4)
    status, detail = told(ledger)
    assert status == "ran"
    assert detail.startswith(f"stem {stem} of fake on cpu; asked for; a guitar alone (")
    assert separation.load.asked == [("mine", True)]  # type: ignore[attr-defined]


@needs_demucs
def test_what_is_missing_is_told_before_the_first_recording(tmp_path: Path) -> None:
    on = TranscribeOptions(separate="on")
    with pytest.raises(MissingExtraError):
        stage(tmp_path, is_installed=lambda: False).prepare(on)
    with pytest.raises(OptionError, match="fake has no stem 'guitar'"):
        stage(tmp_path, FakeSeparator(sources=("bass", "other"))).prepare(on)
    with pytest.raises(WeightsError, match="is no folder"):
        Separation(model=str(tmp_path / "no/model")).prepare(on)

    def unreachable(model: str, *, say: Callable[[str], object], may_download: bool) -> None:
        raise SiteError(f"{model}: no network", mend="")

    with pytest.raises(SiteError):
        stage(tmp_path, load=unreachable).prepare(on)
    stage(tmp_path, load=unreachable).prepare(TranscribeOptions())  # may not be needed


def test_a_stem_that_the_model_lacks(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(sources=("drums", "bass", "other", "vocals")))
    with pytest.raises(OptionError, match="no stem 'guitar'"):
        separate(separation, song, TranscribeOptions())


def test_an_empty_stem_is_told(song: Path, tmp_path: Path) -> None:
    separator = FakeSeparator(shares={**SHARES, "guitar": 0.001})
    _, _, ledger = separate(stage(tmp_path, separator), song, TranscribeOptions())
    assert "hardly anything of it is in the stem 'guitar'" in ledger.warnings[0]


def test_the_separator_hears_the_section_in_stereo(song: Path, tmp_path: Path) -> None:
    separator = FakeSeparator()
    options = TranscribeOptions(start_s=0.25, end_s=0.5)
    guitar, audio, _ = separate(stage(tmp_path, separator), song, options)
    samples, _ = soundfile.read(song, dtype="float32")
    np.testing.assert_array_equal(np.concatenate(separator.heard, axis=1), samples[11025:22050].T)
    assert guitar.n_samples == audio.n_samples


def test_one_channel_goes_to_both_sides_and_cancelling_ones_do_not_mix(tmp_path: Path) -> None:
    mono = np.random.default_rng(1).uniform(-0.5, 0.5, 20000).astype(np.float32)
    for name, channels in (("mono", mono[:, None]), ("inverse", np.stack([mono, -mono], axis=1))):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, channels, 44100, subtype="FLOAT")
        separator = FakeSeparator()
        separate(stage(tmp_path, separator), path, TranscribeOptions())
        np.testing.assert_array_equal(np.concatenate(separator.heard, axis=1), np.stack([mono, mono]))


def test_a_recording_is_separated_once(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, separator := FakeSeparator())
    first, _, _ = separate(separation, song, TranscribeOptions())
    separator.heard.clear()
    moved = song.rename(tmp_path / "moved.wav")
    again, _, ledger = separate(separation, moved, TranscribeOptions())
    assert separator.heard == []
    np.testing.assert_array_equal(first.samples, again.samples)
    assert "from the cache" in told(ledger)[1]
    for options in (TranscribeOptions(stem="other"), TranscribeOptions(end_s=0.3)):
        separate(separation, moved, options)
        assert separator.heard
        separator.heard.clear()
    separate(stage(tmp_path, other := FakeSeparator(sha256="0" * 64)), moved, TranscribeOptions())
    assert other.heard


def test_stems_are_written_at_their_levels_in_the_mix(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(), stems_out=tmp_path / "stems")
    for _ in range(2):  # the second time from the recording again, not from the cache
        _, _, ledger = separate(separation, song, TranscribeOptions())
        separation = replace(separation, force=True)
    assert "on cpu" in told(ledger)[1]
    mix, _ = soundfile.read(song, dtype="float32")
    total = np.zeros_like(mix)
    for source in SIX_SOURCES:
        stem, rate = soundfile.read(tmp_path / "stems" / f"song.{source}.wav", dtype="float32")
        assert rate == 44100
        np.testing.assert_allclose(stem, SHARES[source] * mix, atol=1e-7)
        total += stem
    np.testing.assert_allclose(total, mix, atol=1e-6)


def test_stems_are_not_overwritten_unasked(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(), stems_out=tmp_path / "stems")
    separate(separation, song, TranscribeOptions())
    with pytest.raises(OutputError, match="exists"):
        separate(separation, song, TranscribeOptions())


def test_stems_that_are_not_made_are_told(song: Path, tmp_path: Path) -> None:
    separation = stage(tmp_path, FakeSeparator(), mixture=GUITAR, stems_out=tmp_path / "stems")
    _, _, ledger = separate(separation, song, TranscribeOptions())
    assert "no stems were written: a guitar alone" in ledger.warnings[0]
    assert not (tmp_path / "stems").exists()


def test_progress_rises_to_one(song: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    file = read_audio(song)
    original = Original(source=song, sha256=file.info.sha256)
    stage(tmp_path, FakeSeparator())(
        file.audio, original, TranscribeOptions(), Ledger(), progress=shares.append
    )
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_sound_in_memory_is_separated_too(n_channels: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(2).uniform(-0.5, 0.5, (n_channels, 20000)).astype(np.float32)
    sound = Audio(samples=samples, sample_rate=RATE)
    mono = Audio(samples=samples.mean(axis=0, keepdims=True), sample_rate=RATE)
    separation = stage(tmp_path, FakeSeparator(sample_rate=RATE))
    guitar = separation(mono, Original.in_memory(sound), TranscribeOptions(), Ledger())
    np.testing.assert_allclose(guitar.samples, 0.4 * mono.samples, atol=1e-6)


def test_what_is_wrong_for_all_recordings(tmp_path: Path) -> None:
    separation = stage(tmp_path, stems_out=tmp_path)
    with pytest.raises(OptionError, match="no stems without separation"):
        check_separation(TranscribeOptions(separate="off"), separation, [])
    with pytest.raises(OptionError, match="two recordings would be called a"):
        check_separation(TranscribeOptions(), separation, [Path("x/a.wav"), Path("y/a.mp3")])
    check_separation(TranscribeOptions(), separation, [Path("x/a.wav"), Path("y/b.mp3")])
    check_separation(TranscribeOptions(separate="off"), replace(separation, stems_out=None), [])


@needs_demucs
def test_the_real_code_from_file_to_stems(song: Path, tmp_path: Path) -> None:
    """Random weights separate nothing, but everything runs."""
    model = save_small_demucs(tmp_path / "model")
    separation = Separation(
        model=str(model), stems_out=tmp_path / "stems", cache=StemCache(folder=tmp_path / "cache")
    )
    options = TranscribeOptions(separate="on", stem="no_vocals")
    stem, audio, ledger = separate(separation, song, options)
    assert stem.n_samples == audio.n_samples
    assert stem.samples.any()
    assert told(ledger)[1].startswith("stem no_vocals of small on ")
    assert len(list((tmp_path / "stems").iterdir())) == 6
    cached, _, ledger = separate(replace(separation, stems_out=None), song, options)
    np.testing.assert_array_equal(cached.samples, stem.samples)
    assert "from the cache" in told(ledger)[1]
