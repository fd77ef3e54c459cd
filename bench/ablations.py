#!/usr/bin/env python3
"""What matters in training and mixing experts: ablations on math, overfitting, and a question that needs two experts.
Writes docs/results/ablations.md.

    python3 bench/ablations.py [--work DIR] [--out docs/results/ablations.md]

Runs after bench/expert_table.py, on its experts and data; started again, it goes on where it was.
"""
import argparse
import datetime
import pathlib

import recipes
from lab import MODEL, ROOT, ZLENS, Lab, difference, markdown_table, score, training_seconds, weights_of

TASK = "math"
SET = ["document", "chart", "math"]
SHOTS = [3, 10, 20]
SIZES = [10, 50, 0]  # training samples; 0: all
LAST = ["--validation-split", "none"]
WARM_STEPS = 120  # of every expert on this page, so that none takes longer than half an hour


def tested(lab, name, expert=None, more=()):
    chosen = ["--expert", expert] if expert else []
    return lab.evaluate(f"ablation-{name}", "transcript", "jsonl", recipes.data(lab, TASK), "test", recipes.PROMPTS[TASK], *chosen, *more)


def row(lab, base, name, expert):
    run = tested(lab, name, expert)
    return [name, f"{score(run):.3f}", difference(base, run), f"{training_seconds(expert) / 60:.1f}"]


def short_warm(lab, name, method="svf", rate=recipes.METHODS["svf"][1], steps=WARM_STEPS, more=()):
    return recipes.warm(lab, TASK, method, rate, name=f"{TASK}-{name}", steps=steps, more=more)


def variant(lab, name, flags=()):
    """An expert of both phases, each with `flags`."""
    return recipes.expert(lab, TASK, more=flags, start=short_warm(lab, f"{name}-warm", more=flags), name=f"{TASK}-{name}")


def only_rl(lab):
    """No references at all: the base's own answers, and their rewards."""
    flags = list(recipes.RL[TASK])
    flags[1] = 60
    return lab.train(f"{TASK}-rl-only", *recipes.common(lab, TASK, 0), *recipes.METHODS["svf"][0], "--objective", "rl", "--warm-start", 10,
                     "--lr", recipes.METHODS["svf"][1], *flags)


def training_lines(lab):
    base = tested(lab, "base")
    whole = variant(lab, "short")
    longer = short_warm(lab, "sft-only", steps=WARM_STEPS + recipes.RL[TASK][1])
    trained = {
        "all matrices": whole,
        "attention": variant(lab, "attention", ["--matrices", "attention"]),
        "mlp": variant(lab, "mlp", ["--matrices", "mlp"]),
        "sft and rl (all matrices)": whole,
        "sft alone, as many steps": longer,
        "rl alone, warm start on its own correct answers": only_rl(lab),
        "scope all (all matrices)": whole,
        "scope answer": variant(lab, "answer-scope", ["--scope", "answer"]),
    }
    return [f"Base: {score(base):.3f}.", "", *markdown_table(["trained", "score", "against the base", "training, min"],
                                                             [row(lab, base, name, expert) for name, expert in trained.items()])]


def adapted(lab, name, task, data, prompt, shots, *more):
    """A mix of the three experts, its shots from the validation split, and the seconds that the search took."""
    out = lab.path("mixes", f"{name}.json")
    out.parent.mkdir(exist_ok=True)
    lab.run(f"adapt-{name}", out, ZLENS, "adapt", *MODEL, "--attach", "transcript", "--task", task, "--data", data, "--split", "val",
            "--prompt", prompt, "--experts", lab.path("set"), "--shots", shots, "--selection", 20, "--out", out, *more)
    return out


def few_shot_lines(lab):
    rows = []
    for shots in SHOTS:
        for kind, flags in {"a weight for each expert": [], "a weight for each expert and layer": ["--by-layer"]}.items():
            name = f"{TASK}-{shots}" + ("-layers" if flags else "")
            mix = adapted(lab, name, "jsonl", recipes.data(lab, TASK), recipes.PROMPTS[TASK], shots, *flags)
            run = tested(lab, name, mix, ["--experts", lab.path("set")])
            rows.append([shots, kind, f"{score(run):.3f}", weights_of(mix)])
    return markdown_table(["shots", "weights", "score", "mix"], rows)


def overfitting_lines(lab, lora_rate):
    rows = []
    for size in SIZES:
        cells = []
        for method, rate in (("svf", recipes.METHODS["svf"][1]), ("lora", lora_rate)):
            name = f"{method}-of-{size or 'all'}"
            expert = short_warm(lab, name, method, rate, more=["--limit", size, *LAST])
            cells.append(f"{score(tested(lab, f'{TASK}-{name}', expert)):.3f}")
        rows.append([size or f"all {recipes.SAMPLES[TASK]}", *cells])
    return markdown_table(["trained on", "SVF", "LoRA r16"], rows)


def compound_lines(lab):
    """Sums over a receipt's table: to be read as a receipt, and to be reckoned."""
    data = lab.synth("receipt-table", 300, "test")
    lab.synth("receipt-table", 60, "val")
    ask = lambda name, *flags: lab.evaluate(f"compound-{name}", "transcript", "jsonl", data, "test", recipes.PROMPTS["math"], *flags)
    runs = {"base": ask("base")}
    for task in SET:
        runs[task] = ask(task, "--expert", lab.path("set", f"{task}.safetensors"))
    halves = lab.path("experts", "document-and-math.safetensors")
    lab.run("merge-halves", halves, ZLENS, "experts", "merge", f"{lab.path('set', 'document.safetensors')}:0.5",
            f"{lab.path('set', 'math.safetensors')}:0.5", "--out", halves)
    runs["document and math, half each"] = ask("halves", "--expert", halves)
    mix = adapted(lab, "compound", "jsonl", data, recipes.PROMPTS["math"], 10)
    runs[f"few-shot mix ({weights_of(mix)})"] = ask("fewshot", "--expert", mix, "--experts", lab.path("set"))
    best = max(SET, key=lambda task: score(runs[task]))
    return markdown_table(["answered by", "score", "against the best single expert"],
                          [[name, f"{score(run):.3f}", "" if run == runs[best] else difference(runs[best], run)] for name, run in runs.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="~/.cache/zlens/experts-table")
    parser.add_argument("--lora-rate", type=float, default=1e-3, help="the best one of bench/expert_table.py")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results/ablations.md")
    options = parser.parse_args()
    lab = Lab(options.work)
    lines = ["# Ablations", "", f"Date {datetime.date.today()}; command `python3 bench/ablations.py`; recipe of `{TASK}` in bench/recipes.py with {WARM_STEPS} supervised steps; seed 0; "
             "SmolLM2-135M-Instruct, bf16; 300 test exercises as text; intervals: 95 %, paired bootstrap.", "",
             "## What is trained, and how", "", *training_lines(lab), "",
             "## Few-shot mixes of the three experts", "", "Shots and 20 selection samples from the validation split.", "", *few_shot_lines(lab), "",
             f"## Overfitting: the last of {WARM_STEPS} supervised steps, no validation", "", *overfitting_lines(lab, options.lora_rate), "",
             "## A question that needs two experts: sums over a receipt's table", "", *compound_lines(lab)]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
