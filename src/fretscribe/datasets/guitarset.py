"""GuitarSet: finds the dataset's files in its own layout and reads what was played.

360 excerpts by six players on one acoustic guitar in standard tuning, annotated string by string
(Xi, Bittner, Pauwels, Ye, Bello: *GuitarSet: a dataset for guitar transcription*, ISMIR 2018, CC BY 4.0).
Each lead sheet was played as accompaniment (``comp``) and as ``solo``.

The truth keeps the annotation's own times and fractional pitches; only `Track.tab` rounds and trims.
Knows nothing of audio samples, models or scores. Neighbours: ``guitarset_truth`` parses the annotations
for judging, ``io.jams`` for playing; ``evaluation`` judges with the truth given here.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal

from fretscribe.datasets.guitarset_truth import TrackTruth, parse_truth
from fretscribe.errors import DatasetError, TabFormatError
from fretscribe.io.jams_reader import BENT_CENTS, parse_jams
from fretscribe.music import Tab

Style = Literal["comp", "solo"]
AudioSource = Literal["mic", "mix", "hex_debleeded", "hex"]

DEVELOPMENT_TRACKS = (
    "00_BN1-129-Eb_comp",
    "00_BN1-129-Eb_solo",
    "01_BN2-166-Ab_solo",
    "01_Funk1-97-C_comp",
    "01_Jazz1-130-D_comp",
    "03_SS1-68-E_comp",
    "05_Rock1-130-A_solo",
)
"""The recordings that choices are made on. The rule: no network that ships trains on them, neither on
their sound nor on their annotations. At most 20 numbers (thresholds, fusion weights, calibration) may be
fitted on them, and figures from such fits are leave-one-player-out and called development figures."""

AUDIO_FOLDERS: Mapping[AudioSource, str] = MappingProxyType(
    {
        "mic": "audio_mono-mic",
        "mix": "audio_mono-pickup_mix",
        "hex_debleeded": "audio_hex-pickup_debleeded",
        "hex": "audio_hex-pickup_original",
    }
)
"""Folder of each kind of recording: microphone, pickup mix, and the six-channel pickup without and with
bleeding between the strings."""

_AUDIO_NAME = re.compile(r"^(?P<track>.+_(?:comp|solo))_(?:mic|mix|hex)(?P<variant>[-_]\w+)?\.(?:wav|flac)$")
_TRACK_NAME = re.compile(r"^(?P<player>[^_]+)_(?P<excerpt>.+)_(?P<style>comp|solo)$")
_LAYOUT = "the folder needs annotation/*.jams or annotation.zip, as on https://zenodo.org/records/3371780"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationFile:
    """Where a track's JAMS text lies: a file, or a member of an archive."""

    path: Path
    member: str | None = None

    def read(self) -> bytes:
        """The bytes of the JAMS file.

        Raises
        ------
        DatasetError
            If the file or the archive cannot be read.
        """
        try:
            if self.member is None:
                return self.path.read_bytes()
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(self.member)
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, RuntimeError) as error:
            # RuntimeError is zipfile's word for an encrypted member
            raise DatasetError(f"cannot read {self}: {error}", mend="download the dataset again") from error

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.member} in {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One excerpt by one player. Small and picklable: the annotation is read when asked for.

    Attributes
    ----------
    track_id : str
        For example ``00_BN1-129-Eb_comp``.
    player : str
        For example ``00``; splits are made by player only.
    style : "comp" or "solo"
    audio_paths : mapping of source to Path
        The recordings that are there; may be empty.
    annotation : AnnotationFile
    """

    track_id: str
    player: str
    style: Style
    annotation: AnnotationFile
    audio_paths: Mapping[AudioSource, Path] = field(default_factory=dict)

    def audio_path(self, source: AudioSource = "mic") -> Path:
        """Path of one of the track's recordings.

        Raises
        ------
        DatasetError
            If that recording is not in the dataset's folder.
        """
        path = self.audio_paths.get(source)
        if path is None:
            raise DatasetError(
                f"{self.track_id}: no {source} recording", mend=f"put it into {AUDIO_FOLDERS[source]}/"
            )
        return path

    def truth(self) -> TrackTruth:
        """The annotated notes and beats, read from the JAMS file now.

        Raises
        ------
        DatasetError
            If the annotation is missing, is no JAMS, or says something impossible; names the track.
        """
        return parse_truth(self.annotation.read(), self.track_id)

    def tab(self, *, bent_cents: float = BENT_CENTS) -> Tab:
        """What was played as a playable tab: whole frets with bends, overlaps on a string trimmed.

        Velocities are not annotated: all notes have the default.

        Parameters
        ----------
        bent_cents : float
            Contours that stay nearer than this to their median are left out.

        Raises
        ------
        DatasetError
            As `truth`.
        """
        data = self.annotation.read()
        parse_truth(data, self.track_id)  # refuses what the tab's reader would leave out with a warning
        try:
            tab = parse_jams(data, self.track_id, bent_cents=bent_cents).tab
        except TabFormatError as error:
            raise DatasetError(error.message, mend="download the dataset again") from error
        provenance = {"source": "GuitarSet annotation", "track": self.track_id}
        return replace(tab, title=self.track_id, provenance=provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuitarSet:
    """The annotated tracks of a folder, sorted by id.

    Attributes
    ----------
    root : Path
        Folder that holds the annotations and the audio folders.
    tracks : tuple of Track
    warnings : tuple of str
        Recordings without annotation and the like, a line each.
    """

    root: Path
    tracks: tuple[Track, ...]
    warnings: tuple[str, ...] = ()

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(sorted({track.player for track in self.tracks}))

    def track(self, track_id: str) -> Track:
        """The track of that id.

        Raises
        ------
        DatasetError
            If there is none.
        """
        for track in self.tracks:
            if track.track_id == track_id:
                return track
        raise DatasetError(f"no track {track_id!r} in {self.root}", mend="write it like 00_BN1-129-Eb_comp")

    def with_audio(self, source: AudioSource = "mic") -> tuple[Track, ...]:
        """The tracks that have that recording."""
        return tuple(track for track in self.tracks if source in track.audio_paths)

    def training_tracks(self, *, held_out_players: Iterable[str] = ()) -> tuple[Track, ...]:
        """The tracks a network may train on: no `DEVELOPMENT_TRACKS`, no held-out player."""
        held_out = frozenset(held_out_players)
        return tuple(
            track
            for track in self.tracks
            if track.track_id not in DEVELOPMENT_TRACKS and track.player not in held_out
        )


def open_guitarset(root: Path) -> GuitarSet:
    """Index a folder in GuitarSet's layout; opens no recording and parses no annotation.

    Parameters
    ----------
    root : Path
        Holds ``annotation/*.jams`` or ``annotation.zip`` and any of the `AUDIO_FOLDERS`, itself or in a
        folder ``guitarset``. Where both forms of the annotations are there, the folder wins.

    Raises
    ------
    DatasetError
        If there are no annotations, or a name among them is not GuitarSet's.
    """
    home = _home(root)
    annotations = _annotations(home)
    warnings: list[str] = []
    audio = _audio_files(home, annotations, warnings)
    tracks = tuple(_track(name, annotations[name], audio.get(name, {})) for name in sorted(annotations))
    return GuitarSet(root=home, tracks=tracks, warnings=tuple(warnings))


def _home(root: Path) -> Path:
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder", mend=_LAYOUT)
    for folder in (root, root / "guitarset", root / "GuitarSet"):
        if (folder / "annotation").is_dir() or (folder / "annotation.zip").is_file():
            return folder
    raise DatasetError(f"no GuitarSet annotations in {root}", mend=_LAYOUT)


def _annotations(home: Path) -> dict[str, AnnotationFile]:
    folder, archive_path = home / "annotation", home / "annotation.zip"
    if folder.is_dir():
        files = {
            path.stem: AnnotationFile(path=path)
            for path in sorted(folder.glob("*.jams"))
            if not path.name.startswith(".")
        }
        source = folder
    else:
        files = {
            PurePosixPath(member).stem: AnnotationFile(path=archive_path, member=member)
            for member in _jams_members(archive_path)
        }
        source = archive_path
    if not files:
        raise DatasetError(f"no .jams files in {source}", mend="download the dataset again")
    return files


def _jams_members(archive_path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive_path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"cannot read {archive_path}: {error}", mend="download the dataset again"
        ) from error
    # macOS archives carry a "._" twin of every file
    return [name for name in names if name.endswith(".jams") and not PurePosixPath(name).name.startswith(".")]


def _audio_files(
    home: Path, annotations: Mapping[str, AnnotationFile], warnings: list[str]
) -> dict[str, dict[AudioSource, Path]]:
    found: dict[str, dict[AudioSource, Path]] = {}
    for source, folder_name in AUDIO_FOLDERS.items():
        folder = home / folder_name
        if not folder.is_dir():
            if folder.with_name(f"{folder_name}.zip").is_file():
                warnings.append(f"{folder_name}.zip is not unpacked: its recordings are not used")
            continue
        for path in sorted(folder.iterdir(), key=_preference):
            if path.suffix.lower() not in (".wav", ".flac") or path.name.startswith("."):
                continue
            match = _AUDIO_NAME.match(path.name)
            if match is None or match["track"] not in annotations:
                warnings.append(f"{folder_name}/{path.name} has no annotation")
                continue
            found.setdefault(match["track"], {}).setdefault(source, path)
    return found


def _preference(path: Path) -> tuple[bool, bool, str]:
    """Of two copies of a recording take the one that never was lossy, and WAV before FLAC."""
    return ("-aac" in path.name, path.suffix.lower() != ".wav", path.name)


def _track(name: str, annotation: AnnotationFile, audio: Mapping[AudioSource, Path]) -> Track:
    match = _TRACK_NAME.match(name)
    if match is None:
        raise DatasetError(
            f"{annotation}: {name!r} is not a track's name", mend="name it like 00_BN1-129-Eb_comp.jams"
        )
    style: Style = "comp" if match["style"] == "comp" else "solo"
    return Track(
        track_id=name, player=match["player"], style=style, annotation=annotation, audio_paths=dict(audio)
    )
