"""Interleaved rounds: in each, every peer takes a turn in every cell, so that a slow minute of the machine affects all."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from device import Flushes, stat_file
from load import Load
from measured import ALONE, Cell, Floor, PeerError, Shown

FLOOR_SECONDS = 2


class Peer(Protocol):
    """Something that stores messages durably."""

    name: str
    version: str

    def loads(self, cell: Cell) -> bool:
        """Returns whether it supports the load of a cell."""

    def measure(self, cell: Cell, seconds: int, seed: int, folder: Path) -> Shown:
        """Starts it on an empty folder, measures it, and stops it."""


@dataclass
class Results:
    """Results so far, by round number. A failed turn has none."""

    floors: dict[int, Floor] = field(default_factory=dict)
    shown: dict[tuple[Cell, str], dict[int, Shown]] = field(default_factory=dict)
    interrupted: bool = False


@contextmanager
def folder_in(parent: Path | None) -> Iterator[Path]:
    """An empty folder, removed at the end with everything in it."""
    folder = Path(tempfile.mkdtemp(prefix="cairn-peers-", dir=parent))
    try:
        # PostgreSQL runs as its own user and needs access.
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Course:
    """Peers, loads, duration and folder of a run."""

    peers: list[Peer]
    cells: list[Cell]
    load: Load
    rounds: int
    seconds: int
    seed: int
    parent: Path | None

    def run(self) -> Results:
        """Measures everything. Ctrl-C ends it and returns the results so far."""
        results = Results()
        try:
            for number in range(self.rounds):
                self._round(number, results)
        except KeyboardInterrupt:
            results.interrupted = True
        _tell("")
        return results

    def _round(self, number: int, results: Results) -> None:
        # Results that are compared with the disk's floor are measured right after it.
        for cell in sorted(self.cells, key=lambda cell: cell == ALONE):
            if cell == ALONE:
                self._floor(number, results)
            # Each round begins with a different peer, so that none always follows the same one.
            turn = number % len(self.peers)
            for peer in self.peers[turn:] + self.peers[:turn]:
                if peer.loads(cell):
                    self._turn(number, cell, peer, results)
        if ALONE not in self.cells:
            self._floor(number, results)

    def _floor(self, number: int, results: Results) -> None:
        self._tell(number, "the disk alone")
        with folder_in(self.parent) as folder:
            results.floors[number] = self.load.floor(folder, FLOOR_SECONDS)

    def _turn(self, number: int, cell: Cell, peer: Peer, results: Results) -> None:
        self._tell(number, f"{cell}, {peer.name}")
        try:
            with folder_in(self.parent) as folder, Flushes(stat_file(folder)) as flushes:
                shown = peer.measure(cell, self.seconds, self.seed + number, folder)
                shown = replace(shown, flushes_per_s=flushes.per_s(self.seconds))
        except PeerError as error:
            _tell(f"{cell}: {peer.name} is left out of round {number + 1}: {error}", stays=True)
        else:
            results.shown.setdefault((cell, peer.name), {})[number] = shown

    def _tell(self, number: int, what: str) -> None:
        _tell(f"round {number + 1} of {self.rounds}: {what}")


def _tell(text: str, stays: bool = False) -> None:
    """Prints progress: a transient line on a terminal, or a permanent line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if stays else "", file=sys.stderr, flush=True)
    elif stays:
        print(text, file=sys.stderr, flush=True)
