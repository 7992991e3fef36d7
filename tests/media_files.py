"""Writes sound into media containers with PyAV, as FFmpeg's own encoders do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fretscribe.frames import FloatArray


def write_media(path: Path, codec: str, samples: FloatArray, rate: int) -> Path:
    """Encode float samples [n_channels, n_samples], one or two channels; the suffix picks the container."""
    import av

    layout = "stereo" if len(samples) == 2 else "mono"
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, dtype=np.float32), format="fltp", layout=layout
    )
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=rate, layout=layout)
        track.bit_rate = 128_000
        wanted = track.codec_context.codec.audio_formats[0].name
        resampler = av.AudioResampler(format=wanted, layout=layout, rate=rate)
        for part in resampler.resample(frame) + resampler.resample(None):
            out.mux(track.encode(part))
        out.mux(track.encode(None))
    return path


def copy_media(source: Path, path: Path) -> Path:
    """The same packets in another container, from time 0 on: what told of the codec's delay is lost."""
    import av

    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        track = new.add_stream_from_template(old.streams.audio[0])
        shift = None
        for packet in old.demux(audio=0):
            if packet.pts is None:
                continue
            shift = packet.pts if shift is None else shift
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = track
            new.mux(packet)
    return path
