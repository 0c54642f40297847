#!/usr/bin/env python3
"""Cuts the power under load and looks whether anything that was accepted is gone.

    sudo tests/powercut/run.py                    50 cuts, both ways in turn
    sudo tests/powercut/run.py --expect-loss      the control: without fdatasync it must report losses

The server's data directory is on a loop-mounted ext4 image. Clients write pages into it until the power goes, at a random moment or in
the middle of a checkpoint, by one of two ways:

    shutdown   FS_IOC_SHUTDOWN without a flush of the journal: nothing that is not on the image by then gets there. The server still
               runs; it must notice that its storage failed, accept nothing more and end with exit code 5.
    copy       SIGSTOP, a copy of the image as it is on the disk, SIGKILL; the copy is what is mounted afterwards.

Then the file system recovers, the server opens with its own recovery, the clients come back by themselves, send again what was not
answered, and everything is read and compared: each accepted message once, under its number, byte for byte, without a gap.

Needs root, loop mounts and 3 GiB. Exit codes: 0 as it must be, 1 not so, 77 it cannot run here.
"""

import argparse
import fcntl
import json
import os
import queue
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FS_IOC_SHUTDOWN, NO_JOURNAL_FLUSH = 0x8004587D, 2
IMAGE_BYTES = 1 << 30
CUTS_PER_IMAGE = 5
PATIENCE_SECONDS = 180
STORAGE_FAILED = 5


class CannotRun(Exception):
    """This machine lacks what is needed."""


class Fault(Exception):
    """The server or the clients do not do what they must."""


class Loss(Fault):
    """Something that was accepted is not there any more, or cannot be reached."""


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
        """The next line that `wanted` likes; None when the pipe ends or nothing comes in time."""
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
        """A copy of one moment: when something was written meanwhile, it is made again."""
        copied = self.image.with_suffix(".copy")
        for _ in range(20):
            before = self.image.stat().st_mtime_ns
            run("cp", "--sparse=always", str(self.image), str(copied))
            if self.image.stat().st_mtime_ns == before:
                return copied
        raise Fault("the image does not hold still")


class Server:
    """The real server, its data on the disk."""

    def __init__(self, binary, data, listen, preload):
        env = {name: value for name, value in os.environ.items() if name not in ("RUST_LOG", "CAIRN_PROFILE")}
        if preload:
            env["LD_PRELOAD"] = str(preload)
        command = [binary, "serve", "--json", "--log", "warn,cairn::store=debug", "--listen", listen, "--data", str(data)]
        pipe = subprocess.PIPE
        self.said = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=env)
        self.log = Lines(self.process.stderr, self.said)
        ready = Lines(self.process.stdout).await_one(lambda line: line.startswith("{"))
        if ready is None:
            self.process.kill()
            raise Loss(f"the server does not open: {''.join(self.said[-5:])}")
        ready = json.loads(ready)
        self.listen, self.invite = ready["listening"], ready["invite"]

    def checkpoint_begins(self):
        return self.log.await_one(lambda line: "checkpoint begins" in line) is not None

    def ends_by_itself(self):
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Fault("the server goes on although its storage failed") from None

    def kill(self):
        self.process.kill()
        self.process.wait()


