"""Append-only part files (`text/part-00001.txt`, `tokens/part-00001.bin`): raw bytes that events point into."""

import os
import re
from pathlib import Path

PART_BYTES = 64 * 2**20
_NAME = re.compile(r"part-(\d+)\.")


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data` at the end of `fd`, or leave the file as it was and raise `OSError` (a full disk, most often)."""
    sent = os.write(fd, data)
    if sent == len(data):
        return
    start = os.lseek(fd, 0, os.SEEK_CUR) - sent
    try:
        while sent < len(data):
            sent += os.write(fd, data[sent:])
    except OSError:
        os.ftruncate(fd, start)
        raise


class Parts:
    """One folder of part files. A piece never spans two files; a new file begins when the piece would pass `limit`."""

    def __init__(self, folder: Path, suffix: str, limit: int = PART_BYTES):
        self.folder, self.suffix, self.limit = folder, suffix, limit
        self.part, self.size, self._fd = 0, 0, -1
        if folder.is_dir():
            numbers = [int(m.group(1)) for p in folder.iterdir() if (m := _NAME.match(p.name))]
            if numbers:
                self._open(max(numbers))

    def path(self, part: int) -> Path:
        return self.folder / f"part-{part:05d}{self.suffix}"

    def _open(self, part: int) -> None:
        self.sync()
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path(part), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.part, self.size = part, os.lseek(self._fd, 0, os.SEEK_END)

    def append(self, data: bytes) -> dict[str, int]:
        """Write `data` and say where it lies: `{part, offset, length}` in bytes. A piece larger than a part gets its own."""
        if self._fd < 0 or (self.size > 0 and self.size + len(data) > self.limit):
            self._open(self.part + 1)
        extent = {"part": self.part, "offset": self.size, "length": len(data)}
        if data:
            write_all(self._fd, data)
            self.size += len(data)
        return extent

    def sync(self) -> None:
        if self._fd >= 0:
            os.fsync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
