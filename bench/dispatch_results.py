#!/usr/bin/env python3
"""How well the three dispatchers tell the experts apart, what they cost, and that more experts change no earlier answer.
Writes docs/results/dispatch.md.

    python3 bench/dispatch_results.py [--work DIR] [--out docs/results/dispatch.md]

Runs after bench/expert_table.py, on its experts. Build first: scripts/build zlens control_experts.
"""
import argparse
import datetime
import pathlib
import shutil
import subprocess

import recipes
from lab import BENCH, DATA, ROOT, ZLENS, Lab, markdown_table, mean, samples

TASKS = ["document", "chart", "math"]
SETTINGS = {"text": "transcript", "images": "ocr"}
TRIPLES = 300
SIZES = [3, 5, 10, 20, 50]
ANSWER_STEPS = 60


def chosen(row):
    """The expert that a sample was dispatched to; base where the dispatcher abstained."""
    return row["mix"][0]["expert"] if row.get("mix") else "base"


def dispatchers(lab):
    folder, routed = lab.path("set"), lab.path("set-classifier")
    return {"prompt": ["--expert", "auto", "--experts", folder, "--dispatch", "prompt"],
            "classifier": ["--expert", "auto", "--experts", routed, "--dispatch", "classifier"],
            "prototype": ["--expert", "auto", "--experts", folder, "--dispatch", "prototype"]}


def mixed(lab):
    return lab.synth("mixed", 3 * TRIPLES, "test", "--images")


def routed_runs(lab):
    data = mixed(lab)
    return {(name, setting): lab.evaluate(f"mixed-{setting}-{name}", attach, "jsonl", data, "test", "plain", "--max-new-tokens", 8, *flags)
            for name, flags in dispatchers(lab).items() for setting, attach in SETTINGS.items()}


