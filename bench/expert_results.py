#!/usr/bin/env python3
"""Measures factoring and the forms of Linear on SmolLM2 and writes docs/results/factors.md and docs/results/expert-speed.md.

    python3 bench/expert_results.py [--expert FILE] [--wrap "COMMAND"] [--rounds 5]

Needs idle cores; --wrap names a command that every measurement is run under (to pin cores, to pause other work).
Build first: scripts/build zlens factor_speed expert_speed.
"""
import argparse
import datetime
import json
import pathlib
import shlex
import subprocess
import sys

from lab import markdown_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "build/bench"
# Half the sides of Llama-3-8B's matrices, how many of each it has; every cost here grows with the cube of the sides.
SHAPES_8B = [((2048, 2048), 64), ((512, 2048), 64), ((7168, 2048), 96)]


def run(wrap, *command):
    words = shlex.split(wrap) + [str(word) for word in command]
    print("+", *words, file=sys.stderr)
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def factors_page(wrap):
    model = run(wrap, BENCH / "factor_speed", "smollm2")
    shapes = [(run(wrap, BENCH / "factor_speed", "--shape", *shape), count) for shape, count in SHAPES_8B]
    ours, peer = model["zlens"], model["linalg_svd"]
    hours = sum(8 * one["seconds"] * count for one, count in shapes) / 3600
    lines = [
        "# Factoring a base", "",
        f"Date {datetime.date.today()}; command `python3 bench/expert_results.py`; SmolLM2-135M-Instruct, {model['matrices']} matrices, "
        f"{model['threads']} threads; the peer is `torch.linalg.svd` (ATen's, default driver, all threads) on the same matrices in the same "
        "process.", "",
        *markdown_table(["", "zlens", "torch.linalg.svd"], [
            ["all matrices, s", f"{ours['seconds']:.1f} (checks included)", f"{peer['seconds']:.1f}"],
            ["and written to the cache in float32 and bf16, s", f"{ours['seconds_with_files']:.1f}", ""],
            ["largest ‖W − U S Vᵀ‖ / ‖W‖", f"{ours['error']:.1e}", f"{peer['error']:.1e}"],
            ["largest norm of a row of UᵀU − I, VᵀV − I", f"{ours['orthogonality']:.1e}", f"{peer['orthogonality']:.1e}"]]), "",
        f"- Ratio of the times: {peer['seconds'] / ours['seconds']:.2f}.",
        f"- Loading all cached factors ({model['load_mapped']['bytes'] / 1e6:.0f} MB in bf16, mapped): {1e3 * model['load_mapped']['seconds']:.1f} ms; "
        f"the first time, with checksums read through: {model['load_with_checksums']['seconds']:.2f} s.", "",
        "## A model of 8 billion parameters", "",
        "Llama-3-8B has 32 layers with two matrices 4096 x 4096, two 1024 x 4096 and three 14336 x 4096. Measured at half the sides "
        "(random matrices, one at a time with all threads, as large ones are worked on), times 8:", "",
        *markdown_table(["half-size shape", "measured, s", "full size, s", "count"],
                        [[f"{one['rows']} x {one['columns']}", f"{one['seconds']:.2f}", f"{8 * one['seconds']:.1f}", count] for one, count in shapes]), "",
        f"Estimate for the whole model on these {model['threads']} cores: {hours:.1f} hours, once; resumable matrix by matrix. "
        "The cache then takes 6 bytes a number of U and V.", "",
        "Raw figures:", "", "```json", json.dumps({"model": model, "shapes": [one for one, _ in shapes]}, indent=1, sort_keys=True), "```"]
    return "\n".join(lines) + "\n"


