#!/usr/bin/env python3
"""How fast the small vision-language model that ships answers: one question from process start, an evaluation in two passes, the demo.
Writes docs/results/tiny-vlm-speed.md.

    python3 bench/tiny_vlm_speed.py [--pictures 600] [--out docs/results/tiny-vlm-speed.md]

Needs idle cores. Build first: scripts/build.
"""
import argparse
import datetime
import pathlib
import statistics
import subprocess
import tempfile
import time

from lab import ROOT, ZLENS, markdown_table, mean, samples

MODEL = ["--model", "tiny-vlm"]
EXPERTS = ["--expert", "auto", "--experts", ROOT / "assets/experts/tiny-vlm", "--dispatch", "classifier"]
RUNS = 5


def seconds(*command):
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def ask_rows():
    picture = next((ROOT / "assets/pictures/images").glob("*.png"))
    kinds = {"the base": [], "two passes": EXPERTS}
    timed = {}
    for name, flags in kinds.items():
        times = [seconds(ZLENS, "ask", *MODEL, *flags, "--image", picture, "What does it say?") for _ in range(RUNS + 1)][1:]
        timed[name] = times
    return [[name, f"{statistics.median(times):.2f}", f"{min(times):.2f} to {max(times):.2f}"] for name, times in timed.items()]


def evaluation_rows(work, pictures):
    data = work / "data"
    seconds(ZLENS, "synth", "--kind", "small-mixed", "--count", pictures, "--split", "test", "--out", data, "--images", "--look", "fax")
    kinds = {"the base": [], "two passes, delta": [*EXPERTS, "--form", "delta"], "two passes, factored": [*EXPERTS, "--form", "factored"],
             "two passes, auto (merged)": [*EXPERTS, "--form", "auto"]}
    rows = []
    for name, flags in kinds.items():
        run = work / name.replace(" ", "-")
        spent = seconds(ZLENS, "eval", *MODEL, "--task", "jsonl", "--data", data, "--split", "test", "--prompt", "question", "--no-report", "--out", run, *flags)
        passes = [mean(row[one] for row in samples(run)) for one in ("first_pass_s", "second_pass_s")]
        rows.append([name, f"{pictures / spent:.1f}", *(f"{1e3 * one:.1f}" for one in passes), f"{passes[0] / sum(passes):.0%}"])
    return rows


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{named}, {sum(line.startswith('processor') for line in lines)} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results/tiny-vlm-speed.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        asked, evaluated = ask_rows(), evaluation_rows(pathlib.Path(work), options.pictures)
    demo = seconds(ROOT / "scripts/demo")
    lines = ["# tiny-vlm: time to an answer", "", f"Date {datetime.date.today()}; command `python3 bench/tiny_vlm_speed.py`; {processor()}; bf16; whole processes, start included.", "",
             f"## One question, warm page cache (median of {RUNS})", "", *markdown_table(["answered by", "s", "from, to"], asked), "",
             f"## An evaluation of {options.pictures} pictures", "",
             *markdown_table(["answered by", "pictures/s", "first pass, ms", "second pass, ms", "share of the first"], evaluated), "",
             "## The demo", "", f"`scripts/demo` after set-up and build: {demo:.0f} s."]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
