"""Banks of recordings (tiny synthetic ones in the layout of the real sets) and playing tabs on them."""

import csv
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.convert import hz_to_midi, midi_to_hz
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.sample_bank import (
    BANK_RATE,
    VOICE_NAMES,
    RecordedNote,
    estimate_pitch,
    trim_to_onset,
)
from fretscribe.datasets.sample_voice import (
    SampleBank,
    SampleVoice,
    can_play,
    keep_playable,
    load_sample_bank,
    read_between,
    render_strings,
)
from fretscribe.errors import DatasetError, OptionError
from fretscribe.music import STANDARD_TUNING, BendPoint, Note, Position, Tab, TabNote, Technique, Tuning

Wave = npt.NDArray[np.float64]


def _tone(
    pitch: float, *, duration_s: float = 1.5, lead_s: float = 0.0, peak: float = 0.9, rate: int = BANK_RATE
) -> Wave:
    """A decaying tone of six harmonics, after some silence."""
    t = np.arange(int(duration_s * rate)) / rate
    wave = sum(np.sin(2 * np.pi * midi_to_hz(pitch) * k * t) / k for k in range(1, 7)) * np.exp(-2.0 * t)
    wave = np.concatenate((np.zeros(int(lead_s * rate)), wave))
    return np.asarray(peak * wave / np.abs(wave).max(), dtype=np.float64)


