"""The results of a run: tables, or one JSON object."""

import os
import platform
import statistics
from collections.abc import Callable

from cairn import NAME as CAIRN
from measured import ALONE, BODY_BYTES, GROUPS, Cell, Floor, Shown
from rounds import Results

# Upper limit for the p50 of a single client above the disk's own p50.
ABOVE_FLOOR_MS_MAX = 0.15


class Spread:
    """The median of several rounds, and their extremes."""

    def __init__(self, values: list[float]) -> None:
        self.median, self.min, self.max = statistics.median(values), min(values), max(values)

    def format(self, digits: int = 0) -> str:
        """`1,234 [1,200-1,300]`"""
        return f"{self.median:,.{digits}f} [{self.min:,.{digits}f}-{self.max:,.{digits}f}]"

    def json(self) -> dict:
        return {"median": self.median, "min": self.min, "max": self.max}


def spread(turns: dict[int, Shown] | dict[int, Floor], value: Callable) -> Spread | None:
    """Returns None when nothing was measured."""
    values = [number for number in map(value, turns.values()) if number is not None]
    return Spread(values) if values else None


def per_flush_of(turn: Shown) -> float | None:
    """Messages per flush of the device."""
    return turn.accepted_per_s / turn.flushes_per_s if turn.flushes_per_s else None


def ratio(results: Results, cell: Cell, peer: str) -> Spread | None:
    """cairn's rate divided by the peer's, round by round."""
    ours, theirs = results.shown.get((cell, CAIRN), {}), results.shown.get((cell, peer), {})
    ratios = [ours[number].accepted_per_s / theirs[number].accepted_per_s for number in ours.keys() & theirs.keys()]
    return Spread(ratios) if ratios else None


def above_floor(results: Results) -> Spread | None:
    """cairn's p50 of a single client minus the disk's, in milliseconds, round by round."""
    turns = results.shown.get((ALONE, CAIRN), {})
    above = [turns[number].p50_ms - results.floors[number].p50_ms for number in turns.keys() & results.floors.keys()]
    return Spread(above) if above else None


def text(results: Results, names: list[str], cells: list[Cell], notes: list[str], seconds: int) -> str:
    """Renders the tables."""
    load = f"{BODY_BYTES}-byte bodies, {GROUPS:,} groups at random, {seconds} s each"
    rounds = max(map(len, results.shown.values()), default=0)
    parts = [f"Durable sends: {load}, medians [min-max] of {rounds} round{'' if rounds == 1 else 's'}"]
    parts += [_cell(results, cell, names) for cell in cells]
    parts.append(_floor(results))
    parts.append("\n".join([*notes, _machine()] + (["ended early"] if results.interrupted else [])))
    return "\n\n".join(part for part in parts if part)


def _cell(results: Results, cell: Cell, names: list[str]) -> str:
    rows = [["", "accepted/s", "p50 ms", "p99 ms", "flushes/s", "messages/flush", "cairn is"]]
    for name in names:
        turns = results.shown.get((cell, name))
        if turns:
            rate, times = spread(turns, lambda turn: turn.accepted_per_s), ratio(results, cell, name)
            flushes, per_flush = spread(turns, lambda turn: turn.flushes_per_s), spread(turns, per_flush_of)
            rows.append([
                name, rate.format(), f"{spread(turns, lambda turn: turn.p50_ms).median:.2f}",
                f"{spread(turns, lambda turn: turn.p99_ms).median:.2f}", f"{flushes.median:,.0f}" if flushes else "unknown",
                f"{per_flush.median:,.1f}" if per_flush else "unknown",
                f"{times.format(2)} times that" if times and name != CAIRN else "",
            ])
    if len(rows) == 1:
        return ""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    aligned = lambda row: [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:]))]
    lines = ["  ".join(aligned(row)).rstrip() for row in rows]
    clients = "1 client" if cell.clients == 1 else f"{cell.clients} clients"
    return "\n  ".join([f"{clients} x {cell.inflight} in flight", *lines])


def _floor(results: Results) -> str:
    if not results.floors:
        return ""
    p50, p99 = spread(results.floors, lambda floor: floor.p50_ms), spread(results.floors, lambda floor: floor.p99_ms)
    rate = spread(results.floors, lambda floor: floor.fdatasyncs_per_s)
    lines = [f"The disk alone, 4 KiB and fdatasync: {rate.format()} /s, p50 {p50.format(3)} ms, p99 {p99.format(3)} ms"]
    above = above_floor(results)
    if above:
        lines.append(f"  1 client x 1 in flight: cairn's p50 is {above.format(3)} ms above that: {_verdict(above.median)}")
    return "\n".join(lines)


def _verdict(above_ms: float) -> str:
    # No durable write is faster than the disk: something else slowed one of the two turns.
    if above_ms < 0:
        return "the machine was busy, measure again"
    return f"{'within' if above_ms <= ABOVE_FLOOR_MS_MAX else 'NOT within'} {ABOVE_FLOOR_MS_MAX} ms"


def _machine() -> str:
    return f"{platform.node()}, {platform.machine()}, {_cores()} cores, kernel {platform.release()}"


def _cores() -> int:
    return os.cpu_count() or 1


def json_object(results: Results, versions: dict[str, str], left_out: dict[str, str], cells: list[Cell], settings: dict) -> dict:
    """Builds the JSON object."""
    return {
        "benchmark": "peers", "settings": settings, "versions": versions, "left_out": left_out, "interrupted": results.interrupted,
        "machine": {"cores": _cores(), "kernel": platform.release()},
        "floor": {
            "fdatasyncs_per_s": _json(spread(results.floors, lambda floor: floor.fdatasyncs_per_s)),
            "p50_ms": _json(spread(results.floors, lambda floor: floor.p50_ms)),
            "p99_ms": _json(spread(results.floors, lambda floor: floor.p99_ms)),
            "cairn_above_p50_ms": _json(above_floor(results)),
        },
        "cells": {str(cell): {name: _peer(results, cell, name) for name in versions if (cell, name) in results.shown} for cell in cells},
    }


def _peer(results: Results, cell: Cell, name: str) -> dict:
    turns = results.shown[(cell, name)]
    return {
        "accepted_per_s": _json(spread(turns, lambda turn: turn.accepted_per_s)), "p50_ms": _json(spread(turns, lambda turn: turn.p50_ms)),
        "p99_ms": _json(spread(turns, lambda turn: turn.p99_ms)), "flushes_per_s": _json(spread(turns, lambda turn: turn.flushes_per_s)),
        "messages_per_flush": _json(spread(turns, per_flush_of)),
        "cairn_is_times": _json(ratio(results, cell, name)),
    }


def _json(values: Spread | None) -> dict | None:
    return values.json() if values else None
