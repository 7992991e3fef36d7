"""A transcriber that hears each player of a dataset with tab networks that never saw that player.

Neighbours: ``datasets.folds`` finds the networks, ``run`` judges what comes out, ``calibration`` learns from
it how far notes can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fretscribe.datasets.folds import fold_networks
from fretscribe.datasets.guitarset import GuitarSet
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.tabbing import uncalibrated
from fretscribe.result import Transcription


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldTranscriber:
    """Call it with the path of one of the dataset's recordings.

    Attributes
    ----------
    of_player : mapping of player to Transcriber
    player_of : mapping of recording to player
    options : TranscribeOptions
    """

    of_player: Mapping[str, Transcriber]
    player_of: Mapping[Path, str]
    options: TranscribeOptions

    @classmethod
    def of(
        cls, transcriber: Transcriber, dataset: GuitarSet, folds: Path, options: TranscribeOptions
    ) -> FoldTranscriber:
        """Exchange the tab networks of a transcriber for those of every recorded player's fold.

        Its calibration belongs to other networks, and may know these very recordings: confidence is left
        uncalibrated (`calibration.calibrate_notes` judges a calibration on players held out).

        Raises
        ------
        WeightsError
            If a fold is missing.
        """
        player_of = {path: t.player for t in dataset.tracks for path in t.audio_paths.values()}
        hands = replace(transcriber.hands, calibration=uncalibrated)
        of_player = {
            player: replace(
                transcriber,
                hands=hands,
                tabcnn=tabcnn,
                lstm=lstm,
            )
            for player in sorted(set(player_of.values()))
            for tabcnn, lstm in [fold_networks(folds, player)]
        }
        return cls(of_player=of_player, player_of=player_of, options=options)

    def __call__(self, path: Path) -> Transcription:
        return self.of_player[self.player_of[path]](path, self.options)
