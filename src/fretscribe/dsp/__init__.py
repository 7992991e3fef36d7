"""Waveforms and spectra."""
