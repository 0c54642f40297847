#!/usr/bin/env python3
"""Runs the fuzz targets, and keeps what they find.

    fuzz/run.py                            each target for ten minutes
    fuzz/run.py requests log --minutes 1   these, for a minute each
    fuzz/run.py --runs 5000000             until so many executions, at most ten minutes
    fuzz/run.py --pack                     afterwards, write the corpus: the smallest inputs that reach the same code

The inputs of a target are those of fuzz/corpus/TARGET.pack and those that a run found before, in fuzz/target/inputs. An input that makes
a target panic, hang or take too much memory is kept in fuzz/target/artifacts/TARGET, and the run of this target ends. Where cargo-fuzz is
installed, `cargo fuzz run TARGET fuzz/target/inputs/TARGET` does the same by hand.

Needs a nightly compiler (or, with --toolchain, another one: nothing is sanitized), and a C++ compiler for libFuzzer. Exit codes: 0 nothing found, 1 a target failed, 77 cannot run here.
"""

import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = sorted(path.stem for path in (HERE / "fuzz_targets").glob("*.rs"))
UNPACKED, ARTIFACTS, CORPUS = HERE / "target/inputs", HERE / "target/artifacts", HERE / "corpus"
PACK_BYTES_MAX = 90 * 1024
INPUT_BYTES_MAX = 4096
SECONDS_MAX = 20
MEMORY_MIB_MAX = 2048

COVERAGE = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
]


def target_folder():
    folder = os.environ.get("CARGO_TARGET_DIR")
    return Path(folder) / "fuzz" if folder else HERE / "target"


def build(toolchain):
    """Builds the targets, and writes their seeds."""
    folder = target_folder()
    plain = dict(os.environ, CARGO_TARGET_DIR=str(folder / "plain"))
    subprocess.run(["cargo", "run", "--quiet", "--locked", "--bin", "seeds", str(UNPACKED)], cwd=HERE, env=plain, check=True)
    env = dict(os.environ, CARGO_TARGET_DIR=str(folder), RUSTFLAGS=" ".join(COVERAGE))
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = re.search(r"^host: (.*)$", host, re.M)[1]
    # With a target, build scripts and macros are not instrumented.
    bins = [word for name in TARGETS for word in ("--bin", name)]
    subprocess.run(["cargo", f"+{toolchain}", "build", "--release", "--locked", "--target", host, *bins], cwd=HERE, env=env, check=True)
    return folder / host / "release"


def read_pack(path):
    data, at, inputs = path.read_bytes() if path.exists() else b"", 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        inputs.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return inputs


def unpack(target):
    folder = UNPACKED / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(read_pack(CORPUS / f"{target}.pack")):
        (folder / f"pack-{number:05}").write_bytes(data)
    return folder


def pack(program, target):
    """Writes the corpus: the smallest inputs with the same coverage, up to a number of bytes."""
    smallest = UNPACKED / f"{target}.smallest"
    shutil.rmtree(smallest, ignore_errors=True)
    smallest.mkdir()
    command = [program, "-merge=1", f"-max_len={INPUT_BYTES_MAX}", str(smallest), str(UNPACKED / target)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    inputs = sorted((path.read_bytes() for path in smallest.iterdir()), key=lambda data: (len(data), data))
    packed, kept = b"", 0
    for data in inputs:
        if len(packed) + len(data) + 4 > PACK_BYTES_MAX:
            break
        packed += struct.pack("<I", len(data)) + data
        kept += 1
    (CORPUS / f"{target}.pack").write_bytes(packed)
    shutil.rmtree(smallest)
    return {"inputs": kept, "of": len(inputs), "bytes": len(packed)}


def run(program, target, options):
    folder, artifacts = unpack(target), ARTIFACTS / target
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [
        program,
        str(folder),
        f"-artifact_prefix={artifacts}/",
        f"-max_total_time={round(options.minutes * 60)}",
        f"-runs={options.runs}",
        f"-max_len={INPUT_BYTES_MAX}",
        f"-timeout={SECONDS_MAX}",
        f"-rss_limit_mb={MEMORY_MIB_MAX}",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    number = lambda pattern: int((re.findall(pattern, done.stderr) or [0])[-1])  # noqa: E731
    found = sorted(str(path.relative_to(HERE)) for path in artifacts.iterdir())
    result = {
        "target": target,
        "executions": number(r"stat::number_of_executed_units: (\d+)"),
        "per_second": number(r"stat::average_exec_per_sec:\s+(\d+)"),
        "edges": number(r"cov: (\d+)"),
        "exit": done.returncode,
        "found": found,
    }
    if done.returncode != 0:
        print(done.stderr[-4000:], file=sys.stderr)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--minutes", type=float, default=10, help="for each target")
    parser.add_argument("--runs", type=int, default=-1, help="executions of each target, unless its time is over before")
    parser.add_argument("--pack", action="store_true", help="write the corpus afterwards")
    parser.add_argument("--toolchain", default="nightly", help="of rustup (default: nightly)")
    parser.add_argument("--json", action="store_true", help="print one object for each target")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        print("skipped: it needs a C++ compiler")
        return 77
    if subprocess.run(["cargo", f"+{options.toolchain}", "--version"], capture_output=True, check=False).returncode != 0:
        print(f"skipped: there is no toolchain {options.toolchain}")
        return 77
    programs, failed = build(options.toolchain), False
    for target in options.targets or TARGETS:
        result = run(programs / target, target, options)
        failed |= result["exit"] != 0
        if options.pack:
            result["pack"] = pack(programs / target, target)
        if options.json:
            print(json.dumps(result), flush=True)
        else:
            print(f"{target}: {result['executions']} executions, {result['per_second']}/s, {result['edges']} edges, exit {result['exit']}", flush=True)
            for path in result["found"]:
                print(f"    fuzz/{path}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
