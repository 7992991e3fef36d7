"""What is fuzzed: the readers of what strangers send, with seeds that the project's own writers make.

Neighbours: ``learning_readers`` and ``user_readers`` have the others, ``mutations`` and ``structures`` make
seeds wrong, ``runner`` reads them and judges.
"""

from __future__ import annotations

import io
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import guitarpro
import numpy as np
import soundfile

from fretscribe.datasets.arrays_info import INFO_FILE, infos_text, read_infos
from fretscribe.datasets.guitarset_harmony import parse_harmony
from fretscribe.datasets.guitarset_truth import parse_truth
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.noise_file import parse_confusions
from fretscribe.io.audio import read_audio
from fretscribe.io.formats import FORMATS, render_tab
from fretscribe.io.guitar_pro_reader import parse_guitar_pro
from fretscribe.io.jams import render_jams
from fretscribe.io.midi_reader import parse_midi_notes
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.score import Score
from fretscribe.io.score_to_tab import score_to_tab
from fretscribe.io.text_tab_reader import parse_text
from fretscribe.models.weights import DEFAULT_FOLDER, read_registry
from fretscribe.music import STANDARD_TUNING
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration_file import parse_calibration
from fuzz.learning_readers import LEARNING_READERS, arrays_info
from fuzz.mutations import bytes_mutation, inside_zip, json_mutation, xml_mutation
from fuzz.reader import Reader, files, joined, of_file, one_of
from fuzz.structures import midi_mutation, near_json_mutation, tab_text_mutation
from fuzz.user_readers import user_readers
from media_files import write_media
from random_tabs import random_tab

_N_SEEDS = 4
_N_BEATS = 12
_SECTOR = 4096
_HARMONY = (
    b'{"annotations": [{"namespace": "key_mode", "data": [{"value": "C:major"}]}, '
    b'{"namespace": "chord", "data": []}, '
    b'{"namespace": "chord", "data": [{"time": 0.0, "duration": 2.0, "value": "A:min/5"}]}]}'
)
_CONFUSIONS = Path(__file__).parents[2] / "src" / "fretscribe" / "datasets" / "confusions.json"


def _rendered(format_name: str) -> Callable[[], list[bytes]]:
    return lambda: [render_tab(random_tab(seed, n_beats=_N_BEATS), format_name) for seed in range(_N_SEEDS)]


def _tabs_of(parse: Callable[[bytes, str], Score]) -> Callable[[bytes], object]:
    """Reads a score as `read_tab` does, played once through and unrolled."""

    def read(data: bytes) -> object:
        score = parse(data, "score")
        return score_to_tab(score), score_to_tab(score, unroll=True)

    return read


