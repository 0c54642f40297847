#!/usr/bin/env python3
"""Imports a folder of IRC logs into a fresh server and compares the output with the input, byte for byte.

    tests/irc/check.py FOLDER [--binary target/release/cairn]

The folder holds files whose names begin with a date (2007-01-12….txt) and whose lines are `[HH:MM] <nick> text` or
`[HH:MM]  * nick does`. Needs Python 3.8 only. Prints the duration of each step and the bytes per message
on disk, and exits with 1 at the first difference.
"""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

SAID = re.compile(rb"\[\d\d:\d\d\] <[^>]*>(?: (.*))?", re.S)
DONE = re.compile(rb"\[\d\d:\d\d\]  \* ([^ ]+)(?: (.*))?", re.S)


def expected(folder):
    """Returns the expected output: (kind, text) in the order of file names and lines."""
    for path in sorted(folder.iterdir()):
        if not re.match(r"\d{4}-\d\d-\d\d", path.name):
            continue
        for line in path.read_bytes().split(b"\n"):
            if said := SAID.fullmatch(line):
                yield "text", (said[1] or b"").decode()
            elif done := DONE.fullmatch(line):
                yield "emote", (done[2] or b"").decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/cairn"))
    args = parser.parse_args()

    def cairn(*words, profile=None, **options):
        start = time.monotonic()
        profile = ["--profile", str(profile)] if profile else []
        done = subprocess.run([args.binary, *profile, *map(str, words)], check=True, stdout=subprocess.PIPE, **options)
        return done.stdout.decode(), time.monotonic() - start

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        data, ada, bob = scratch / "data", scratch / "ada", scratch / "bob"
        command = [args.binary, "serve", "--json", "--log", "warn", "--listen", "127.0.0.1:0", "--data", str(data)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            invite = json.loads(server.stdout.readline())["invite"]
            cairn("join", invite, "--name", "importer", profile=ada)
            link, _ = cairn("invite", profile=ada)
            cairn("join", link.strip(), "--name", "reader", profile=bob)
            counts, first = cairn("--json", "import", "irc", args.folder, "--group", "logs", profile=ada)
            again, second = cairn("--json", "import", "irc", args.folder, "--group", "logs", profile=ada)
            assert json.loads(again)["added"] == 0, "importing again added something"
            cairn("group", "add", "logs", "reader", profile=ada)
            tail, reading = cairn("--json", "tail", "#logs", "--from", 1, profile=bob)
            server.send_signal(signal.SIGTERM)
            assert server.wait(15) == 0, "the server did not stop well"
        finally:
            server.kill()
            server.wait()
        entries = [json.loads(line) for line in tail.split("\n") if line]
        assert [entry["msgid"] for entry in entries] == list(range(1, len(entries) + 1)), "the numbers have a gap"
        got = [(entry["kind"], entry["text"]) for entry in entries if entry["kind"] != "system"]
        want = list(expected(args.folder))
        for at, (out, into) in enumerate(zip(got, want)):
            assert out == into, f"message {at}: {out!r} came out where {into!r} went in"
        assert len(got) == len(want), f"{len(want)} went in, {len(got)} came out"
        texts = sum(len(text.encode()) for _, text in want)
        size = {name: sum(f.stat().st_size for f in (data / name).rglob("*") if f.is_file()) for name in ("log", "trees")}
        total = sum(f.stat().st_size for f in data.rglob("*") if f.is_file())
        # Afterwards, because opening the store fills up its last segment.
        cairn("doctor", "--data", data)
        said = sum(kind == "text" for kind, _ in want)
        print(f"{counts.strip()}")
        print(f"{said} texts and {len(want) - said} emotes are the same, byte for byte; doctor found everything sound")
        print(f"import {first:.2f} s, again {second:.2f} s, tail {reading:.2f} s")
        each = {name: bytes_ / len(want) for name, bytes_ in [("text", texts), *size.items(), ("all", total)]}
        print("bytes a message: " + ", ".join(f"{name} {value:.1f}" for name, value in each.items()))
        print(f"the directory at rest is {total / texts:.2f} times the text")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        sys.exit(f"FAILED: {failure}")
