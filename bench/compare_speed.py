#!/usr/bin/env python3
"""zlens against transformers on the same weights in the same run, and zlens' start-up and memory. Needs idle cores.

    python3 bench/compare_speed.py HF_FOLDER [--python PEER_PYTHON] [--repeats 5] [--out docs/results/speed.md]

HF_FOLDER: SmolLM2's GGUF dequantised by tests/fixtures/make_smollm2.py --save. PEER_PYTHON: an interpreter that has
transformers 5.23.0 and torch 2.15.0 (default: this one). Build first: scripts/build zlens decoder_speed.
"""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from lab import markdown_table

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


def middle(first, second):
    """The mean of every rate of two measurements."""
    return {key: (value + second[key]) / 2 if key.endswith("_s") else value for key, value in first.items()}


def peak_rss_mb(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return usage.ru_maxrss * 1024 / 1e6


def markdown(result):
    ours, peer = result["zlens"], result["transformers"]
    bf16, fp32 = peer["bfloat16"], peer["float32"]
    prefill = max(bf16["prefill_512_tokens_per_s"], fp32["prefill_512_tokens_per_s"])
    single = bf16["decode_batch_1"]["tokens_per_s"]
    rows = [
        ("decode, batch 1, tokens/s", ours["decode_1_tokens_s"], single, "transformers bf16, batch 1", ours["products_1_tokens_s"]),
        ("decode, batch 8, tokens/s", ours["decode_8_tokens_s"], single, "transformers bf16, batch 1", ours["products_8_tokens_s"]),
        ("", ours["decode_8_tokens_s"], bf16["decode_batch_8"]["tokens_per_s"], "transformers bf16, batch 8", None),
        ("prefill of 512 tokens, tokens/s", ours["prefill_512_tokens_s"], prefill, "the faster of transformers bf16 and fp32",
         ours["products_512_tokens_s"]),
    ]
    lines = ["# Speed: zlens against transformers, same weights, same run", "",
             f"Date {datetime.date.today()}; command `python3 bench/compare_speed.py HF_FOLDER`; SmolLM2-135M-Instruct, {ours['threads']} threads on "
             f"idle cores, medians of {ours['repeats']}; zlens in bf16, measured before and after its peer (means); transformers {peer['versions']['transformers']} with torch "
             f"{peer['versions']['torch']}. The last column is the rate at which ATen's matrix products alone would run (this machine's bound for "
             "general products; zlens' own kernel for few rows can pass it).", "",
             *markdown_table(["", "zlens", "peer", "ratio", "which peer", "products alone"],
                             [[name, f"{value:.0f}", f"{other:.0f}", f"**{value / other:.2f}**", which, f"{bound:.0f}" if bound else ""]
                              for name, value, other, which, bound in rows])]
    first, memory = result["first_token_s"], result["ask_peak_rss_mb"]
    lines += ["", f"- From process start to the first token (`zlens ask`, 32-token prompt, warm page cache): median {first['median']:.2f} s of "
              f"{first['runs']} runs ({first['min']:.2f} to {first['max']:.2f}).",
              f"- Peak resident memory of `zlens ask` (64 new tokens): {memory:.0f} MB; transformers bf16: {bf16['peak_rss_mib'] * 1.048576:.0f} MB.",
              f"- transformers: bf16 prefill {bf16['prefill_512_tokens_per_s']:.0f}, decode {single:.0f}; fp32 prefill "
              f"{fp32['prefill_512_tokens_per_s']:.0f}, decode {fp32['decode_batch_1']['tokens_per_s']:.0f} tokens/s; load to ready "
              f"{bf16['load_to_ready_s']:.1f} s.", "", "Raw figures:", "", "```json", json.dumps(result, indent=1), "```"]
    return "\n".join(lines) + "\n"


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
    # Before and after the peer: a machine whose speed drifts favours neither.
    measure = lambda: run_json([build / "bench/decoder_speed", "smollm2", *settings])
    before = measure()
    peer = run_json([options.python, ROOT / "bench/transformers_peer.py", options.folder, *settings])
    ours = middle(before, measure())
    starts = first_token_seconds(binary, 10)
    result = {
        "zlens": ours,
        "transformers": peer,
        "first_token_s": {"median": statistics.median(starts), "min": min(starts), "max": max(starts), "runs": len(starts)},
        "ask_peak_rss_mb": peak_rss_mb([binary, "ask", "--model", "smollm2", "--max-new-tokens", "64", PROMPT]),
    }
    table = markdown(result)
    print(table)
    if options.out:
        pathlib.Path(options.out).write_text(table)


if __name__ == "__main__":
    main()
