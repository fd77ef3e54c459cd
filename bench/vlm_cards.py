#!/usr/bin/env python3
"""Takes a trained small vision-language model into assets/, with its card: data, seed, steps, curves, scores, limits.

    python3 bench/vlm_cards.py tiny-vlm|smol-vision [--work DIR] [--out DIR] [--lab DIR] [--count N]

WORK is the folder of scripts/make-tiny-vlm or scripts/make-smol-vision. Scores are of the generators' test split, half of whose pictures
have fonts, headings and names that training never met; what they say (strings, exercises, charts) it never met in any.
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import shutil
import subprocess

from lab import ROOT, THREADS, ZLENS, Lab, markdown_table, mean, samples, training_seconds

PROMPT = "question"
STAGES = {"tiny-vlm": ["sight", "answers", "texts", "values", "letters", "lookup", "all"], "smol-vision": ["embeddings", "answers"]}
KINDS = {"tiny-vlm": ["reading", "small-chart", "small-math", "scene", "small-mixed"], "smol-vision": ["reading", "small-chart", "small-math"]}
ABOUT = {
    "tiny-vlm": "A small vision-language model that answers questions about pictures of 128 × 128 pixels: short texts, small charts, exercises, shapes. It is "
                "there so that everything zlens does can be run in seconds; it is no general model. LLaVA layout (SigLIP tower, two-layer "
                "projector, Llama decoder); transformers loads it.",
    "smol-vision": "A vision tower and a projector for SmolLM2-135M-Instruct, which keeps its own weights and stays bit-identical on texts "
                   "(`zlens_language_model` in config.json). LLaVA layout. It shows that z-vectors trained on that language model, on text alone, "
                   "work on what the tower sees.",
}
LIMITS = {
    "tiny-vlm": "English questions of the generators' kinds, one picture a question, pictures that stay legible at 128 × 128 pixels. Photographs, handwriting, "
                "dense pages and free conversation are beyond it; what it says about them is noise.",
    "smol-vision": "Pictures that stay legible at 128 × 128 pixels; the tower was trained on printed lines, small documents, small charts and "
                   "exercises alone. What it answers beyond reading is what a language model of 135 million parameters makes of it.",
}


AGAIN = {
    "tiny-vlm": "A model like it: `scripts/make-tiny-vlm`. The same bits it will not be: wordings and names of the generators were widened while it was made, after the "
                "stages `answers` and `values`. In training about one chart or document in a hundred called a bar or a line by one of the unseen names, as words of any kind "
                "serve there; the generators no longer do that.",
    "smol-vision": "The same again: `scripts/make-smol-vision` (the same bits on the same kind of processor, with any number of threads).",
}


def log_of(work, stage):
    with open(work / f"{stage}.train/log.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def stage_lines(work, stages):
    rows, kinds = [], []
    for stage in stages:
        log = log_of(work, stage)
        flags, last = log[0]["flags"], [row for row in log if row["kind"] == "step"][-1]
        done = [row for row in log if row["kind"] == "validation"]
        kinds.append(f"- {stage}: `--generate {flags['generate']}`, text instead of a picture {flags['text-share']:g}, learning rate {flags['lr']:g} ({flags['schedule']}), seed {flags['seed']}"
                     + (f", only `{flags['trained']}`" if flags["trained"] else ""))
        rows.append([stage, flags["steps"], f"{flags['steps'] * flags['inputs']:,}", f"{last['label_loss']:.3f}" if last.get("label_loss") else "", f"{last['loss']:.3f}" if last["loss"] else "",
                     f"{done[-1]['score']:.3f}" if done and last["loss"] else "", f"{training_seconds(work / stage) / 3600:.1f}"])
    head = ["stage", "steps", "pictures and texts", "label loss at the end", "answer loss at the end", "validation, exact", "hours"]
    return [*markdown_table(head, rows), "", *kinds, "", "Hours are wall clock of one or two cores beside other work."]


def unseen_ids(folder):
    with open(folder / "test.jsonl", encoding="utf-8") as lines:
        return {str(row["id"]) for row in map(json.loads, lines) if row["unseen"]}


def kind_rows(lab, kind, count):
    """Scores by field: all, and apart for the halves that training knows the like of and does not."""
    folder = lab.synth(kind, count, "test", "--images")
    rows, unseen = samples(lab.evaluate(kind, "", "jsonl", folder, "test", PROMPT)), unseen_ids(folder)
    out = []
    for field in ["all", *sorted({row["field"] for row in rows})]:
        own = [row for row in rows if field in ("all", row["field"])]
        parts = [[row["score"] for row in own if (str(row["id"]) in unseen) == wanted] for wanted in (False, True)]
        out.append([kind if field == "all" else f"{kind}: {field}", len(own), f"{mean(row['score'] for row in own):.3f}",
                    *(f"{mean(part):.3f}" if part else "" for part in parts)])
    return out


def card(options, model, lab):
    work, out = options.work, options.out
    rows = [row for kind in KINDS[model] for row in kind_rows(lab, kind, options.count)]
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    size = (out / "model.safetensors").stat().st_size
    vision = config["vision_config"]
    parts = f"tower: {vision['num_hidden_layers']} layers of width {vision['hidden_size']}, patches of {vision['patch_size']} pixels"
    if "text_config" in config:
        text = config["text_config"]
        parts += f"; decoder: {text['num_hidden_layers']} layers of width {text['hidden_size']}, {text['vocab_size']} tokens"
    subprocess.run([str(ZLENS), "report", "--training", str(work / f"{STAGES[model][-1]}.train/log.jsonl"), "--out", str(out / "curves.svg")],
                   check=True, stdout=subprocess.DEVNULL)
    return [f"# {model}", "", ABOUT[model], "", f"{size / 2 / 1e6:.2f} million parameters in bf16 ({size / 1e6:.1f} MB); {parts}. Apache-2.0, as zlens.", "",
            "```", "zlens ask " + ("" if model == "tiny-vlm" else f"--model {model} ") + "--image assets/pictures/images/small-chart-00.png \"What is the income of Fox for Start?\"", "```", "",
            "## Data and training", "",
            "Nothing but what `zlens synth` draws, endlessly and never twice; no picture or text of others. Beside the answers auxiliary heads name what every patch "
            "shows, the letters of its word and the value it stands for; they are dropped in the end.", "", *stage_lines(work, STAGES[model]), "", "![Validation by kind](curves.svg)", "",
            AGAIN[model], "",
            "## Scores", "", f"{options.count} test questions a kind, greedy answers, bf16, no expert; each question by its own metric (exact, or within 5 % for numbers of charts). Date {datetime.date.today()}; "
            f"command `python3 bench/vlm_cards.py {model}`.", "",
            *markdown_table(["kind", "questions", "score", "known fonts and names", "unseen ones"], rows), "",
            "## Limits", "", LIMITS[model]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=list(STAGES))
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--lab", default="~/.cache/zlens/vlm-cards", help="data and runs (%(default)s)")
    parser.add_argument("--count", type=int, default=2000, help="test questions a kind (%(default)s)")
    options = parser.parse_args()
    options.work = options.work or pathlib.Path(f"~/.cache/zlens/{options.model}").expanduser()
    options.out = options.out or ROOT / "assets" / options.model
    trained = options.work / STAGES[options.model][-1]
    weights = hashlib.sha256((trained / "model.safetensors").read_bytes()).hexdigest()[:12]  # scores of other weights are none of these
    shutil.rmtree(options.out, ignore_errors=True)
    shutil.copytree(trained, options.out)
    lab = Lab(pathlib.Path(options.lab).expanduser() / f"{options.model}-{weights}-{options.count}", ["--model", str(options.out), "--threads", THREADS])
    lines = card(options, options.model, lab)
    (options.out / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
