"""fretscribe: guitar recordings in, playable tablature out, with a confidence on every note."""

__version__ = "0.1.0"
