"""From files of problems and generations to a data set: read, filter, sample, deduplicate, choose, and say why."""
