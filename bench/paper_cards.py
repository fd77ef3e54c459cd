#!/usr/bin/env python3
"""Takes experts of scripts/paper into assets/experts/, each with a card: data, seed, steps, scores.

    python3 bench/paper_cards.py tiny-vlm|smol-vision [FLAGS of scripts/paper]

Of tiny-vlm: the folder tiny-vlm has those of both sides and the router that sends pictures to them; tiny-vlm-language, tiny-vlm-vision and
tiny-vlm-text have those of one side and those that were trained on texts alone (`--experts assets/experts/tiny-vlm-text`). Of
smol-vision: those that SmolLM2 learnt from texts. What scripts/paper has not made yet is made.
"""
import shutil
import sys

import paper
import paper_data
import paper_experts as experts
import paper_tables
from lab import ROOT, Lab, markdown_table, record_of, training_seconds

OUT = ROOT / "assets/experts"
PLACES = {"both": "the language side, the vision side and the projector", "language": "the language side", "vision": "the vision side and the projector"}
ABOUT = {"reading": "Reads words, numbers, labels and strings of small pictures.", "chart": "Reads values, highest and lowest entries and sums off small charts.",
         "math": "Works out exercises that are printed in small pictures."}
LIMIT = "Trained on generated pictures of at most 160 pixels a side and the generators' questions; of use there, and nowhere else."


def of_texts(made):
    return "-text-" in made.stem


def data_lines(study, task, made):
    scale, kind = study.scale, paper_data.TASKS[task]
    look = "" if of_texts(made) else f" --look {paper_data.LOOK}"
    return [f"    zlens synth --kind {kind} --count {count} --split {split} --images{look}" for count, split in ((scale.train, "train"), (scale.val, "val"), (scale.test, "test"))]


def training_lines(path):
    """Of the expert and of the warm start that it goes on from."""
    warm = path.with_name(f"{path.stem}-warm.safetensors")
    lines, seconds = [], 0
    for one in [warm, path] if warm.exists() else [path]:
        record = record_of(one)
        flags = record["flags"]
        drawn = f" with {flags['samples']} answers each, KL {flags['kl']}" if flags["objective"] == "rl" else ""
        lines.append(f"{len(lines) + 1}. {flags['objective']}: {flags['steps']} steps of {flags['prompts']} prompts{drawn}, learning rate {flags['lr']}, seed {flags['seed']}; "
                     f"the step kept: {record['best_step']}; validation {record['base_score']:.3f} before, {record['best_score']:.3f} after.")
        seconds += training_seconds(one)
    return [*lines, "", f"{seconds / 60:.0f} minutes of one or two cores beside other work. The recipe is bench/paper_experts.py."]


def score_lines(study, task, made, used):
    """On the expert's own task by field, and on the others."""
    out = []
    base, questions = (paper_tables.printed_run(study, task), study.printed(task)) if of_texts(made) else (paper_tables.base_run(study, task), study.data(task))
    runs = [base, study.ask(made.stem, questions, "--expert", used)]
    groups = paper_tables.compare(*runs, by="field")["groups"]
    for group in groups:
        difference = group["differences"][0]
        out.append([task if group["name"] == "all" else f"{task}: {group['name']}", f"{group['scores'][0]['mean']:.3f}", f"{group['scores'][1]['mean']:.3f}",
                    paper_tables.against(difference)])
    return markdown_table(["test split", "base", "this expert", "difference"], out)


def card(study, task, made, used, about):
    record = record_of(made)
    return [f"# {task}", "", ABOUT[task], "", f"An SVF expert of {study.name}: {record['parameters']} numbers, a scale for every singular value of its matrices; {about}.", "",
            "## Data", "", *data_lines(study, task, made), "", f"SHA-256 of what the training read: `{record['data_sha256']}`", "",
            "## Training", "", *training_lines(made), "", f"Prompt `{record['prompt_variant']}`.", "",
            "## Scores", "", f"{study.scale.test} generated test questions, half of the pictures in fonts and with names that no training had; greedy answers, bf16. 95 % intervals and p are paired and clustered by picture.", "",
            *score_lines(study, task, made, used), "", "## Limits", "", LIMIT]


def put(folder, name, path, lines):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / f"{name}.safetensors")
    (folder / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def router_card(study, router):
    record = record_of(router)
    rows = []
    questions = paper_data.mixed_data(study.shared, study.scale)
    asked = paper_tables.samples(study.ask("mixed-classifier", questions, *experts.dispatchers(study)["classifier"]))
    for task in paper_tables.TASKS:
        own = [row for row in asked if row["field"] == task]
        rows.append([task, len(own), f"{paper_tables.mean(paper_tables.chosen(row) == task for row in own):.3f}"])
    scenes = paper_tables.samples(study.ask("unseen-scene-classifier", paper_data.scene_data(study.shared, study.scale), *experts.dispatchers(study)["classifier"]))
    rows.append([paper_data.OTHERS, len(scenes), f"{paper_tables.mean(paper_tables.chosen(row) == 'base' for row in scenes):.3f}"])
    return ["# router", "", f"Sends a picture with its question to reading, chart or math, or leaves it to the base: an SVF expert that answers with a category (`--dispatch classifier`). {record['parameters']} numbers.", "",
            "## Training", "", *training_lines(router), "",
            "## Scores", "", f"{study.scale.triples} test triples of a text, a chart and an exercise (`--look {paper_data.LOOK}`), the three asked one and the same question: who got the right "
            f"expert. `{paper_data.OTHERS}`: scenes, which the base answers best itself.", "", *markdown_table(["pictures of", "questions", "sent where they belong"], rows), "", "## Limits", "", LIMIT]


def take_small(study):
    for place, where in PLACES.items():
        folder = OUT / (study.name if place == "both" else f"{study.name}-{place}")
        for task in paper_tables.TASKS:
            made = experts.expert(study, task, place=place)
            put(folder, task, made, card(study, task, made, made, f"it acts on {where}"))
    router = experts.expert_sets(study)[1] / "router.safetensors"
    put(OUT / study.name, "router", router, router_card(study, study.lab.path("experts", "router.safetensors")))


def take_text(study, folder):
    for task in paper_tables.TASKS:
        made, used = experts.text_expert(study, task, 0)
        about = "it was trained on the questions' text twins alone and has never met a picture"
        if study.borrowed:
            about += f"; it acts on {study.text_lab.model[1]}, which {study.name} borrows"
        put(folder, task, used, card(study, task, made, used, about))


def main(arguments):
    if not arguments or arguments[0] not in ("tiny-vlm", "smol-vision"):
        sys.exit(__doc__)
    name, options = arguments[0], paper.options_of(arguments[1:])
    shared = Lab(options.work)
    paper.require_equal_settings(shared, options)
    study = paper.study_of(options, shared, name, dict(options.models)[name])
    if study.borrowed:
        take_text(study, OUT / name)
    else:
        take_small(study)
        take_text(study, OUT / f"{name}-text")


if __name__ == "__main__":
    main(sys.argv[1:])
