"""Builds and runs the compiled load generator."""

import json
import os
from pathlib import Path

from child import run
from measured import BODY_BYTES, GROUPS, WARM_UP_SECONDS, Cell, Floor, PeerError, Shown

HERE = Path(__file__).resolve().parent
BUILD_SECONDS_MAX = 900
SLACK_SECONDS = 60


def build() -> Path:
    """Builds it outside the project's own build folder and returns the program."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target"))
    manifest = HERE / "load" / "Cargo.toml"
    run(["cargo", "build", "--release", "--locked", "--manifest-path", str(manifest), "--target-dir", str(target)], BUILD_SECONDS_MAX)
    return target / "release" / "peers-load"


class Load:
    """The compiled load generator."""

    def __init__(self, program: Path) -> None:
        self.program = program

    def redis(self, port: int, cell: Cell, seconds: int, seed: int) -> Shown:
        """Adds entries to the streams of the Redis server at `port`."""
        return shown(self._ask(
            seconds, "redis", "--addr", f"127.0.0.1:{port}", "--clients", cell.clients, "--inflight", cell.inflight,
            "--streams", GROUPS, "--body", BODY_BYTES, "--seconds", seconds, "--seed", seed,
        ))

    def floor(self, folder: Path, seconds: int) -> Floor:
        """Measures the duration of a small durable write on the disk of a folder."""
        found = self._ask(seconds, "floor", "--file", folder / "floor", "--seconds", seconds)
        return Floor(found["fdatasyncs_per_s"], found["latency_ms"]["p50"], found["latency_ms"]["p99"])

    def _ask(self, seconds: int, *arguments: object) -> dict:
        return json.loads(run([str(self.program), *map(str, arguments)], seconds + WARM_UP_SECONDS + SLACK_SECONDS))


def shown(found: dict) -> Shown:
    """Reads the JSON object that `cairn bench send` and the load generator print."""
    latency = found["latency_ms"]
    if found["accepted_per_s"] is None or latency is None:
        raise PeerError("nothing was accepted in the time that counts")
    return Shown(found["accepted_per_s"], latency["p50"], latency["p99"])
