"""Files in and out: recordings, tabs and scores."""
