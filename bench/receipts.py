#!/usr/bin/env python3
"""The base model on the receipts: three frozen prompts, on images and on transcripts, beside the heuristic. Writes Markdown.

    python3 bench/receipts.py [--data DIR] [--split test] [--runs DIR] [--out docs/results/receipts.md]

DIR: $ZLENS_DATA/receipts by default. Build first: scripts/build zlens ocr_quality. Runs that exist are not repeated.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess

from lab import markdown_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPTS = ["plain", "receipt-brief", "receipt-examples"]
FIELDS = ["company", "date", "total", "address"]


def evaluate(options, prompt, attach):
    run = options.runs / f"{options.split}-{prompt}-{attach}"
    if not (run / "summary.json").exists():
        command = [ROOT / "build/zlens", "eval", "--model", "smollm2", "--attach", attach, "--task", "docvqa", "--data", options.data,
                   "--split", options.split, "--prompt", prompt, "--out", run]
        done = subprocess.run(command + (["--resume"] if run.exists() else []), stdout=subprocess.DEVNULL)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{prompt} on {attach} failed")
    return json.loads((run / "summary.json").read_text()), run


def read_heuristic(data, split, ocr_dir):
    """The heuristic's score of each field."""
    command = [ROOT / "scripts/heuristic-baseline", data, split] + (["--ocr-dir", ocr_dir] if ocr_dir else [])
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: float(value) for name, value in re.findall(r"^(\w+)\s+([01]\.\d+)\s", text, re.M)}


def row(name, scores):
    three = sum(scores[field] for field in FIELDS[:3]) / 3
    return [name, *(f"{scores[field]:.3f}" if field in scores else "–" for field in FIELDS), f"**{three:.3f}**"]


def section(options, title, attach, ocr_dir):
    rows = []
    for prompt in PROMPTS:
        summary, _ = evaluate(options, prompt, attach)
        failed = f" ({summary['failed']} failed)" if summary["failed"] else ""
        rows.append(row(f"SmolLM2-135M-Instruct, prompt `{prompt}`{failed}", summary["by_field"]))
    rows.append(row("heuristic (`scripts/heuristic-baseline`, no model)", read_heuristic(options.data, options.split, ocr_dir)))
    return [f"## {title}", "", *markdown_table(["", *FIELDS, "company, date, total"], rows), ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = pathlib.Path(os.environ.get("ZLENS_DATA", ROOT / "../shared/data")) / "receipts"
    parser.add_argument("--data", type=pathlib.Path, default=default)
    parser.add_argument("--split", default="test")
    parser.add_argument("--runs", type=pathlib.Path, default=ROOT / "build/receipts-runs")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    ocr_dir = options.runs / f"{options.split}-ocr-text"
    if not ocr_dir.exists():
        subprocess.run([ROOT / "build/bench/ocr_quality", options.data, options.split, "--dump", ocr_dir], check=True)
    lines = [f"# Receipts, {options.split} split: the base model and a heuristic", "",
             f"Date {datetime.date.today()}; command `python3 bench/receipts.py`; greedy decoding (no seed), bf16, batches of 8. "
             "ANLS by the rule of the RRC script (0.5 kept). The prompts are the files of that name in assets/prompts, frozen from here on.",
             ""]
    lines += section(options, "On images, through the ocr modality", "ocr", ocr_dir)
    lines += section(options, "On transcripts", "transcript", None)
    lines += ["Prompt files (SHA-256):", ""]
    for prompt in PROMPTS:
        _, run = evaluate(options, prompt, "transcript")
        lines.append(f"- `{json.loads((run / 'config.json').read_text())['prompt_variant']}`")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
