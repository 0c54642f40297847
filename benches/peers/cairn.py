"""cairn: `cairn bench send`, over QUIC, with a server of its own."""

import json
from pathlib import Path

from child import run
from load import SLACK_SECONDS, shown
from measured import BODY_BYTES, GROUPS, Cell, NotDurable, PeerError, Shown

NAME = "cairn"


class Cairn:
    """The program under test."""

    name = NAME

    def __init__(self, program: Path) -> None:
        if not program.is_file():
            raise PeerError(f"{program} is not there: build it with `cargo build --release`, or name it with --cairn")
        self.program = program.resolve()
        self.version = run([str(self.program), "--version"], SLACK_SECONDS).strip()

    def loads(self, cell: Cell) -> bool:
        """Supports every load."""
        return True

    def measure(self, cell: Cell, seconds: int, seed: int, folder: Path) -> Shown:
        """Starts a server on a folder, measures it, and removes it."""
        settings = {
            "clients": cell.clients, "inflight": cell.inflight, "conversations": GROUPS, "skew": 0, "body": BODY_BYTES,
            "seconds": seconds, "seed": seed, "dir": folder,
        }
        options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
        found = json.loads(run([str(self.program), "bench", "send", *options, "--json"], seconds + SLACK_SECONDS))
        if found["durability"] != "fdatasync":
            raise NotDurable(f"{folder.parent} lies in memory, where nothing is durable: name a folder on a disk with --dir")
        return shown(found)
