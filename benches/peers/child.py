"""Child processes, which never outlive this program."""

import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from measured import PeerError

READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20


def free_port() -> int:
    """Returns a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command: list[str], seconds_max: float, user: str | None = None, cwd: Path | None = None) -> str:
    """Runs a program and returns its output. Ctrl-C, or any other exception, ends the program first."""
    # In a session of its own, so that Ctrl-C reaches only this program, which then stops the others in order.
    program = subprocess.Popen(
        command, text=True, start_new_session=True, user=user, cwd=cwd,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        printed, complained = program.communicate(timeout=seconds_max)
    except BaseException as reason:
        end(program, signal.SIGINT)
        if isinstance(reason, subprocess.TimeoutExpired):
            raise PeerError(f"{command[0]} did not end within {seconds_max:.0f} s") from reason
        raise
    if program.returncode != 0:
        raise PeerError(f"{' '.join(command)} failed ({program.returncode}):\n{(complained or printed).strip()[-2000:]}")
    return printed


def end(program: subprocess.Popen, first: signal.Signals) -> None:
    """Terminates a program, and kills it if it does not exit."""
    for sign in (first, signal.SIGKILL):
        if program.poll() is not None:
            break
        program.send_signal(sign)
        try:
            program.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            continue
    for pipe in (program.stdout, program.stderr):
        if pipe:
            pipe.close()


class Server:
    """Runs a server for the duration of the block. Inside, it accepts connections."""

    def __init__(self, command: list[str], port: int, log: Path, stop: signal.Signals, user: str | None = None) -> None:
        self.command, self.port, self.log, self.stop, self.user = command, port, log, stop, user
        self.program: subprocess.Popen | None = None

    def __enter__(self) -> "Server":
        with self.log.open("wb") as log:
            self.program = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, user=self.user, cwd=self.log.parent
            )
        try:
            self._wait_until_ready(self.program)
        except BaseException:
            end(self.program, self.stop)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None) -> None:
        if self.program:
            end(self.program, self.stop)

    def _wait_until_ready(self, program: subprocess.Popen) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if program.poll() is not None:
                raise PeerError(f"{self.command[0]} ended instead of starting:\n{self.log.read_text(errors='replace')[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise PeerError(f"{self.command[0]} did not accept connections within {READY_SECONDS_MAX} s")
