#!/usr/bin/env python3
"""The experts of SmolLM2-135M-Instruct against the base, LoRA and controls, on text and on images. Writes docs/results/experts.md.

    python3 bench/expert_table.py [--work DIR] [--tasks document,chart,math] [--seeds 3]

Takes hours on two cores; started again, it goes on where it was. Build first: scripts/build zlens control_experts ocr_quality.
"""
import argparse
import datetime
import pathlib
import shutil

import document_details
import recipes
from lab import BENCH, DATA, FIELDS, MODEL, ROOT, ZLENS, Lab, difference, markdown_table, record_of, score, training_seconds, validations

SETTINGS = {"text": "transcript", "images": "ocr"}
CONTROLS = ("random", "shuffled")
OTHERS = "others"  # the category of what the base answers
ROUTED = {"train": 600, "val": 120}  # questions of every category


def test_of(lab, task):
    """task name for eval, its data and the fields that count."""
    return ("docvqa", DATA / "receipts", FIELDS) if task == "document" else ("jsonl", recipes.data(lab, task), [])


def evaluate(lab, task, setting, variant, prompt, *flags):
    kind, data, _ = test_of(lab, task)
    return lab.evaluate(f"{task}-{setting}-{variant}", SETTINGS[setting], kind, data, "test", prompt, *flags)


def lora_rate(lab, task):
    """The learning rate whose short warm start is best on validation."""
    found = {}
    for rate in recipes.LORA_RATES:
        short = recipes.warm(lab, task, "lora", rate, name=f"{task}-lora-sweep-{rate:g}", steps=40)
        found[rate] = max(row["score"] for row in validations(short))
    return max(found, key=found.get), found


def control(lab, source, kind):
    out = lab.path("experts", f"{source.stem}-{kind}.safetensors")
    lab.run(f"{source.stem}-{kind}", out, BENCH / "control_experts", source, kind, 1, out)
    return out


def shipped(lab, task):
    """The expert that assets/ holds, which bench/model_cards.py makes: the recipe's, with seed 0."""
    out = lab.path("experts", f"{task}-svf-0.safetensors")
    if not out.exists():
        out.parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / "assets/experts/smollm2" / f"{task}.safetensors", out)
    return out


def random_reward(lab, task, seed):
    """Reinforcement learning from the same start as that seed's, rewarded by chance."""
    return recipes.expert(lab, task, "svf", seed, more=["--reward", "random", "--validation-split", "none"], name=f"{task}-random-reward")


def train_all(lab, task, seeds):
    """Every expert of a task by the name of its row."""
    out = {"svf-0": shipped(lab, task)}
    for seed in range(1, seeds):
        out[f"svf-{seed}"] = recipes.expert(lab, task, "svf", seed)
    rate, sweep = lora_rate(lab, task)
    out["lora"] = recipes.expert(lab, task, "lora", 0, rate)
    out["random"] = control(lab, out["svf-0"], "random")
    out["shuffled"] = control(lab, out["svf-0"], "shuffled")
    if seeds > 1:
        out["random-reward"] = random_reward(lab, task, 1)
    return out, rate, sweep


def routing_data(lab, category):
    """What a classifier learns to send to an expert: its own questions and its share of triples with one and the same question. To the
    base: shapes, which no expert is for."""
    for split, count in ROUTED.items():
        if category == OTHERS:
            sources = [(lab.synth("scene", count, split), None)]
        else:
            sources = [(recipes.data(lab, category), None), (lab.synth("mixed", 3 * count, split), category)]
        out = lab.gather(f"routing-{category}", split, count, sources)
    return out


def two_passes(lab, tasks):
    """A folder with the finished experts, and one that has a classifier trained on their data beside them."""
    folder, routed = lab.path("set"), lab.path("set-classifier")
    for to in (folder, routed):
        to.mkdir(exist_ok=True)
        for task in tasks:
            shutil.copyfile(shipped(lab, task), to / f"{task}.safetensors")
    data = ",".join(f"{category}={routing_data(lab, category)}" for category in [*tasks, OTHERS])
    router = lab.train("router", "--task", "dispatch", "--experts", folder, "--data", data, "--objective", "sft", "--form", "factored",
                       "--steps", 40, "--prompts", 12, "--per-group", 1, "--lr", 2e-3, "--validation-limit", 120)
    shutil.copyfile(router, routed / "router.safetensors")
    return folder, routed


