"""Redis Streams: XADD over plain TCP, answered after the fsync (`appendfsync always`)."""

import shutil
import signal
from pathlib import Path

from child import Server, free_port, run
from load import SLACK_SECONDS, Load
from measured import Cell, PeerError, Shown

CONFIG = """\
bind 127.0.0.1
port {port}
dir {dir}
save ""
appendonly yes
appendfsync always
auto-aof-rewrite-percentage 0
maxclients 10000
"""


class Redis:
    """A Redis server, started for each cell and removed afterwards."""

    name = "redis"

    def __init__(self, load: Load) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise PeerError("redis-server is not installed (Debian: apt-get install redis-server)")
        self.program, self.load = program, load
        words = run([program, "--version"], SLACK_SECONDS).split()
        self.version = "Redis " + next((word.removeprefix("v=") for word in words if word.startswith("v=")), "of unknown version")

    def loads(self, cell: Cell) -> bool:
        """Supports every load."""
        return True

    def measure(self, cell: Cell, seconds: int, seed: int, folder: Path) -> Shown:
        """Starts a server on a folder, measures it, and stops it."""
        port = free_port()
        config = folder / "redis.conf"
        config.write_text(CONFIG.format(port=port, dir=folder))
        # SIGKILL: an orderly stop would write files that are removed right away.
        with Server([self.program, str(config)], port, folder / "log", signal.SIGKILL):
            return self.load.redis(port, cell, seconds, seed)
