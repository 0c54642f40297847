#!/usr/bin/env python3
"""Lets every call of a server to the system fail in turn, and checks that nothing accepted is lost.

    tests/ioerrors/run.py                      each call of each class once, with each error
    tests/ioerrors/run.py --on                 each call, and all later ones of its class
    tests/ioerrors/run.py --step 10 --seed 7   every tenth call, from a random one on
    tests/ioerrors/run.py --class sync --json

A trial copies a data directory with trees, a log to replay and a file, and starts the server on it with tests/ioerrors/fail_at.c
preloaded: one call below the directory fails. A client logs in, sends, creates a group, downloads, uploads and reads; then the server is
stopped, if it still runs. It must end with a documented exit code, without a panic, and say why. Then a server without failures must
start on the directory, serve everything that was accepted, once and byte for byte, end with 0, and leave a directory that the doctor
finds sound. The calls of a class are tried from the first one on, until a run passes in which none failed.

Needs Linux and cc. Exit codes: 0 passed, 1 failed, 77 cannot run here.
"""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ERRORS = {
    "sync": ["EIO", "ENOSPC"],
    "write": ["EIO", "ENOSPC"],
    "rename": ["EIO", "ENOSPC"],
    "truncate": ["EIO", "ENOSPC"],
    "open": ["EIO", "ENOSPC", "EMFILE"],
    "read": ["EIO"],
    "remove": ["EIO"],
}


class CannotRun(Exception):
    """This machine lacks what is needed."""


class Trials:
    """The process that runs the trials; see tests/ioerrors/mod.rs."""

    def __init__(self, program, binary):
        env = dict(os.environ, CAIRN_IOERRORS="1")
        if binary:
            env["CAIRN_TEST_BINARY"] = binary
        command = [program, "--exact", "ioerrors::trials_follow_orders", "--nocapture"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env)
        self.answer()

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit("the trials ended before their time")

    def run(self, fault, at, error, how):
        self.process.stdin.write(f"{fault} {at} {error} {how}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def build(options):
    """Builds the trials (part of the integration tests) and the server unless the trials were given."""
    if not options.trials:
        command = ["cargo", "test", "--locked", "--test", "main", "--no-run", "--message-format", "json-render-diagnostics"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        built = [json.loads(line) for line in done.stdout.splitlines()]
        options.trials = next(item["executable"] for item in built if item.get("executable") and item["target"]["name"] == "main")


def sweep(trials, options, name, error, how):
    """Fails the calls of a class until a run passes untouched; yields the outcomes."""
    at = random.randint(1, options.step)
    while True:
        outcome = trials.run(name, at, error, how)
        if outcome["fault"]:
            print(f"{name} {at} {error} {how}: FAULT: {outcome['fault']}", file=sys.stderr, flush=True)
        elif options.verbose:
            print(f"{name} {at} {error} {how}: {outcome['phase']}, exit {outcome['exit']} {outcome['said']}", file=sys.stderr, flush=True)
        yield outcome
        if not outcome["fault"] and outcome["failed"] == 0:
            return
        at += options.step


def summarise(outcomes):
    """Counts the outcomes of one class and error."""
    failed = [outcome for outcome in outcomes if outcome["failed"]]
    of = collections.Counter((outcome["phase"], outcome["exit"]) for outcome in failed)
    return {
        "trials": len(outcomes),
        "failed_calls": sum(outcome["failed"] for outcome in failed),
        "calls_in_a_run": outcomes[-1]["calls"],
        "accepted": sum(outcome["accepted"] for outcome in outcomes),
        "outcomes": [{"phase": phase, "exit": code, "trials": count} for (phase, code), count in sorted(of.items(), key=str)],
        "faults": [outcome for outcome in outcomes if outcome["fault"]],
    }


def row(name, error, how, summary):
    outcomes = ", ".join(f"{found['trials']} {found['phase']}/{found['exit']}" for found in summary["outcomes"])
    faults = len(summary["faults"])
    return f"{name:9} {error:7} {how:5} {summary['trials']:6} {summary['accepted']:9} {faults:7}  {outcomes}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--class", dest="classes", action="append", choices=list(ERRORS), help="only this class; may be repeated")
    parser.add_argument("--error", dest="errors", action="append", help="only this error, such as EIO; may be repeated")
    parser.add_argument("--on", action="store_true", help="all later calls of the class fail as well")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="fail every Nth call")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the first calls, with --step")
    parser.add_argument("--json", action="store_true", help="print one object at the end instead of the table")
    parser.add_argument("--verbose", action="store_true", help="print every trial to standard error")
    parser.add_argument("--binary", help="the server (default: built here)")
    parser.add_argument("--trials", help="the integration tests' binary (default: built here)")
    options = parser.parse_args()
    random.seed(options.seed)
    try:
        if sys.platform != "linux":
            raise CannotRun("it needs Linux")
        if shutil.which("cc") is None:
            raise CannotRun("it needs cc")
    except CannotRun as reason:
        print(f"skipped: {reason}")
        return 77
    build(options)
    trials, how, began = Trials(options.trials, options.binary), "on" if options.on else "once", time.monotonic()
    summaries = []
    if not options.json:
        print(f"seed {options.seed}\nclass     error   how   trials  accepted  faults  phase/exit code", flush=True)
    for name in options.classes or ERRORS:
        for error in ERRORS[name]:
            if options.errors and error not in options.errors:
                continue
            summary = summarise(list(sweep(trials, options, name, error, how)))
            summaries.append({"class": name, "error": error, "how": how, **summary})
            if not options.json:
                print(row(name, error, how, summary), flush=True)
    trials.end()
    made = sum(summary["trials"] for summary in summaries)
    faults = sum(len(summary["faults"]) for summary in summaries)
    seconds = round(time.monotonic() - began)
    if options.json:
        print(json.dumps({"seed": options.seed, "step": options.step, "trials": made, "faults": faults, "seconds": seconds, "classes": summaries}))
    else:
        print(f"{made} trials in {seconds} s, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
