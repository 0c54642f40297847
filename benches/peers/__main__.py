"""Compares cairn with other durable stores, in interleaved rounds of one run. See README.md in this folder."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import table
from cairn import NAME, Cairn
from load import Load, build
from measured import BODY_BYTES, GROUPS, Cell, NotDurable, PeerError
from postgresql import PostgreSQL
from redis import Redis
from rounds import Course, Peer

ROOT = Path(__file__).resolve().parents[2]
CELLS = "16x128,64x1,1x1"


def main() -> int:
    """Returns the exit code."""
    arguments = _arguments()
    # SIGTERM stops the servers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        load = Load(arguments.load or build())
        peers, left_out = _peers(arguments.peers, arguments.cairn, load)
        course = Course(
            peers, arguments.cells, load, arguments.rounds, arguments.seconds, arguments.seed, arguments.dir
        )
        results = course.run()
    except (PeerError, NotDurable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    versions = {peer.name: peer.version for peer in peers}
    if arguments.json:
        settings = {name: getattr(arguments, name) for name in ("rounds", "seconds", "seed")} | {"body": BODY_BYTES, "groups": GROUPS}
        print(json.dumps(table.json_object(results, versions, left_out, arguments.cells, settings)))
    else:
        notes = [", ".join(versions.values()), *(f"left out: {reason}" for reason in left_out.values())]
        print(table.text(results, list(versions), arguments.cells, notes, arguments.seconds))
    return 130 if results.interrupted else 0


def _peers(names: list[str], cairn: Path, load: Load) -> tuple[list[Peer], dict[str, str]]:
    """Returns the installed peers, cairn first, and why the others are left out."""
    makers: dict[str, Callable[[], Peer]] = {"redis": lambda: Redis(load), "postgresql": PostgreSQL}
    peers: list[Peer] = [Cairn(cairn)]
    left_out: dict[str, str] = {}
    for name in names:
        try:
            peers.append(makers[name]())
        except PeerError as error:
            left_out[name] = str(error)
    return peers, left_out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 benches/peers",
        description=f"Measures how many messages a second {NAME} and others make durable, each in turn, and prints the ratios. Every "
        "server is started on an empty folder of its own and removed afterwards. Ctrl-C ends it early and prints what was measured.",
    )
    parser.add_argument("--cairn", type=Path, default=ROOT / "target/release/cairn", help="the program [target/release/cairn]")
    parser.add_argument("--dir", type=Path, help="data directory of all peers, on the disk to measure [the system's temporary folder]")
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds; in each, every peer takes a turn in every cell [3]")
    parser.add_argument("--seconds", type=_positive, default=4, help="measured seconds per turn, after one second of warm-up [4]")
    parser.add_argument("--cells", type=_listed(Cell.parse), default=CELLS, help=f"clients x sends in flight [{CELLS}]")
    parser.add_argument("--peers", type=_listed(_peer), default="redis,postgresql", help="peers to compare with [redis,postgresql]")
    parser.add_argument("--seed", type=int, default=1, help="repeats the choices of an earlier run [1]")
    parser.add_argument("--load", type=Path, help="a prebuilt load generator [built when needed]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def _peer(name: str) -> str:
    if name not in ("redis", "postgresql"):
        raise ValueError(name)
    return name


def _listed(parse: Callable) -> Callable[[str], list]:
    def parsed(text: str) -> list:
        try:
            return [parse(part) for part in text.split(",")]
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed


if __name__ == "__main__":
    sys.exit(main())