def speed_rows(title, one):
    rate, kept = one["tokens_s"], one["truncated_one"]
    share = lambda part: 100 * part["kept"] / max(part["of"], 1)
    return [
        f"## {title}", "",
        *markdown_table(["8 rows, decoding", "tokens/s", "against one merged expert"], [
            ["base", f"{rate['base']:.0f}", ""],
            ["all rows on one merged expert", f"{rate['merged_one']:.0f}", 1],
            ["8 different experts, factored", f"{rate['factored_different']:.0f}", f"**{one['factored_to_merged']:.2f}**"],
            ["8 different experts, delta", f"{rate['delta_different']:.0f}", f"{one['delta_to_merged']:.2f}"],
            [f"8 different experts, delta truncated to {kept['tolerance']:g} ({share(one['truncated_different']):.0f} % of the components kept)",
             f"{rate['truncated_different']:.0f}", f"{one['truncated_to_merged']:.2f}"],
            [f"one expert, delta truncated to {kept['tolerance']:g} ({share(kept):.0f} % kept)", f"{rate['truncated_one']:.0f}",
             f"{one['truncated_one_to_merged']:.2f}"],
            ["the 8 rows one after another on merged copies", f"{rate['merged_in_turn']:.0f}", ""]]), "",
        f"- 8 different experts in one batch (factored) against one after another on merged copies: **{one['factored_to_in_turn']:.2f}** times as fast.",
        f"- Switching to another expert, straight after the rebuild and so with cold caches: {1e3 * one['switch_s']:.2f} ms; the dense rebuild of all matrices as the reference does it: "
        f"{1e3 * one['dense_rebuild_s']:.0f} ms.",
        f"- Largest certified ‖ΔW − ΔW_I‖₂ / ‖ΔW‖₂: {kept['largest_spectral_error']:.1e}.", ""]


def speed_page(arguments):
    command = [BENCH / "expert_speed", "smollm2", "--rounds", arguments.rounds]
    runs = [("Dense z: every z = 1 + 0.02 N(0, 1)", ["--spread", 0.02]),
            ("Sparse z: one component in ten", ["--spread", 0.02, "--share", 0.1])]
    if arguments.expert:
        runs.insert(0, (f"The expert {pathlib.Path(arguments.expert).stem}; row k has it at weight 1 - k / 20", ["--expert", arguments.expert]))
    measured = [(title, run(arguments.wrap, *command, *more)) for title, more in runs]
    exact = [(title, run(arguments.wrap, *command[:2], "--rounds", 0, "--dtype", "fp32", *more)) for title, more in runs]
    lines = ["# Speed of experts in decoding", "",
             f"Date {datetime.date.today()}; command `python3 bench/expert_results.py`; SmolLM2-135M-Instruct, bf16, "
             f"{measured[0][1]['threads']} threads, medians of {arguments.rounds} interleaved rounds; prompts of 32 tokens, 48 new ones. Ratios "
             "are medians of each round's. The factored form reads U and V instead of W: its bound from memory alone is 0.67 on the matrices "
             "and 0.72 with the head.", ""]
    if not arguments.expert:
        lines += ["The experts are random, not trained: what truncation reaches depends on them.", ""]
    for title, one in measured:
        lines += speed_rows(title, one)
    lines += ["## Errors of the logits", "", "Relative to the exact delta form in the same dtype, after one prompt of 32 tokens; \"no expert\" "
              "is the size of what the expert does.", "",
              *markdown_table(["", "dtype", "no expert", "factored", "truncated"],
                              [[title, one["dtype"], *(f"{one['logit_error'][key]:.1e}" for key in ("base", "factored", "truncated"))]
                               for title, one in measured + exact])]
    raw = {f"{title} ({one['dtype']})": one for title, one in measured + exact}
    return "\n".join(lines + ["", "Raw figures:", "", "```json", json.dumps(raw, indent=1, sort_keys=True), "```"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--expert", default="")
    parser.add_argument("--wrap", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["factors", "speed"])
    arguments = parser.parse_args()
    if arguments.only != "speed":
        (ROOT / "docs/results/factors.md").write_text(factors_page(arguments.wrap))
    if arguments.only != "factors":
        (ROOT / "docs/results/expert-speed.md").write_text(speed_page(arguments))


if __name__ == "__main__":
    main()
