"""Many recordings at once: which they are, the work on one of them, what is done already, and the run."""
