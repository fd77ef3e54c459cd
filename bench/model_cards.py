#!/usr/bin/env python3
"""Takes the experts of bench/expert_table.py into assets/experts/smollm2/, each with a card: data, seed, steps, scores.

    python3 bench/model_cards.py [--work DIR]

Runs after bench/expert_table.py, or as soon as the runs of base, best prompt and svf-0 are there (it makes those that lack).
"""
import argparse
import shutil

import expert_table
import recipes
from lab import FIELDS, ROOT, Lab, markdown_table, record_of, score, training_seconds

OUT = ROOT / "assets/experts/smollm2"
ABOUT = {
    "document": "Company, date and total of receipts.",
    "chart": "Values, highest and lowest entries, sums and differences of charts and small tables.",
    "math": "Arithmetic exercises and short word problems.",
}
LIMITS = {
    "document": "Trained on receipts from Malaysia and invented ones like them, in English. Addresses were not trained. It answers every "
                "question with a piece of the receipt; ask the base where that is not wanted.",
    "chart": "Trained on generated charts of up to a dozen values. On pictures it depends on what the words of the chart say: bars without "
             "printed values cannot be read through OCR.",
    "math": "Trained on generated exercises with small numbers. A model of 135 million parameters reckons with errors: see the scores.",
}
DATA = {
    "document": ["zlens synth --kind till --count 6000 --split train --from RECEIPTS", "zlens synth --kind till --split val --from RECEIPTS"],
    "chart": ["zlens synth --kind chart --count 6000 --split train", "zlens synth --kind chart --count 240 --split val"],
    "math": ["zlens synth --kind math --count 6000 --split train", "zlens synth --kind math --count 240 --split val"],
}


def scores(lab, task):
    fields = expert_table.test_of(lab, task)[2]
    path = lab.path("experts", f"{task}-svf-0.safetensors")
    rows = []
    for setting in expert_table.SETTINGS:
        runs = [expert_table.evaluate(lab, task, setting, "base", recipes.PROMPTS[task]),
                expert_table.evaluate(lab, task, setting, "frozen", recipes.FROZEN[task]),
                expert_table.evaluate(lab, task, setting, "svf-0", recipes.PROMPTS[task], "--expert", path)]
        rows.append([setting, *(f"{score(run, fields):.3f}" for run in runs)])
    return markdown_table(["test split", "base, this prompt", "base, its best prompt", "this expert"], rows)


def card(lab, task):
    path, warm = (lab.path("experts", f"{task}-svf-0{part}.safetensors") for part in ("", "-warm"))
    record, start = record_of(path), record_of(warm)
    flags, begun = record["flags"], start["flags"]
    metric = "ANLS, mean over " + ", ".join(FIELDS) if task == "document" else "300 questions, each by its own metric"
    return [f"# {task}", "", ABOUT[task], "", f"An SVF expert of SmolLM2-135M-Instruct: {record['parameters']} numbers, a scale for every singular value of its 210 matrices. "
            "Trained on text alone; on pictures it answers through the ocr modality.", "",
            "```", f"zlens ask --model smollm2 --attach ocr --image picture.png --expert {task} --prompt {recipes.PROMPTS[task]} \"…\"", "```", "",
            "## Data", "", *(f"    {line}" for line in DATA[task]), "",
            f"SHA-256 of what the training read: `{record['data_sha256']}`" + (" (RECEIPTS: 120 train and 30 val receipts of SROIE with transcripts, asked as DocVQA; "
            "only train receipts are varied, val and held-out merchants choose the step)." if task == "document" else "."), "",
            "## Training", "",
            f"1. {begun['objective']}: {begun['steps']} steps of {begun['prompts']} samples, learning rate {begun['lr']}, seed {begun['seed']}; the step kept: {start['best_step']}.",
            f"2. {flags['objective']} ({flags['algorithm']}): {flags['steps']} steps of {flags['prompts']} prompts with {flags['samples']} answers each, learning rate {flags['lr']}, "
            f"KL {flags['kl']}, seed {flags['seed']}; the step kept: {record['best_step']}.", "",
            f"{(training_seconds(warm) + training_seconds(path)) / 60:.0f} minutes of wall clock beside other work. Prompt `{record['prompt_variant']}`. Validation: {record['base_score']:.3f} before, {record['best_score']:.3f} after. "
            "The recipe is bench/recipes.py.", "",
            "## Scores", "", metric + ".", "", *scores(lab, task), "", "## Limits", "", LIMITS[task]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="~/.cache/zlens/experts-table")
    parser.add_argument("--tasks", default="document,chart,math")
    options = parser.parse_args()
    lab = Lab(options.work)
    OUT.mkdir(parents=True, exist_ok=True)
    for task in options.tasks.split(","):
        lines = card(lab, task)
        shutil.copyfile(lab.path("experts", f"{task}-svf-0.safetensors"), OUT / f"{task}.safetensors")
        (OUT / f"{task}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