def routing_lines(lab, runs):
    table = []
    for (name, setting), run in runs.items():
        rows = samples(run)
        right = {task: mean(chosen(row) == task for row in rows if row["field"] == task) for task in TASKS}
        triples = {}
        for row in rows:
            triples.setdefault(int(row["id"].rsplit("-", 1)[1]) // 3, []).append(chosen(row))
        apart = mean(len(set(triple)) == 3 for triple in triples.values())
        table.append([name, setting, f"**{mean(right.values()):.3f}**", *(f"{right[task]:.3f}" for task in TASKS), f"{apart:.3f}"])
        picture = ROOT / f"docs/results/dispatch-{name}-{setting}.svg"
        subprocess.run([str(ZLENS), "report", str(run), "--confusion", str(picture)], check=True, stdout=subprocess.DEVNULL)
    return markdown_table(["dispatcher", "read from", "right expert", *TASKS, "triples with three different experts"], table)


def auroc(inside, outside):
    """How often a question of the experts is held for surer than a foreign one."""
    return mean(1.0 if a > b else 0.5 if a == b else 0.0 for a in inside for b in outside)


def abstention_lines(lab, runs):
    table = []
    for name, flags in dispatchers(lab).items():
        foreign = samples(lab.evaluate(f"foreign-{name}", "ocr", "nlvr", DATA / "nlvr-sample", "dev", "vqa-brief", "--max-new-tokens", 4,
                                       *flags))
        own = samples(runs[name, "images"])
        confidence = lambda rows: [row["why"]["confidence"] for row in rows]
        abstained = lambda rows: mean(chosen(row) == "base" for row in rows)
        table.append([name, len(foreign), f"{auroc(confidence(own), confidence(foreign)):.3f}", f"{abstained(foreign):.3f}", f"{abstained(own):.3f}"])
    return [*markdown_table(["dispatcher", "foreign questions", "AUROC", "foreign questions left to the base", "own questions left to the base"], table), "",
            "The classifier learnt its category `others` from generated scenes of shapes, not from these; the two others never met a foreign question."]


def share_lines(lab):
    """Seconds of both passes on one-line answers; experts of scope `answer` let both passes read the prompt once.

    These are trained for a short while only: long enough to answer in one line, which is what takes the time.
    """
    table, data = [], DATA / "receipts"
    answer = lab.path("set-answer")
    answer.mkdir(exist_ok=True)
    for task in TASKS:
        made = recipes.warm(lab, task, "svf", recipes.METHODS["svf"][1], name=f"{task}-answer-scope-short", steps=ANSWER_STEPS, more=["--scope", "answer"])
        shutil.copyfile(made, answer / f"{task}.safetensors")
    kinds = {("scope all", name): flags for name, flags in dispatchers(lab).items()}
    kinds["scope answer", "prompt"] = ["--expert", "auto", "--experts", answer, "--dispatch", "prompt"]
    kinds["scope answer", "prototype"] = ["--expert", "auto", "--experts", answer, "--dispatch", "prototype"]
    for (scope, name), flags in kinds.items():
        run = lab.evaluate(f"share-{scope.replace(' ', '-')}-{name}", "transcript", "docvqa", data, "test", "receipt-brief",
                           "--max-new-tokens", 24, "--batch-size", 1, *flags)
        rows = [row for row in samples(run) if row["field"] in ("company", "date", "total")]
        first, second = mean(row["first_pass_s"] for row in rows), mean(row["second_pass_s"] for row in rows)
        table.append([scope, name, f"{1e3 * first:.1f}", f"{1e3 * second:.1f}", f"{first / (first + second):.1%}"])
    lines = markdown_table(["experts", "dispatcher", "first pass, ms a question", "second pass, ms a question", "share of the first"], table)
    return [*lines, "", f"The experts of scope answer had {ANSWER_STEPS} supervised steps; the others are those of the table of experts."]


def grown_lines(lab):
    """Sets of up to 50 experts: what an expert answers must not change by a bit; who is chosen, and at what cost."""
    table, data, asked = [], mixed(lab), {}
    for size in SIZES:
        folder = lab.path(f"set-{size}")
        folder.mkdir(exist_ok=True)
        for task in TASKS:
            shutil.copyfile(lab.path("set", f"{task}.safetensors"), folder / f"{task}.safetensors")
        for extra in range(size - len(TASKS)):
            out = folder / f"extra{extra:02}.safetensors"
            lab.run(f"extra-{size}-{extra}", out, BENCH / "control_experts", lab.path("set", f"{TASKS[extra % 3]}.safetensors"), "random", extra, out)
        auto = {name: samples(lab.evaluate(f"grown-{size}-{name}", "transcript", "jsonl", data, "test", "plain", "--limit", 300,
                                           "--max-new-tokens", 12, "--expert", "auto", "--experts", folder, "--dispatch", name))
                for name in ("prompt", "prototype")}
        right = {name: mean(chosen(row) == row["field"] for row in rows) for name, rows in auto.items()}
        again = changed = 0
        for row in (row for rows in auto.values() for row in rows):
            key = row["id"], chosen(row)
            again += key in asked
            changed += asked.setdefault(key, row["prediction"]) != row["prediction"]
        first = mean(row["first_pass_s"] for row in auto["prompt"])
        table.append([size, f"{changed} of {again}", f"{right['prompt']:.3f}", f"{1e3 * first:.1f}", f"{right['prototype']:.3f}"])
    return [*markdown_table(["experts", "answers that changed", "right expert (prompt)", "first pass, ms", "right expert (prototype)"], table), "",
            "An answer is held against what the same expert said to the same question before, in a smaller set or where the other dispatcher chose it: beside "
            "other experts in its batch, and equal to the bit if none changed."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="~/.cache/zlens/experts-table")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/results/dispatch.md")
    options = parser.parse_args()
    lab = Lab(options.work)
    runs = routed_runs(lab)
    lines = ["# Dispatch", "", f"Date {datetime.date.today()}; command `python3 bench/dispatch_results.py`; seed 0; SmolLM2-135M-Instruct, bf16.", "",
             f"## The same question about different pictures ({TRIPLES} triples: a receipt, a chart, a sheet)", "", *routing_lines(lab, runs), "",
             "Confusion matrices: `dispatch-<dispatcher>-<text or images>.svg` beside this page.", "",
             "## Foreign questions: statements about shapes (NLVR)", "", *abstention_lines(lab, runs), "",
             "## What the first pass costs (receipts, one question at a time)", "", *share_lines(lab), "",
             "## Adding experts", "", "Random experts named extra00 and so on join the three.", "", *grown_lines(lab)]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
