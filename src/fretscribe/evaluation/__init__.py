"""Judges: compares what was transcribed with what was played."""
