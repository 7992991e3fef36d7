"""Pictures of what an evaluation found, a file for each; ``drawing`` and ``verdicts`` have what they share.

All need matplotlib (extra ``eval``), draw without a screen and leave its global state alone.
"""
