"""Sampling in a rolling batch: sequences join and leave while others go on. `engine` is the way in."""
