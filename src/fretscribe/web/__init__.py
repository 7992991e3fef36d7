"""The studio: a local page where a player hears a tab beside its recording and mends it."""
