#!/usr/bin/env python3
"""zlens against transformers on the same weights in the same run, and zlens' start-up and memory. Needs idle cores.

    python3 bench/compare_speed.py HF_FOLDER [--python PEER_PYTHON] [--repeats 5] [--out docs/results/speed.json]

HF_FOLDER: SmolLM2's GGUF dequantised by tests/fixtures/make_smollm2.py --save. PEER_PYTHON: an interpreter that has
transformers 5.23.0 and torch 2.15.0 (default: this one). Build first: scripts/build zlens decoder_speed.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPT = ("Please read the following sentence with care and then tell me, in one short answer of a few words, "
          "which city is the capital of France.")


def run_json(command):
    print("+", " ".join(map(str, command)), file=sys.stderr)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def first_token_seconds(binary, runs):
    """Wall seconds of whole processes that end after their first token."""
    times = []
    for _ in range(runs + 1):
        start = time.monotonic()
        subprocess.run([binary, "ask", "--model", "smollm2", "--max-new-tokens", "1", PROMPT], check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - start)
    return times[1:]  # the first warms the page cache


def peak_rss_mb(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out")
    options = parser.parse_args()
    build = ROOT / "build"
    binary = build / "zlens"
    settings = ["--threads", str(options.threads), "--repeats", str(options.repeats)]
    ours = run_json([build / "bench/decoder_speed", "smollm2", *settings])
    peer = run_json([options.python, ROOT / "bench/transformers_peer.py", options.folder, *settings])
    starts = first_token_seconds(binary, 10)
    result = {
        "zlens": ours,
        "transformers": peer,
        "first_token_s": {"median": statistics.median(starts), "min": min(starts), "max": max(starts), "runs": len(starts)},
        "ask_peak_rss_mb": peak_rss_mb([binary, "ask", "--model", "smollm2", "--max-new-tokens", "64", PROMPT]),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if options.out:
        pathlib.Path(options.out).write_text(text)


if __name__ == "__main__":
    main()
