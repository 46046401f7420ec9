"""Training workers: TRL's trainers, with a record of what they do, a checkpoint that can be trusted, and a stop that saves."""
