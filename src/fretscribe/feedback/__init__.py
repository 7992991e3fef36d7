"""What players made of their transcriptions: kept on their own machine, in SQLite, and never sent anywhere.

``corrections`` compares what was suggested with what a player left of it, ``store`` keeps that,
``json_lines`` carries it elsewhere, and ``symbolic.habits`` learns from it where the player is wont to play.
"""