def _write_set(
    folder: Path, columns: list[str], rows: list[list[object]], waves: list[Wave], rate: int = BANK_RATE
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for row, wave in zip(rows, waves, strict=True):
        path = folder / str(row[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave, rate)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(rows)


@pytest.fixture
def bank_root(tmp_path: Path) -> Path:
    """Sets in the layouts of the real ones, with liars among them."""
    strat, strat_waves = [], []
    for string, open_pitch in enumerate(STANDARD_TUNING.open_pitches):
        for fret in (1, 2, 3, 5):
            strat.append([f"samples/s{string}_f{fret}_mp_1.flac", string, fret, open_pitch + fret, 0, 0.05])
            strat_waves.append(_tone(open_pitch + fret, lead_s=0.03, duration_s=1.0))
    strat.append(["samples/off.flac", 0, 7, 47, -1, 0.05])
    strat_waves.append(_tone(46))
    columns = ["file", "string_0lowE", "fret", "midi", "semitone_check", "peak"]
    _write_set(tmp_path / "strat", columns, strat, strat_waves)  # type: ignore[arg-type]

    twangs: list[list[object]] = [
        [f"ord/twang_{guitar}_{pitch}_{dyn}_rr1.flac", guitar, pitch, dyn, 1, 0, peak]
        for guitar in ("black", "green")
        for pitch in (50, 52, 54)
        for dyn, peak in (("p", 0.05), ("f", 0.7))
    ]
    _write_set(
        tmp_path / "black-green",
        ["file", "guitar", "midi", "dyn", "rr", "semitone_check", "peak"],
        twangs,
        [_tone(float(str(row[2]))) for row in twangs],
    )
    names = ["E2", "G#2", "A#3", "GS3", "C4", "B3"]  # an octave below scientific, and B3 is a liar
    heard = [52, 56, 70, 68, 72, 70]
    _write_set(
        tmp_path / "spanish-classical",
        ["file", "peak"],
        [[f"samples/{name}.wav", 0.9] for name in names],
        [_tone(pitch, rate=44100) for pitch in heard],
        rate=44100,
    )
    _write_set(
        tmp_path / "emily",
        ["file", "midi", "ambiguous", "dur", "semitone_check", "peak"],
        [["notes/a2_mf_rr1.flac", 45, False, 1, 0, 0.5], ["notes/a2_f_rr1.flac", 45, True, 1, 0, 0.5]],
        [_tone(45), _tone(45)],
    )
    return tmp_path


def _play(
    string: int,
    fret: int,
    onset_s: float,
    length_s: float,
    *techniques: Technique,
    velocity: int = 90,
    tuning: Tuning = STANDARD_TUNING,
    bend: tuple[BendPoint, ...] = (),
) -> TabNote:
    position = Position(string=string, fret=fret)
    return TabNote(
        note=Note(
            onset_s=onset_s,
            offset_s=onset_s + length_s,
            pitch=tuning.pitch(position),
            velocity=velocity,
            bend=bend,
        ),
        position=position,
        onset_beats=Fraction(0),
        duration_beats=Fraction(1),
        techniques=frozenset(techniques),
    )


def _level(wave: npt.NDArray[np.float32], start_s: float, end_s: float) -> float:
    return float(np.sqrt(np.mean(wave[int(start_s * BANK_RATE) : int(end_s * BANK_RATE)] ** 2)))


def _voice(pitches: tuple[int, ...], *, duration_s: float = 2.0) -> SampleVoice:
    notes = tuple(
        RecordedNote(
            samples=(_tone(pitch, duration_s=duration_s) * 32767).astype(np.int16),
            pitch=pitch,
            string=None,
            velocity=80.0,
            level=1.0,
        )
        for pitch in pitches
    )
    return SampleVoice(name="tones", notes=notes)


def test_bank_has_one_voice_a_guitar(bank_root: Path) -> None:
    bank = load_sample_bank(bank_root, ["strat", "black", "green", "spanish-classical", "emily"])
    assert list(bank.voices) == ["strat", "emily", "black", "green", "spanish-classical"]
    assert bank.voices["strat"].knows_strings
    assert not bank.voices["black"].knows_strings
    assert {note.velocity for note in bank.voices["black"].notes} == {45.0, 108.0}


def test_bank_refuses_liars_and_says_so(bank_root: Path) -> None:
    bank = load_sample_bank(bank_root, ["strat", "spanish-classical", "emily"])
    reasons = dict(bank.rejected)
    assert set(reasons) == {
        "strat/samples/off.flac",
        "emily/notes/a2_f_rr1.flac",
        "spanish-classical/samples/B3.wav",
    }
    assert "sounds 70" in reasons["spanish-classical/samples/B3.wav"]
    assert "ambiguous" in reasons["emily/notes/a2_f_rr1.flac"]


def test_bank_reads_another_octave_convention(bank_root: Path) -> None:
    spanish = load_sample_bank(bank_root, ["spanish-classical"]).voices["spanish-classical"]
    assert sorted(note.pitch for note in spanish.notes) == [52, 56, 68, 70, 72]


def test_bank_leaves_a_guitar_out(bank_root: Path) -> None:
    assert list(load_sample_bank(bank_root, ["green"]).voices) == ["green"]


def test_bank_names_what_is_wrong(tmp_path: Path, bank_root: Path) -> None:
    with pytest.raises(OptionError, match="banjo"):
        load_sample_bank(bank_root, ["banjo"])
    with pytest.raises(DatasetError, match=r"labels\.csv is missing"):
        load_sample_bank(tmp_path / "nowhere", ["strat"])
    (bank_root / "emily" / "notes" / "a2_mf_rr1.flac").write_bytes(b"not audio")
    with pytest.raises(DatasetError, match="cannot read"):
        load_sample_bank(bank_root, ["emily"])
    (bank_root / "emily" / "labels.csv").write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="columns file and peak"):
        load_sample_bank(bank_root, ["emily"])


def test_level_is_restored_within_a_dynamic(bank_root: Path) -> None:
    path = bank_root / "spanish-classical" / "labels.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("E2.wav,0.9", "E2.wav,0.6"), encoding="utf-8")
    levels = {n.pitch: n.level for n in load_sample_bank(bank_root, ["spanish-classical"]).voices[
        "spanish-classical"].notes}  # fmt: skip
    assert levels[52] == pytest.approx(2 / 3)
    assert levels[72] == pytest.approx(1.0)
    flat = load_sample_bank(bank_root, ["spanish-classical"], restore_level=False)
    assert {note.level for note in flat.voices["spanish-classical"].notes} == {1.0}


@settings(max_examples=30, deadline=None)
@given(pitch=st.floats(30.0, 88.0))
def test_pitch_is_heard(pitch: float) -> None:
    heard, periodicity = estimate_pitch(_tone(pitch), BANK_RATE)
    assert heard == pytest.approx(pitch, abs=0.1)
    assert periodicity > 0.9


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(size=BANK_RATE)
    assert estimate_pitch(noise, BANK_RATE)[1] < 0.5


@given(lead_s=st.floats(0.0, 0.3))
@settings(max_examples=20, deadline=None)
def test_trim_puts_the_onset_at_the_start(lead_s: float) -> None:
    hum = 0.003 * np.sin(2 * np.pi * 50 * np.arange(2 * BANK_RATE) / BANK_RATE)
    wave = _tone(52, lead_s=lead_s, duration_s=1.5)
    trimmed = trim_to_onset(wave + hum[: len(wave)])
    loud = int(np.argmax(np.abs(trimmed) > 0.3))
    assert loud / BANK_RATE < 0.008
    assert len(trimmed) <= len(wave)


def test_interpolation_is_exact_below_the_band_edge() -> None:
    n = np.arange(4000)
    places = 50 + np.cumsum(np.full(3500, 1.0594))
    places = places[places < 3900]
    for frequency_hz in (110.0, 1000.0, 5000.0):
        omega = 2 * np.pi * frequency_hz / BANK_RATE
        error = read_between(np.sin(omega * n), places) - np.sin(omega * places)
        assert float(np.abs(error).max()) < 0.02


@pytest.mark.parametrize(("pitch", "recorded"), [(52, 52), (53, 52), (51, 52)])
def test_rendered_note_sounds_its_pitch(pitch: int, recorded: int) -> None:
    tab = Tab(tuning=STANDARD_TUNING, notes=(_play(1, pitch - 45, 0.5, 0.9),))
    wave = render_strings(tab, _voice((recorded,)), np.random.default_rng(0))
    heard, _ = estimate_pitch(wave[1].astype(np.float64)[BANK_RATE // 2 :], BANK_RATE)
    assert heard == pytest.approx(pitch, abs=0.05)
    assert _level(wave[1], 0.0, 0.498) == 0.0
    assert _level(wave[1], 0.5, 0.55) > 0.01
    assert not wave[[0, 2, 3, 4, 5]].any()


def test_no_recording_is_shifted_further_than_a_semitone() -> None:
    voice = _voice((52,))
    assert [pitch for pitch in range(45, 60) if voice.can_play(pitch, 45)] == [51, 52, 53]
    tab = Tab(tuning=STANDARD_TUNING, notes=(_play(1, 7, 0.0, 0.5), _play(1, 9, 0.6, 0.5)))
    assert not can_play(voice, tab)
    with pytest.raises(ValueError, match="no recording"):
        render_strings(tab, voice, np.random.default_rng(0))
    part, n_left_out = keep_playable(voice, tab)
    assert n_left_out == 1
    assert part.notes == tab.notes[:1]
    assert can_play(voice, part)


def test_keep_playable_strikes_what_was_slurred_from_a_missing_note() -> None:
    slide = (BendPoint(time_s=0.0, cents=-200.0), BendPoint(time_s=0.05, cents=0.0))
    notes = (_play(1, 5, 0.0, 0.5), _play(1, 7, 0.5, 0.5, "slide", bend=slide))
    part, _ = keep_playable(_voice((52,)), Tab(tuning=STANDARD_TUNING, notes=notes))
    assert part.notes[0].techniques == frozenset()
    assert part.notes[0].note.bend == ()


def test_voice_with_known_strings_plays_the_right_string(bank_root: Path) -> None:
    voice = load_sample_bank(bank_root, ["strat"]).voices["strat"]
    for string, open_pitch in enumerate(STANDARD_TUNING.open_pitches):
        assert {note.string for note in voice.recordings(open_pitch + 2, open_pitch)} == {string}
        assert {note.pitch for note in voice.recordings(open_pitch, open_pitch)} == {open_pitch + 1}
    assert voice.playable_frets(STANDARD_TUNING, 0) == (0, 1, 2, 3, 4, 5, 6)
    assert voice.playable_frets(Tuning(capo=2), 0) == (0, 1, 2, 3, 4)
    assert not voice.can_play(41, 30), "a string that much lower has another gauge"


def test_note_ends_at_its_offset_and_at_the_next_stroke() -> None:
    voice = _voice((52, 54), duration_s=3.0)
    notes = (_play(1, 7, 0.0, 0.5), _play(2, 4, 0.0, 1.0), _play(2, 2, 1.0, 0.5))
    tab = Tab(tuning=STANDARD_TUNING, notes=notes)
    wave = render_strings(tab, voice, np.random.default_rng(1), duration_s=2.5)
    assert wave.shape == (6, round(2.5 * BANK_RATE))
    assert wave.dtype == np.float32
    assert _level(wave[1], 0.4, 0.5) > 10 * _level(wave[1], 0.85, 0.95)
    heard, _ = estimate_pitch(wave[2].astype(np.float64)[BANK_RATE + 200 :], BANK_RATE)
    assert heard == pytest.approx(52, abs=0.05), "nothing of the first note is left"


def test_bend_moves_the_pitch() -> None:
    bend = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.3, cents=200.0))
    tab = Tab(tuning=STANDARD_TUNING, notes=(_play(1, 7, 0.0, 1.5, "bend", bend=bend),))
    wave = render_strings(tab, _voice((52,), duration_s=3.0), np.random.default_rng(0))[1].astype(np.float64)
    late = wave[int(0.5 * BANK_RATE) : int(1.3 * BANK_RATE)]
    spectrum = np.abs(np.fft.rfft(late * np.hanning(len(late)), 1 << 17))
    low = spectrum[: int(250 / BANK_RATE * (1 << 17))]
    assert hz_to_midi(float(np.argmax(low)) * BANK_RATE / (1 << 17)) == pytest.approx(54, abs=0.1)


def test_dynamics_follow_velocity_and_layers(bank_root: Path) -> None:
    voice = load_sample_bank(bank_root, ["black"]).voices["black"]
    soft, loud = (
        render_strings(
            Tab(tuning=STANDARD_TUNING, notes=(_play(2, 2, 0.0, 0.5, velocity=velocity),)),
            voice,
            np.random.default_rng(0),
        )
        for velocity in (30, 120)
    )
    assert _level(loud[2], 0, 0.4) > 5 * _level(soft[2], 0, 0.4)


@pytest.mark.parametrize(("technique", "share"), [("palm_mute", 0.5), ("dead", 0.2)])
def test_damped_notes_die_quickly_and_lose_their_highs(technique: Technique, share: float) -> None:
    voice = _voice((52,), duration_s=3.0)

    def played(*techniques: Technique) -> npt.NDArray[np.float32]:
        tab = Tab(tuning=STANDARD_TUNING, notes=(_play(1, 7, 0.0, 1.0, *techniques),))
        return render_strings(tab, voice, np.random.default_rng(3))[1]

    plain, damped = played(), played(technique)
    assert _level(damped, 0.3, 0.6) < share * _level(plain, 0.3, 0.6)
    assert 0.05 < _level(damped, 0.0, 0.03) / _level(plain, 0.0, 0.03) < 1.1


def test_slurred_notes_have_no_attack() -> None:
    voice = _voice((52, 54), duration_s=3.0)
    for technique, first_level in (("hammer_on", True), ("let_ring", False)):
        notes = (_play(1, 7, 0.0, 0.5), _play(1, 9, 0.5, 0.5, technique))  # type: ignore[arg-type]
        wave = render_strings(Tab(tuning=STANDARD_TUNING, notes=notes), voice, np.random.default_rng(0))[1]
        quiet = _level(wave, 0.5, 0.502) < 0.35 * _level(wave, 0.51, 0.53)
        assert quiet == first_level


def test_rendering_is_a_function_of_its_seed() -> None:
    tab = generate_tab(4, duration_s=5.0, tuning=STANDARD_TUNING)
    voice = _voice(tuple(range(40, 88)), duration_s=1.0)
    first = render_strings(tab, voice, np.random.default_rng(9))
    assert np.array_equal(first, render_strings(tab, voice, np.random.default_rng(9)))
    assert np.isfinite(first).all()
    with pytest.raises(ValueError, match="22050"):
        render_strings(tab, voice, np.random.default_rng(9), sample_rate=44100)


def test_a_voice_needs_notes_of_one_kind() -> None:
    with pytest.raises(ValueError, match="no notes"):
        SampleVoice(name="empty", notes=())
    tone = np.zeros(10, dtype=np.int16)
    mixed = tuple(
        RecordedNote(samples=tone, pitch=50, string=string, velocity=80.0, level=1.0) for string in (None, 1)
    )
    with pytest.raises(ValueError, match="string of some"):
        SampleVoice(name="mixed", notes=mixed)


@pytest.fixture(scope="module")
def real_bank() -> SampleBank:
    root = Path(os.environ.get("FRETSCRIBE_DATA", "../shared/data")) / "samples"
    if not root.is_dir():
        pytest.skip(f"the recorded samples are not at {root}")
    return load_sample_bank(root)


@pytest.mark.slow
def test_real_recordings_sound_as_labelled(real_bank: SampleBank) -> None:
    assert set(real_bank.voices) == set(VOICE_NAMES)
    assert len(real_bank.rejected) <= 5
    assert {len(voice.notes) for voice in real_bank.voices.values()} >= {394, 136, 48, 32}
    strat = real_bank.voices["strat"]
    for string in range(6):
        assert strat.playable_frets(STANDARD_TUNING, string) == tuple(range(23))


@pytest.mark.slow
@pytest.mark.parametrize("name", VOICE_NAMES)
def test_real_voices_play_generated_tabs(real_bank: SampleBank, name: str) -> None:
    voice = real_bank.voices[name]
    tab, _ = keep_playable(voice, generate_tab(3, duration_s=8.0, tuning=STANDARD_TUNING))
    wave = render_strings(tab, voice, np.random.default_rng(0))
    assert np.isfinite(wave).all()
    assert 0.05 < float(np.abs(wave.sum(axis=0)).max()) < 6.0
