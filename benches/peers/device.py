"""Counts the flushes of a disk during a measurement."""

import os
import statistics
import threading
import time
from pathlib import Path
from types import TracebackType

SAMPLE_SECONDS = 0.1

# The place of "flush requests completed" among the numbers of a block device (Linux 5.5 and later).
FLUSHES_FIELD = 15


def stat_file(folder: Path) -> Path | None:
    """Returns the statistics file of a folder's device. None without such a device, or if it does not count flushes."""
    number = os.stat(folder).st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    # A partition is flushed with its disk, and only the disk counts flushes.
    candidates = [device.resolve().parent / "stat", device / "stat"] if (device / "partition").exists() else [device / "stat"]
    for stat in candidates:
        if _flushes(stat) is not None:
            return stat
    return None


def _flushes(stat: Path) -> int | None:
    try:
        fields = stat.read_text().split()
        return int(fields[FLUSHES_FIELD])
    except (OSError, IndexError, ValueError):
        return None


class Flushes:
    """Counts the flushes of a device for the duration of the block."""

    def __init__(self, stat: Path | None) -> None:
        self.stat = stat
        self.samples: list[tuple[float, int]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Flushes":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while self.stat and not self._over.wait(SAMPLE_SECONDS):
            flushes = _flushes(self.stat)
            if flushes is not None:
                self.samples.append((time.monotonic(), flushes))

    def per_s(self, seconds: float) -> float | None:
        """Returns the median rate of the last seconds, which excludes the start and end of a load."""
        if len(self.samples) < 2:
            return None
        since = self.samples[-1][0] - seconds
        pairs = zip(self.samples, self.samples[1:])
        rates = [(after - before) / (at - then) for (then, before), (at, after) in pairs if then >= since]
        return statistics.median(rates) if rates else None
