"""Errors whose cause is what the user gave. The names are what `outcome.classify_error` knows; messages say what to do."""


class ConfigError(ValueError):
    """A key or value of the recipe that cannot be used."""


class DataError(ValueError):
    """A file or row that cannot be used."""
