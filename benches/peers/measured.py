"""The cells of the table, and the result of one peer in one of them."""

from dataclasses import dataclass

# The same for every peer.
BODY_BYTES = 200
GROUPS = 1000
WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Cell:
    """A number of clients, each with a number of sends in flight."""

    clients: int
    inflight: int

    @classmethod
    def parse(cls, text: str) -> "Cell":
        """Parses `16x128`."""
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
    """The result of one peer in one cell of one round."""

    accepted_per_s: float
    p50_ms: float
    p99_ms: float
    # Of the whole device, including other writers. None where the system does not report it.
    flushes_per_s: float | None = None


@dataclass(frozen=True)
class Floor:
    """Durable writes of 4 KiB, one at a time."""

    fdatasyncs_per_s: float
    p50_ms: float
    p99_ms: float


class PeerError(Exception):
    """A peer could not be measured; the message says why."""


class NotDurable(Exception):
    """No peer can be measured here; the message says why."""
