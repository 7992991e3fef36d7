"""Making weights: plain loops over rendered and real features. The only floor that needs torch."""
