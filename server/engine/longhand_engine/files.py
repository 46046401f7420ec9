"""Small JSON files that are read by another process while they are written (contract: core/protocol/files.ts)."""

import json
import os
import time
from pathlib import Path
from typing import Any


def now() -> int:
    """Milliseconds since 1970."""
    return round(time.time() * 1000)


def write_json(path: Path, value: dict[str, Any], *, sync: bool = False) -> None:
    """Write `value` whole or not at all: to a temporary file beside `path`, then rename. Raises `OSError`."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, allow_nan=False)
        file.write("\n")
        if sync:
            file.flush()
            os.fsync(file.fileno())
    os.replace(temporary, path)
    if sync:
        sync_dir(path.parent)


def sync_dir(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_json(path: Path) -> Any:
    """The content of a JSON file, or `ValueError` that names it."""
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error
