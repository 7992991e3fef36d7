"""Truth to learn and judge from: datasets of recordings, generated tabs, rendered sound."""
