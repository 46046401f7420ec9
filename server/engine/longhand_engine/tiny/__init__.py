"""The embedded model and its task. Nothing is imported here: `tiny.task` must stay free of torch."""