def _gpx(gpif: bytes) -> bytes:
    """Guitar Pro 6's container, unpacked: one sector that names the file, then its contents."""
    n = -(-len(gpif) // _SECTOR)
    entry = struct.pack("<I", 2) + b"score.gpif".ljust(0x8C - 4, b"\0") + struct.pack("<I", len(gpif))
    entry = entry.ljust(0x94, b"\0") + struct.pack(f"<{n}I", *range(2, n + 2))
    sectors = (b"", entry, *(gpif[i : i + _SECTOR] for i in range(0, len(gpif), _SECTOR)))
    return b"BCFS" + b"".join(s.ljust(_SECTOR, b"\0") for s in sectors)


def _gpif() -> list[bytes]:
    return [zipfile.ZipFile(io.BytesIO(data)).read("Content/score.gpif") for data in _rendered("gp")()]


def _mxl() -> list[bytes]:
    container = b'<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
    archives = []
    for document in _rendered("musicxml")():
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/container.xml", container)
            archive.writestr("score.xml", document)
        archives.append(packed.getvalue())
    return archives


def _gpx_mutation(gpif: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return bytes_mutation(_gpx(gpif), chance)
    return _gpx(xml_mutation(gpif, chance))


def _recordings() -> list[bytes]:
    sound = (0.3 * np.sin(np.arange(4000) / 9.0)).astype(np.float32)
    files = []
    for container in ("WAV", "FLAC", "OGG", "AIFF", "MP3", "AU", "CAF", "W64"):
        buffer = io.BytesIO()
        soundfile.write(buffer, sound, 8000, format=container)
        files.append(buffer.getvalue())
    return files


def _media() -> list[bytes]:
    sound = (0.3 * np.sin(np.arange(6000) / 9.0)).astype(np.float32)[None]
    with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as folder:
        return [
            write_media(Path(folder) / f"sound.{suffix}", codec, sound, rate).read_bytes()
            for suffix, codec, rate in (
                ("m4a", "aac", 22050),
                ("mkv", "aac", 22050),
                ("webm", "libopus", 48000),
            )
        ]


def _older_guitar_pro() -> list[bytes]:
    files = []
    for data in _rendered("gp5")():
        for version in ((3, 0, 0), (4, 0, 0)):
            song = guitarpro.parse(io.BytesIO(data))
            song.clipboard = None
            buffer = io.BytesIO()
            guitarpro.write(song, buffer, version=version, encoding="cp1252")
            files.append(buffer.getvalue())
    return files


def _annotations() -> list[bytes]:
    tabs = [
        generate_tab(seed, duration_s=2.0, tuning=STANDARD_TUNING, style="arpeggio")
        for seed in range(_N_SEEDS)
    ]
    return [render_jams(Transcription(tab=tab)) for tab in tabs]


def _parse(format_name: str) -> Callable[[bytes], object]:
    parse = FORMATS[format_name].parse
    if parse is None:
        raise ValueError(format_name)
    return lambda data: parse(data, "file")


def _text_both_ways(data: bytes) -> object:
    return parse_text(data, "text"), parse_text(data, "text", unroll=True)


_ANY_JSON = one_of(json_mutation, near_json_mutation)
_GUITAR_PRO = _tabs_of(parse_guitar_pro)
_MUSICXML = _tabs_of(parse_musicxml)

READERS: dict[str, Reader] = {
    "txt": Reader(seeds=_rendered("txt"), mutate=tab_text_mutation, read=_text_both_ways),
    "mid": Reader(seeds=_rendered("mid"), mutate=midi_mutation, read=_parse("mid")),
    "mid-notes": Reader(seeds=_rendered("mid"), mutate=midi_mutation, read=parse_midi_notes),
    "json": Reader(seeds=_rendered("json"), mutate=_ANY_JSON, read=_parse("json")),
    "jams": Reader(seeds=_rendered("jams"), mutate=_ANY_JSON, read=_parse("jams")),
    "gp5": Reader(seeds=_rendered("gp5"), mutate=bytes_mutation, read=_GUITAR_PRO),
    "gp3-4": Reader(seeds=_older_guitar_pro, mutate=bytes_mutation, read=_GUITAR_PRO),
    "gpx": Reader(seeds=_gpif, mutate=_gpx_mutation, read=_GUITAR_PRO),
    "gp": Reader(seeds=_rendered("gp"), mutate=inside_zip(xml_mutation), read=_GUITAR_PRO),
    "musicxml": Reader(seeds=_rendered("musicxml"), mutate=xml_mutation, read=_MUSICXML),
    "mxl": Reader(seeds=_mxl, mutate=inside_zip(xml_mutation), read=_MUSICXML),
    "calibration": Reader(
        seeds=files(DEFAULT_FOLDER / "confidence_calibration.json"),
        mutate=_ANY_JSON,
        read=lambda data: parse_calibration(data, "calibration"),
    ),
    "registry": Reader(
        seeds=files(DEFAULT_FOLDER / "registry.json"),
        mutate=_ANY_JSON,
        read=of_file("registry.json", lambda path: read_registry(path.parent)),
    ),
    "confusions": Reader(
        seeds=files(_CONFUSIONS), mutate=_ANY_JSON, read=lambda data: parse_confusions(data, "confusions")
    ),
    "arrays": Reader(
        seeds=lambda: [infos_text({"train": arrays_info()}).encode()],
        mutate=_ANY_JSON,
        read=of_file(INFO_FILE, lambda path: read_infos(path.parent)),
    ),
    "guitarset": Reader(
        seeds=_annotations, mutate=_ANY_JSON, read=lambda data: parse_truth(data, "00_Rock1-90-C_comp")
    ),
    "harmony": Reader(
        seeds=lambda: [_HARMONY],
        mutate=_ANY_JSON,
        read=lambda data: parse_harmony(data, "00_Rock1-90-C_comp"),
    ),
    "audio": Reader(seeds=_recordings, mutate=bytes_mutation, read=of_file("sound", read_audio)),
    "media": Reader(seeds=_media, mutate=bytes_mutation, read=of_file("sound.m4a", read_audio)),
    **LEARNING_READERS,
    **user_readers(joined(_recordings, _media)),
}
