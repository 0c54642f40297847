"""A simulated power cut: a disk that can lose power, the server on it, and its clients."""

import fcntl
import json
import os
import queue
import struct
import subprocess
import threading
import time

FS_IOC_SHUTDOWN, NO_JOURNAL_FLUSH = 0x8004587D, 2
IMAGE_BYTES = 1 << 30
PATIENCE_SECONDS = 180


class CannotRun(Exception):
    """This machine lacks what is needed."""


class Fault(Exception):
    """The server or the clients misbehave."""


class Loss(Fault):
    """Something accepted is lost or unreachable."""


class Lines:
    """The lines of a pipe, read by a thread so that waiting for one has an end."""

    def __init__(self, pipe, keep=None):
        self.queue, self.keep = queue.Queue(), keep
        threading.Thread(target=self._read, args=(pipe,), daemon=True).start()

    def _read(self, pipe):
        for line in pipe:
            if self.keep is not None:
                self.keep.append(line)
            self.queue.put(line)
        self.queue.put(None)

    def await_one(self, wanted, seconds=PATIENCE_SECONDS):
        """Returns the next line that `wanted` accepts; None at the end of the pipe or on a timeout."""
        until = time.monotonic() + seconds
        while True:
            try:
                line = self.queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return None
            if line is None or wanted(line):
                return line


class Disk:
    """A loop-mounted image that can lose its power."""

    def __init__(self, folder):
        self.image, self.mount_point = folder / "disk.img", folder / "mnt"
        self.mount_point.mkdir()

    def make(self):
        self.image.unlink(missing_ok=True)
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", str(self.image))
        self.mount()

    def mount(self):
        run("mount", "-o", "loop", str(self.image), str(self.mount_point))

    def unmount(self):
        run("umount", str(self.mount_point))

    def cut(self):
        folder = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, FS_IOC_SHUTDOWN, struct.pack("I", NO_JOURNAL_FLUSH))
        finally:
            os.close(folder)

    def copy(self):
        """Copies the image at one moment: repeats the copy when something was written meanwhile."""
        copied = self.image.with_suffix(".copy")
        for _ in range(20):
            before = self.image.stat().st_mtime_ns
            run("cp", "--sparse=always", str(self.image), str(copied))
            if self.image.stat().st_mtime_ns == before:
                return copied
        raise Fault("the image does not hold still")


class Server:
    """The real server, its data on the disk."""

    def __init__(self, binary, data, listen, extra_env):
        env = {name: value for name, value in os.environ.items() if name not in ("RUST_LOG", "CAIRN_PROFILE")}
        env.update(extra_env)
        command = [binary, "serve", "--json", "--log", "warn,cairn_store=debug", "--listen", listen, "--data", str(data)]
        pipe = subprocess.PIPE
        self.said = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=env)
        self.log, self.out = Lines(self.process.stderr, self.said), Lines(self.process.stdout)

    def opens(self):
        """Returns whether the server accepts connections, instead of ending."""
        return self.out.await_one(lambda line: line.startswith("{")) is not None

    def await_ready(self):
        ready = self.out.await_one(lambda line: line.startswith("{"))
        if ready is None:
            self.kill()
            raise Loss(f"the server does not open: {last_words(self.said)}")
        ready = json.loads(ready)
        self.listen, self.invite = ready["listening"], ready["invite"]

    def await_checkpoint(self, event):
        """Waits until one is "started" or "done"."""
        if self.log.await_one(lambda line: f"checkpoint {event}" in line) is None:
            raise Fault(f"no checkpoint {event} under load")

    def is_in_checkpoint(self):
        """Returns whether a checkpoint is in progress. One that is not logged as done counts as in progress."""
        begun, done = (sum(words in line for line in self.said) for words in ("checkpoint started", "checkpoint done"))
        return begun > done

    def ends_by_itself(self):
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fault("the server does not end") from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        code = self.ends_by_itself()
        if code != 0:
            raise Fault(f"the server ends with {code} when it is asked to stop: {last_words(self.said)}")


class Clients:
    """The sending clients; see tests/powercut/mod.rs."""

    def __init__(self, program, invite):
        command = [program, "--exact", "powercut::clients_execute_orders", "--nocapture"]
        env = dict(os.environ, CAIRN_POWERCUT_INVITE=invite)
        pipe = subprocess.PIPE
        self.said = []
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=env)
        self.lines = Lines(self.process.stdout, self.said)
        self.answer()

    def order(self, order):
        try:
            self.process.stdin.write(order + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Fault(f"the clients are gone: {last_words(self.said)}") from None

    def answer(self):
        line = self.lines.await_one(lambda line: line.startswith("{"))
        if line is None:
            raise Fault(f"the clients gave up: {last_words(self.said)}")
        answer = json.loads(line)
        if "lost" in answer:
            raise Loss(answer["lost"])
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait()


def last_words(said):
    """Returns the end of a program's output, on one line."""
    return " / ".join(line.strip() for line in said[-5:])


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Fault(f"{' '.join(command)}: {done.stderr.strip()}")