class Clients:
    """Those who talk; see tests/powercut/mod.rs."""

    def __init__(self, program, invite):
        command = [program, "--exact", "powercut::clients", "--ignored", "--nocapture"]
        env = dict(os.environ, CAIRN_POWERCUT_INVITE=invite)
        pipe = subprocess.PIPE
        self.said = []
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=env)
        self.lines = Lines(self.process.stdout, self.said)
        self.answer()

    def order(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.lines.await_one(lambda line: line.startswith("{"))
        if line is None:
            raise Fault(f"the clients gave up: {''.join(self.said[-5:])}")
        answer = json.loads(line)
        if "lost" in answer:
            raise Loss(answer["lost"])
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait()


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Fault(f"{' '.join(command)}: {done.stderr.strip()}")


def load(server, clients, moment):
    """Lets the clients talk, and returns when it is time for the cut."""
    clients.order(f"talk {random.randint(1, 1500)}")
    if moment == "checkpoint":
        if not server.checkpoint_begins():
            raise Fault("no checkpoint begins under load")
        time.sleep(random.uniform(0, 0.6))
        return
    clients.answer()
    time.sleep(random.uniform(0, 0.1))


def cut(disk, server, way):
    """The power goes, and comes back."""
    if way == "shutdown":
        disk.cut()
        code = server.ends_by_itself()
        disk.unmount()
        if code != STORAGE_FAILED:
            raise Fault(f"the server ends with {code} when its storage fails: {''.join(server.said[-5:])}")
    else:
        server.process.send_signal(signal.SIGSTOP)
        copied = disk.copy()
        server.kill()
        disk.unmount()
        copied.replace(disk.image)
    disk.mount()


class Run:
    """Cut after cut, on one image after the other."""

    def __init__(self, options, folder):
        self.options, self.disk = options, Disk(folder)
        self.preload = build_preload(folder) if options.expect_loss else None
        self.server = self.clients = None

    def start_server(self, listen="127.0.0.1:0"):
        self.server = Server(self.options.binary, self.disk.mount_point / "data", listen, self.preload)

    def begin_image(self):
        self.disk.make()
        self.start_server()
        self.clients = Clients(self.options.clients, self.server.invite)
        # The control is about messages, not about the accounts of those who send them.
        os.sync()

    def end_image(self):
        for ended in (self.clients, self.server):
            if ended is not None:
                ended.kill()
        self.server = self.clients = None
        if os.path.ismount(self.disk.mount_point):
            self.disk.unmount()

    def round(self, way, moment):
        load(self.server, self.clients, moment)
        cut(self.disk, self.server, way)
        started = time.monotonic()
        self.start_server(self.server.listen)
        opened = time.monotonic() - started
        if moment == "checkpoint":
            # Its order is answered only now, if the cut came before so many were accepted.
            self.clients.answer()
        self.clients.order("settle")
        entries = self.clients.answer()["entries"]
        return f"opened in {opened:.2f} s, {entries} entries as they must be"

    def control(self, number, way):
        """One cut without fdatasync: true when the loss is seen."""
        self.begin_image()
        try:
            print(f"cut {number} {way}: NOTHING LOST, {self.round(way, 'load')}", flush=True)
            return False
        except Loss as loss:
            print(f"cut {number} {way}: lost as expected: {loss}", flush=True)
            return True
        finally:
            self.end_image()

    def all(self):
        ways = {"both": ["shutdown", "copy"]}.get(self.options.way, [self.options.way])
        cuts, faults = self.options.rounds, 0
        for number in range(cuts):
            way = ways[number % len(ways)]
            if self.options.expect_loss:
                faults += self.control(number + 1, way)
                continue
            moment = random.choice(["load", "checkpoint"])
            try:
                if self.clients is None:
                    self.begin_image()
                print(f"cut {number + 1} {way} during {moment}: {self.round(way, moment)}", flush=True)
            except Fault as fault:
                faults += 1
                print(f"cut {number + 1} {way} during {moment}: FAULT: {fault}", flush=True)
                self.keep()
                self.end_image()
            if (number + 1) % CUTS_PER_IMAGE == 0:
                self.end_image()
        return cuts, faults

    def keep(self):
        """The image of a fault is for a person to look at."""
        kept = Path(tempfile.mkdtemp(prefix="cairn-powercut-fault-"))
        if self.server is not None:
            self.server.kill()
            (kept / "server.log").write_text("".join(self.server.said))
        run("cp", "--sparse=always", str(self.disk.image), str(kept / "disk.img"))
        print(f"    kept in {kept}", flush=True)


def build_preload(folder):
    if shutil.which("gcc") is None:
        raise CannotRun("the control needs gcc")
    made = folder / "nosync.so"
    run("gcc", "-shared", "-fPIC", "-O1", "-o", str(made), str(HERE / "nosync.c"))
    return made


def build(options):
    """Builds what was not given: the server, and the clients, which are part of the integration tests."""
    if not options.clients or not options.binary:
        command = ["cargo", "test", "--locked", "--test", "main", "--no-run", "--message-format", "json-render-diagnostics"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        built = [json.loads(line) for line in done.stdout.splitlines()]
        found = {item["target"]["name"]: item["executable"] for item in built if item.get("executable")}
        options.clients, options.binary = options.clients or found["main"], options.binary or found["cairn"]


def check_machine():
    if sys.platform != "linux":
        raise CannotRun("it needs Linux")
    if os.geteuid() != 0:
        raise CannotRun("it needs root, to mount images")
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            raise CannotRun(f"it needs {tool}")


def check_disk(disk):
    try:
        disk.make()
    except Fault as fault:
        raise CannotRun(f"it needs loop mounts: {fault}") from fault
    try:
        disk.cut()
    except OSError as error:
        raise CannotRun(f"the file system cannot be shut down: {error}") from error
    finally:
        disk.unmount()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="cuts to make (50, and 6 for the control)")
    parser.add_argument("--way", choices=["both", "shutdown", "copy"], default="both")
    parser.add_argument("--expect-loss", action="store_true", help="take the fdatasync out, and fail when nothing is lost")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--binary", help="the server (default: built here)")
    parser.add_argument("--clients", help="the integration tests' binary (default: built here)")
    options = parser.parse_args()
    options.rounds = options.rounds or (6 if options.expect_loss else 50)
    try:
        check_machine()
        folder = Path(tempfile.mkdtemp(prefix="cairn-powercut-"))
        try:
            cuts = Run(options, folder)
            check_disk(cuts.disk)
            build(options)
            print(f"seed {options.seed}, server {options.binary}", flush=True)
            random.seed(options.seed)
            made, faults = cuts.all()
        finally:
            if os.path.ismount(folder / "mnt"):
                subprocess.run(["umount", "-l", str(folder / "mnt")], check=False)
            shutil.rmtree(folder, ignore_errors=True)
    except CannotRun as reason:
        print(f"skipped: {reason}")
        return 77
    if options.expect_loss:
        print(f"{made} cuts without fdatasync, loss seen after {faults}")
        return 0 if faults > 0 else 1
    print(f"{made} cuts, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
