"""The guitar in a mix: whether anything else plays (``mixture``), and Demucs, which takes the rest away.

``demucs_files`` finds, fetches and reads the pre-trained networks, ``demucs_processor`` runs them, ``stems``
has the words that all of them share. torch is loaded when something is separated, not before.
"""
