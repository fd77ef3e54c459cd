#!/usr/bin/env python3
"""The whole experiment of the paper (Transformer², arXiv 2501.06252) on two small vision-language models.

    scripts/paper [--only PARTS] [--models NAME[=FOLDER],…] [--seeds N] [--train N] [--test N] [--steps N] [--threads N] [--work DIR]

Takes many hours on two cores; started again, it goes on where it was. Writes docs/results/paper.md with its drawings, and
WORK/report/paper.html with pages that compare runs and draw experts; with --only, both into WORK/report. A model that borrows its
language model (its config.json says which) takes the part `text` alone: its experts are trained on that language model.
"""
import argparse
import dataclasses
import datetime
import json
import pathlib
import shlex
import subprocess
import sys

import paper_ablations
import paper_data
import paper_experts as experts
import paper_tables
from lab import ROOT, ZLENS, Lab
from paper_page import Section, write_report

PARTS = {
    "table1": paper_tables.table1,
    "table2": paper_tables.table2,
    "text": paper_tables.text_trained,
    "dispatch": paper_tables.dispatch,
    "times": paper_tables.times,
    "ablations": paper_ablations.ablations,
    "pages": None,  # written beside the report, see pages()
}


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts: %(default)s")
    parser.add_argument("--models", default="tiny-vlm,smol-vision", help="names that zlens knows, or NAME=FOLDER (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="of SVF on both sides and of text-trained z (%(default)s)")
    parser.add_argument("--train", type=int, default=6000, help="pictures a task (%(default)s)")
    parser.add_argument("--val", type=int, default=240, help="(%(default)s)")
    parser.add_argument("--test", type=int, default=2000, help="(%(default)s)")
    parser.add_argument("--unseen", type=int, default=500, help="test questions of each unseen kind of our own (%(default)s)")
    parser.add_argument("--triples", type=int, default=300, help="of the same question about three pictures (%(default)s)")
    parser.add_argument("--limit", type=int, default=0, help="questions of easy-VQA and NLVR; 0: all")
    parser.add_argument("--borrowed-limit", type=int, default=0, help="test questions a task for models that borrow their language model; 0: all")
    parser.add_argument("--steps", type=int, default=0, help="at most so many in each phase of training; 0: the recipe's")
    parser.add_argument("--min-signal", type=float, default=0.05, help="refuse reinforcement learning below this fraction of prompts with signal (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="of every command; 0: one for each core")
    parser.add_argument("--work", default="~/.cache/zlens/paper", help="everything that is made (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, help="the Markdown page; default: docs/results/paper.md, with --only WORK/report/paper.md")
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    unknown = [part for part in options.only if part not in PARTS]
    if unknown:
        parser.error(f"--only: {', '.join(unknown)} is none of {', '.join(PARTS)}")
    needed = max(paper_ablations.SHOTS) + experts.SELECTION
    if options.val < needed:
        parser.error(f"--val {options.val}: the largest few-shot mix takes {needed} samples")
    options.models = [(name, path or name) for name, _, path in (one.partition("=") for one in options.models.split(","))]
    return options


def folder_of(model):
    for folder in (pathlib.Path(model), ROOT / "assets" / model):
        if (folder / "config.json").exists():
            return folder
    sys.exit(f"paper: no model '{model}': neither a folder with config.json nor one of assets/")


def study_of(options, shared, name, model):
    flags = lambda which: ["--model", which, "--threads", str(options.threads)]
    lab = Lab(shared.path(name), flags(model))
    borrowed = json.loads((folder_of(model) / "config.json").read_text(encoding="utf-8")).get("zlens_language_model")
    return experts.Study(
        name=name, model=model, lab=lab, text_lab=Lab(shared.path(name, "language"), flags(borrowed)) if borrowed else lab, shared=shared,
        scale=paper_data.Scale(options.train, options.val, options.test, options.unseen, options.triples, options.limit),
        steps=dataclasses.replace(experts.BORROWED_STEPS if borrowed else experts.Steps(), cap=options.steps), seeds=options.seeds, min_signal=options.min_signal,
        limit=options.borrowed_limit if borrowed else 0)


def require_equal_settings(shared, options):
    """What is in the work folder was made with these settings; others would mix with it unseen."""
    settings = {"models": [list(one) for one in options.models]}
    settings |= {key: getattr(options, key) for key in ("train", "val", "test", "unseen", "triples", "limit", "borrowed_limit", "steps")}
    file = shared.path("settings.json")
    if not file.exists():
        paper_data.write_whole(file, json.dumps(settings) + "\n")
        return
    before = json.loads(file.read_text(encoding="utf-8"))
    known = {name: path for name, path in before.pop("models")}
    changed = [f"--{key.replace('_', '-')} {before[key]}" for key in before if before[key] != settings[key]]
    changed += [f"--models {name}={known[name]}" for name, path in options.models if known.get(name, path) != path]
    if changed:
        sys.exit(f"paper: {shared.work} was begun with {' '.join(changed)}: give the same again, or another --work")
    paper_data.write_whole(file, json.dumps(before | {"models": list((known | dict(options.models)).items())}) + "\n")


def pages(study, folder):
    """Pages that zlens makes: what experts changed of the answers, with the pictures, and of the matrices. A section that links to them."""
    links = []
    for task in paper_tables.TASKS:
        made = experts.expert(study, task)
        runs = [paper_tables.base_run(study, task), study.ask(made.stem, study.data(task), "--expert", made)]
        for name, command in ((f"answers-{task}", ["compare", *runs, "--html"]), (f"matrices-{task}", ["experts", "show", made, "--model", study.model, "--html"])):
            file = folder / f"{name}.html"
            study.lab.run(f"page-{name}", file, ZLENS, *command, file)
            links.append(f"[{name.replace('-', ' of ')}]({file.name})")
    return Section("Pages", ["What the experts changed, sample by sample, and in which matrices: " + ", ".join(links) + "."])


def command_of(arguments):
    """The command without what changes no result: places on this machine and threads."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ("--work", "--out", "--threads", "--models"):
        parser.add_argument(flag)
    _, rest = parser.parse_known_args(arguments)
    return shlex.join(["scripts/paper", *rest])


def introduction(options, arguments, studies):
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], check=False, stdout=subprocess.PIPE, text=True).stdout.strip()
    seeds = "seed 0" if options.seeds == 1 else f"seeds 0 to {options.seeds - 1} where seeds are named, else seed 0"
    fewer = f" ({options.borrowed_limit} for models that borrow their language model)" if options.borrowed_limit else ""
    return Section("How this was measured", [
        f"Date {datetime.date.today()}; command `{command_of(arguments)}`; commit {commit or 'unknown'}; models "
        + ", ".join(f"{study.name}" for study in studies) + f"; {seeds}; bf16, greedy answers, prompt `{experts.PROMPT}`.",
        f"{options.train} train, {options.val} validation and {options.test} test pictures a task{fewer}. All differences are paired, over the same samples: 95 % bootstrap "
        "intervals and p of sign flips, both clustered by picture (`zlens compare`). No correction for the number of comparisons.",
        f"Experts: supervised warm start, then reinforcement learning (rloo, each sample's metric as reward); at most {options.steps} steps a phase."
        if options.steps else
        f"Experts: {experts.Steps.warm} supervised steps ({experts.Steps.longer} times as many of {', '.join(experts.LONGER)} on pictures), then {experts.Steps.rl} of reinforcement learning (rloo, each sample's metric as reward); on a language model that is "
        f"borrowed {experts.BORROWED_STEPS.warm} and {experts.BORROWED_STEPS.rl}; the step that was best on validation is kept."])


def main(arguments):
    options = options_of(arguments)
    shared = Lab(options.work)
    require_equal_settings(shared, options)
    report = shared.path("report")
    report.mkdir(exist_ok=True)
    studies = [study_of(options, shared, name, model) for name, model in options.models]
    sections = [introduction(options, arguments, studies)]
    linked = []
    for part in options.only:
        for study in studies:
            if part == "pages":
                linked += [] if study.borrowed else [pages(study, report)]
            elif part == "text" or not study.borrowed:
                sections += PARTS[part](study)
    whole = set(options.only) == set(PARTS)
    out = options.out or (ROOT / "docs/results/paper.md" if whole else report / "paper.md")
    title = "The paper's experiment on small vision-language models"
    write_report(title, sections, out, report / "paper.html", linked)
    print(out, report / "paper.html", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
