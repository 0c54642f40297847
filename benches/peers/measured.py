"""What is measured: the cells of the table, and what one peer showed in one of them."""

from dataclasses import dataclass

# What every peer is given.
BODY_BYTES = 200
GROUPS = 1000
WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Cell:
    """So many clients, each with so many sends that wait for their answers."""

    clients: int
    inflight: int

    @classmethod
    def parse(cls, text: str) -> "Cell":
        """Takes `16x128`."""
        clients, times, inflight = text.partition("x")
        if not (times and clients.isdigit() and inflight.isdigit() and int(clients) > 0 and int(inflight) > 0):
            raise ValueError(f"{text!r} is no cell: give clients x sends in flight, such as 16x128")
        return cls(int(clients), int(inflight))

    def __str__(self) -> str:
        return f"{self.clients}x{self.inflight}"


# One client with one send in flight waits for one write to be durable, and little else.
ALONE = Cell(1, 1)


@dataclass(frozen=True)
class Shown:
    """What one peer showed in one cell of one round."""

    accepted_per_s: float
    p50_ms: float
    p99_ms: float
    # Of the whole device, by whomever. None where the system does not tell.
    flushes_per_s: float | None = None


@dataclass(frozen=True)
class Floor:
    """4 KiB written and made durable, one after the other."""

    fdatasyncs_per_s: float
    p50_ms: float
    p99_ms: float


class PeerError(Exception):
    """A peer could not be measured, and why."""


class NotDurable(Exception):
    """No peer can be measured here, and why."""
