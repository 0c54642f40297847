#!/usr/bin/env python3
"""Cuts the power under load and checks that nothing accepted is lost.

    sudo tests/powercut/run.py                    50 cuts, alternating between both ways
    sudo tests/powercut/run.py --expect-loss      the control: without fdatasync it must report losses
    sudo tests/powercut/run.py --expect-loss trees    the same, without the fdatasync of checkpoints only
    sudo tests/powercut/run.py --expect-loss log    the disk lies about the log only: the server must refuse, and say what is missing

The server's data directory is on a loop-mounted ext4 image. Clients write pages into it until the power is cut: at a random moment,
during a checkpoint or right after one, and sometimes again while the server starts. There are two ways to cut the power:

    shutdown   FS_IOC_SHUTDOWN without a journal flush: nothing reaches the image from then on. The server still runs; it must detect
               that its storage failed, accept nothing more and exit with code 5.
    copy       SIGSTOP, a copy of the image as it is on the disk, SIGKILL; the copy is mounted afterwards.

Then the file system and the server recover, the clients reconnect and repeat unanswered sends, and everything is read and compared: each
accepted message once, under its id, byte for byte, without a gap. After five cuts a new image is created, and the doctor checks the old
one.

Needs root, loop mounts and 3 GiB. Exit codes: 0 passed, 1 failed, 77 cannot run here.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True

from machine import CannotRun, Clients, Disk, Fault, Loss, Server, last_words, run  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CUTS_PER_IMAGE = 5
# The share of cuts that are followed by another one while the server opens.
SECOND_CUTS = 0.3
STORAGE_FAILED = 5
DATA_UNUSABLE = 4
# The watermark is synced every 30 seconds under load.
WATERMARK_SYNC_SECONDS = 31
# How server and doctor say that accepted batches are missing, or which part of the log is damaged.
SAYS_WHAT_IS_MISSING = re.compile(r"batches \d+ to \d+ are lost|batch \d+ is lost|what followed batch \d+ is lost")


def load(server, clients, moment):
    """Runs the clients, and returns when it is time for the cut."""
    clients.order(f"talk {random.randint(1, 1500)}")
    if moment == "load":
        clients.answer()
        time.sleep(random.uniform(0, 0.1))
    elif moment == "checkpoint":
        server.await_checkpoint("started")
        time.sleep(random.uniform(0, 0.6))
    else:
        # From here on, the trees hold the only copy of what was dropped from the log.
        server.await_checkpoint("done")
        time.sleep(random.uniform(0, 0.3))


def cut(disk, server, way, serving=True):
    """Cuts and restores the power."""
    if way == "shutdown":
        disk.cut()
        if serving:
            code = server.ends_by_itself()
            if code != STORAGE_FAILED:
                raise Fault(f"the server ends with {code} when its storage fails: {last_words(server.said)}")
        server.kill()
        disk.unmount()
    else:
        server.process.send_signal(signal.SIGSTOP)
        copied = disk.copy()
        server.kill()
        disk.unmount()
        copied.replace(disk.image)
    disk.mount()


class Run:
    """Performs one cut after another, each on its own image."""

    def __init__(self, options, folder):
        self.options, self.disk = options, Disk(folder)
        self.env = {}
        if options.expect_loss:
            self.env["LD_PRELOAD"] = str(build_preload(folder))
        if options.expect_loss == "trees":
            # sled's one file.
            self.env["CAIRN_NOSYNC"] = "db"
        if options.expect_loss == "log":
            self.env["CAIRN_NOSYNC"] = "log/"
        self.server = self.clients = None
        self.in_checkpoint = self.in_start = 0

    @property
    def data(self):
        return self.disk.mount_point / "data"

    def start_server(self, listen="127.0.0.1:0"):
        self.server = Server(self.options.binary, self.data, listen, self.env)
        self.server.await_ready()

    def begin_image(self):
        self.disk.make()
        self.start_server()
        self.clients = Clients(self.options.clients, self.server.invite)
        # The control concerns messages, not the accounts of their senders.
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
        interrupted = self.server.is_in_checkpoint()
        self.in_checkpoint += interrupted
        where = "in a checkpoint" if interrupted else "under load"
        listen = self.server.listen
        if random.random() < SECOND_CUTS:
            self.cut_while_opening(way, listen)
            where += ", and once more at the start"
        started = time.monotonic()
        self.start_server(listen)
        opened = time.monotonic() - started
        if moment != "load":
            # The order is answered only now if the cut came before that many were accepted.
            self.clients.answer()
        self.clients.order("settle")
        entries = self.clients.answer()["entries"]
        return f"{where}, opened in {opened:.2f} s, {entries} entries as they must be"

    def cut_while_opening(self, way, listen):
        """Cuts the power again while the server starts, or soon after."""
        self.in_start += 1
        self.server = Server(self.options.binary, self.data, listen, self.env)
        time.sleep(random.uniform(0, 0.8))
        cut(self.disk, self.server, way, serving=False)

    def check_by_doctor(self):
        """After an orderly stop, everything stored is sound."""
        self.clients.kill()
        self.server.stop()
        run(self.options.binary, "doctor", "--data", str(self.data))

    def control(self, number, way):
        """Performs one cut without fdatasync; returns whether the loss was detected."""
        self.begin_image()
        moment = "after a checkpoint" if self.options.expect_loss == "trees" else "load"
        try:
            print(f"cut {number} {way}: NOTHING LOST, {self.round(way, moment)}", flush=True)
            return False
        except Loss as loss:
            print(f"cut {number} {way}: lost as expected: {loss}", flush=True)
            return True
        finally:
            self.end_image()

    def refusal(self, number, way):
        """Performs one cut on a disk that lies about the log; returns whether the server refused it and said what is missing."""
        self.begin_image()
        try:
            self.clients.order("talk 1000000")
            time.sleep(WATERMARK_SYNC_SECONDS + random.uniform(0, 3))
            cut(self.disk, self.server, way)
            self.server = Server(self.options.binary, self.data, self.server.listen, {})
            if self.server.opens():
                print(f"cut {number} {way}: SILENT, the server opens", flush=True)
                return False
            code, said = self.server.ends_by_itself(), last_words(self.server.said)
            doctor = subprocess.run([self.options.binary, "doctor", "--data", str(self.data)], capture_output=True, text=True, check=False)
            missing = SAYS_WHAT_IS_MISSING.search(doctor.stderr)
            is_refused = code == DATA_UNUSABLE and doctor.returncode == 1 and missing is not None
            what = f"refused: {missing[0]}" if is_refused else f"WRONG, it ends with {code}: {doctor.stderr}"
            print(f"cut {number} {way}: {what} ({said})", flush=True)
            return is_refused
        finally:
            self.end_image()

    def all(self):
        ways = {"both": ["shutdown", "copy"]}.get(self.options.way, [self.options.way])
        cuts, faults = self.options.rounds, 0
        for number in range(cuts):
            way = ways[number % len(ways)]
            if self.options.expect_loss == "log":
                faults += self.refusal(number + 1, way)
                continue
            if self.options.expect_loss:
                faults += self.control(number + 1, way)
                continue
            moment = random.choice(["load", "checkpoint", "checkpoint", "after a checkpoint"])
            try:
                if self.clients is None:
                    self.begin_image()
                print(f"cut {number + 1} {way}: {self.round(way, moment)}", flush=True)
                if (number + 1) % CUTS_PER_IMAGE == 0:
                    self.check_by_doctor()
            except Fault as fault:
                faults += 1
                print(f"cut {number + 1} {way}: FAULT: {fault}", flush=True)
                self.keep()
                self.end_image()
            if (number + 1) % CUTS_PER_IMAGE == 0:
                self.end_image()
        return cuts, faults

    def keep(self):
        """Keeps the image of a fault for inspection."""
        kept = Path(tempfile.mkdtemp(prefix="cairn-powercut-fault-"))
        if self.server is not None:
            self.server.kill()
            (kept / "server.log").write_text("".join(self.server.said))
        if os.path.ismount(self.disk.mount_point):
            self.disk.unmount()
        run("cp", "--sparse=always", str(self.disk.image), str(kept / "disk.img"))
        print(f"    kept in {kept}", flush=True)


def build_preload(folder):
    if shutil.which("gcc") is None:
        raise CannotRun("the control needs gcc")
    made = folder / "nosync.so"
    run("gcc", "-shared", "-fPIC", "-O1", "-o", str(made), str(HERE / "nosync.c"), "-ldl")
    return made


def build(options):
    """Builds the server and the clients (part of the integration tests) unless they were given."""
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
    parser.add_argument(
        "--expect-loss",
        choices=["all", "trees", "log"],
        nargs="?",
        const="all",
        help="remove the fdatasync, everywhere or for the trees only, and fail when nothing is lost; or for the log only, and fail "
        "when the server does not refuse what is left",
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--binary", help="the server (default: built here)")
    parser.add_argument("--clients", help="the integration tests' binary (default: built here)")
    options = parser.parse_args()
    options.rounds = options.rounds or (6 if options.expect_loss else 50)
    # An interrupted run leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        check_machine()
        with tempfile.TemporaryDirectory(prefix="cairn-powercut-", ignore_cleanup_errors=True) as folder:
            cuts = Run(options, Path(folder))
            check_disk(cuts.disk)
            build(options)
            print(f"seed {options.seed}, server {options.binary}", flush=True)
            random.seed(options.seed)
            try:
                made, faults = cuts.all()
            finally:
                cuts.end_image()
    except CannotRun as reason:
        print(f"skipped: {reason}")
        return 77
    if options.expect_loss == "log":
        print(f"{made} cuts without fdatasync of the log, refused after {faults}")
        return 0 if faults == made else 1
    if options.expect_loss:
        print(f"{made} cuts without fdatasync, loss seen after {faults}")
        return 0 if faults > 0 else 1
    print(f"{made} cuts, {cuts.in_checkpoint} of them in a checkpoint, {cuts.in_start} more at the start: {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