def few_shot(lab, task, folder):
    """The mix that ten samples of the validation split choose."""
    out = lab.path("mixes", f"{task}.json")
    out.parent.mkdir(exist_ok=True)
    lab.run(f"adapt-{task}", out, ZLENS, "adapt", *MODEL, "--attach", "transcript", "--task", "jsonl", "--data", recipes.data(lab, task),
            "--split", "val", "--prompt", recipes.PROMPTS[task], "--experts", folder, "--shots", 10, "--selection", 20, "--out", out)
    return out


def rows_of(lab, task, setting, trained, sets):
    """Runs by the name of their row, in the order of the table."""
    prompt = recipes.PROMPTS[task]
    one = lambda variant, *flags, asked=prompt: evaluate(lab, task, setting, variant, asked, *flags)
    out = {"base": one("base"), "base, its best prompt": one("frozen", asked=recipes.FROZEN[task])}
    for name, path in trained.items():
        out[name] = one(name, "--expert", path)
    if sets:
        folder, routed = sets
        out["two passes, prompt"] = one("prompt", "--expert", "auto", "--experts", folder)
        out["two passes, classifier"] = one("classifier", "--expert", "auto", "--dispatch", "classifier", "--experts", routed)
        mix = few_shot(lab, task, folder)
        out["two passes, few-shot"] = one("fewshot", "--expert", mix, "--experts", folder)
    return out


def table(lab, tasks, trained, sets):
    cells, names, details, documents = {}, [], [], {}
    for task in tasks:
        fields = test_of(lab, task)[2]
        for setting in SETTINGS:
            runs = rows_of(lab, task, setting, trained[task], sets)
            if task == "document":
                documents[setting] = runs
            for name, run in runs.items():
                names += [name] if name not in names else []
                cells[name, task, setting] = score(run, fields)
            against = [difference(runs[name], runs["svf-0"], fields) for name in ("base", "base, its best prompt", "lora")]
            details.append([f"{task}, {setting}", *against])
    columns = [(task, setting) for task in tasks for setting in SETTINGS]
    shown = lambda value: "" if value is None else f"{value:.3f}"
    lines = markdown_table(["", *map(", ".join, columns)], [[name, *(shown(cells.get((name, *column))) for column in columns)] for name in names])
    lines += ["", "Paired differences of `svf-0` with 95 % bootstrap intervals clustered by image:", "",
              *markdown_table(["", "against the base", "against the base with its best prompt", "against LoRA"], details), ""]
    return lines + (document_details.lines(lab, documents) if documents else [])


def training_lines(tasks, trained, rates):
    rows = []
    for task in tasks:
        for name, path in trained[task].items():
            if name in CONTROLS:
                continue
            record, log = record_of(path), pathlib.Path(f"{path}.train/log.jsonl")
            minutes = f"{training_seconds(path) / 60:.0f}" if log.exists() else "see its card"
            rows.append([f"{task}, {name}", record["parameters"], f"{record['best_score']:.3f}" if record["best_score"] else "", minutes])
    lines = markdown_table(["expert", "numbers trained", "best on validation", "training, min"], rows)
    for task in tasks:
        rate, sweep = rates[task]
        lines.append(f"\nLoRA's learning rate for {task}: {rate:g} (validation after 40 steps: "
                     + ", ".join(f"{one:g}: {value:.3f}" for one, value in sweep.items()) + ").")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="~/.cache/zlens/experts-table")
    parser.add_argument("--tasks", default="document,chart,math")
    parser.add_argument("--seeds", type=int, default=3, help="of SVF on document")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results/experts.md")
    options = parser.parse_args()
    lab, tasks = Lab(options.work), options.tasks.split(",")
    trained, rates = {}, {}
    for task in tasks:
        trained[task], *rates[task] = train_all(lab, task, options.seeds if task == "document" else 1)
    sets = two_passes(lab, tasks) if len(tasks) > 1 else None
    lines = ["# Experts", "", f"Date {datetime.date.today()}; command `python3 bench/expert_table.py`; recipes in bench/recipes.py; seed 0 where none is named; "
             "trained on text alone; SmolLM2-135M-Instruct, bf16, greedy answers.", ""]
    lines += table(lab, tasks, trained, sets) + ["## Training", ""] + training_lines(tasks, trained, rates)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
