"""The Python half of Longhand: the runner that supervises a stage, and the workers that train, sample and grade."""

__version__ = "0.1.0"
