"""Notes, hands, beats and keys: from what the model hears to what a guitarist plays."""
