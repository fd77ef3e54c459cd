#!/usr/bin/env python3
"""What a step of reinforcement learning costs, against steps that rebuild every W' densely. Needs idle cores. Writes Markdown.

    python3 bench/rl_results.py --init EXPERT [--steps 3] [--out docs/results/rl-step.md]

EXPERT: answers as short as training meets them (bench/recipes.py's warm start of `document`). Build first: scripts/build rl_step.
"""
import argparse
import datetime
import json
import pathlib
import subprocess

from lab import BENCH, DATA, markdown_table

VARIANTS = {
    "reference": "dense W', every answer to a prompt of its own, as the reference draws and trains them",
    "dense": "dense W', prompts and answers shared as zlens shares them",
    "factored": "zlens, scope all",
    "answer": "zlens, scope answer",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    measured = {}
    for name in VARIANTS:
        steps = 1 if name == "reference" else options.steps
        command = [BENCH / "rl_step", name, "--data", DATA / "receipts", "--init", options.init, "--steps", steps]
        measured[name] = json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)
    lines = ["# A step of reinforcement learning", "", f"Date {datetime.date.today()}; command `python3 bench/rl_results.py --init EXPERT`; SmolLM2-135M-Instruct, bf16, two cores; "
             "96 answers of up to 24 tokens to questions about receipts (about 480 tokens), KL to the base, AdamW; one process a row, after one step that is not counted.", ""]
    rows = []
    for name, title in VARIANTS.items():
        one = measured[name]
        ratios = [f"{one['step_s'] / measured[other]['step_s']:.2f}x" for other in ("factored", "answer")]
        rows.append([title, *(f"{one[key]:.2f}" for key in ("step_s", "rollout_s", "gradient_s")), f"{one['peak_mb']:.0f}", *ratios])
    lines += markdown_table(["step", "s", "drawing, s", "gradient, s", "peak memory, MB", "against it, scope all", "against it, scope answer"], rows)
    lines += ["", "Dense steps keep a gradient of the size of every W'; the factored form has none. The first row is the reference's step; the second gives "
              "a dense step the sharing of prompts and answers that zlens has, so that what is left is the price of W' alone."]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
