"""Completions from whatever serves the model: the embedded engine in this process, or any OpenAI-compatible server."""
