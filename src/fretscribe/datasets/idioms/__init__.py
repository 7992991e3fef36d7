"""Idiomatic guitar playing from a seed: `generate_tab`, and a piece for the demo: `demo_tab`."""

from fretscribe.datasets.idioms.demo import demo_tab
from fretscribe.datasets.idioms.generator import STYLES, Style, generate_tab

__all__ = ["STYLES", "Style", "demo_tab", "generate_tab"]
