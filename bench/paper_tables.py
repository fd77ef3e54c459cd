"""The parts of the paper's experiment: each trains what it needs, asks, compares, and gives sections of the report."""
import subprocess

import paper_data
import paper_experts as experts
import plots
from lab import ZLENS, compare, mean, record_of, samples, score, validations
from paper_page import Figure, Section, Table

TASKS = list(paper_data.TASKS)
WORDS = ["word", "number"]
TARGETS = {
    "reading": ("a word or a number, exact", 0.85, WORDS),
    "chart": ("a chart's values within 5 %", 0.6, ["value"]),
    "math": ("arithmetic on pixels", 0.5, []),
}
LEVEL = 0.01  # of p where an expert is said to beat its base


def estimates(base, runs):
    """For each run by name its score and, but for the base, the paired difference from it, both with intervals; None where it is alone."""
    if not runs:
        return {}
    group = next(one for one in compare(base, *runs.values(), by="none")["groups"] if one["name"] == "all")
    out = {"base": (group["scores"][0], None)}
    out.update({name: (group["scores"][1 + i], group["differences"][i]) for i, name in enumerate(runs)})
    return out


def interval(estimate):
    return f"{estimate['mean']:+.3f} [{estimate['low']:+.3f}, {estimate['high']:+.3f}]"


def chance(p):
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def against(difference):
    return "" if difference is None else f"{interval(difference)}, {chance(difference['p'])}"


def score_table(by_set):
    """Rows of variants, two columns for each set of questions: the score, and the difference from the base."""
    names = list(dict.fromkeys(name for found in by_set.values() for name in found))
    head = [""] + [cell for title in by_set for cell in (title, "against the base")]
    cell = lambda found: ["", ""] if found is None else [f"{found[0]['mean']:.3f}", against(found[1])]
    return Table(head, [[name] + [text for found in by_set.values() for text in cell(found.get(name))] for name in names])


def wide_tables(by_set):
    """The same as two tables, for more sets of questions than fit side by side."""
    names = list(dict.fromkeys(name for found in by_set.values() for name in found))
    rows = lambda cell: [[name] + [cell(*found[name]) if name in found else "" for found in by_set.values()] for name in names]
    return [Table(["score", *by_set], rows(lambda estimate, _: f"{estimate['mean']:.3f}")),
            Table(["against the base", *by_set], [row for row in rows(lambda _, difference: against(difference)) if row[0] != "base"])]


def score_figure(name, title, by_set):
    groups = [(which, [(variant, found[0]) for variant, found in rows.items()]) for which, rows in by_set.items()]
    return Figure(name, plots.bars(title, groups), title + "; lines: 95 % intervals over pictures")


def seed_table(study, label, by_task):
    """What the seeds of one expert reached: mean, range, and how many beat the base."""
    rows = []
    for task, found in by_task.items():
        seeds = [found[name] for name in found if name.startswith(label)]
        values = [estimate["mean"] for estimate, _ in seeds]
        better = sum(difference["low"] > 0 and difference["p"] < LEVEL for _, difference in seeds)
        rows.append([task, f"{mean(values):.3f}", f"{min(values):.3f} to {max(values):.3f}",
                     f"{mean(difference['mean'] for _, difference in seeds):+.3f}", f"{better} of {len(values)}"])
    return Table([f"{study.name}: {label}", "mean", "seeds from to", "mean difference from the base", f"better than the base with p < {LEVEL}"], rows)


def svg_of(study, name, *command):
    """A drawing that zlens makes."""
    out = study.lab.path("drawings", f"{name}.svg")
    out.parent.mkdir(exist_ok=True)
    subprocess.run([str(word) for word in (ZLENS, *command, out)], check=True, stdout=subprocess.DEVNULL)
    return out.read_text(encoding="utf-8")


def curves(study, name, made, caption):
    logs = [f"{path}.train/log.jsonl" for path in made]
    return Figure(name, svg_of(study, name, "report", "--training", *logs, "--out"), caption)


def base_run(study, task):
    return study.ask(f"{task}-base", study.data(task))


def printed_run(study, task, made=None):
    """The base, or an expert, on pictures as pre-training draws them."""
    name = f"{task}-printed-" + (made.stem if made else "base")
    return study.ask(name, study.printed(task), *(["--expert", made] if made else []))


def places_of(study, task):
    """Trained experts of a task by the names of their rows."""
    made = {"LoRA r16": experts.expert(study, task, "lora")}
    made |= {f"SVF {place}": experts.expert(study, task, "svf", place) for place in ("language", "vision")}
    return made | {f"SVF both, seed {seed}": experts.expert(study, task, seed=seed) for seed in range(study.seeds)}


def trained_rows(study, task):
    """Estimates of every row of table 1, and the experts."""
    questions, made = study.data(task), places_of(study, task)
    runs = {name: study.ask(path.stem, questions, "--expert", path) for name, path in made.items()}
    first = made["SVF both, seed 0"]
    for kind in experts.CONTROLS:
        runs[f"{kind} z"] = study.ask(f"{task}-{kind}", questions, "--expert", experts.control(study, first, kind))
    runs["random reward"] = study.ask(f"{task}-random-reward", questions, "--expert", experts.random_reward(study, task))
    for kind, flags in experts.dispatchers(study).items():
        runs[f"two passes, {kind}"] = study.ask(f"{task}-auto-{kind}", questions, *flags)
    return estimates(base_run(study, task), runs), made


def printed_rows(study, task, made):
    return estimates(printed_run(study, task), {name: printed_run(study, task, made[name]) for name in ("LoRA r16", "SVF both, seed 0")})


def table1(study):
    found, made, printed = {}, {}, {}
    for task in TASKS:
        found[task], made[task] = trained_rows(study, task)
        printed[task] = printed_rows(study, task, made[task])
    blocks = [f"Generated pictures, test split (fonts and texts that training never uses in half of it); {study.scale.test} questions a task. The pictures have a look "
              f"that pre-training never drew (`zlens synth --look {paper_data.LOOK}`): on those that it did draw, as the second table shows, the base is at its best. SVF acts on the "
              "language side, on the vision side with the projector, or on both. Controls: `random z` and `shuffled z` are as far from the base "
              "as seed 0; `random reward` is reinforcement learning from the base with rewards that mean nothing.",
              score_table(found), "The same experts on pictures as pre-training draws them:", score_table(printed), seed_table(study, "SVF both", found), score_figure("table1", "Scores on the trained tasks", found)]
    swept = [("svf", place) for place in experts.PLACES] + [("lora", "both")]
    blocks.append(Table(["", "learning rate (validation after the sweep's steps, " + experts.SWEEP_TASK + ")"],
                        [[f"{method}, {place}", method_rates(study, method, place)] for method, place in swept]))
    for task in TASKS:
        blocks.append(curves(study, f"curves-{task}", made[task].values(),
                             f"Reinforcement learning of the experts of {task}: validation (marked) and reward, from the end of the warm start on"))
    cells = lambda name: [cell for task in TASKS for cell in (parameters(made[task][name]), best_of(made[task][name]))]
    blocks.append(Table(["expert", *(cell for task in TASKS for cell in (f"{task}: numbers trained", "validation"))],
                        [[name, *cells(name)] for name in made[TASKS[0]]]))
    return [Section(f"Table 1 on {study.name}: trained tasks", blocks), shown_section(study, found, made)]


def method_rates(study, method, place):
    best, found = experts.best_rate(study, method, place)
    return f"**{best:g}** (" + ", ".join(f"{rate:g}: {value:.3f}" for rate, value in found.items()) + ")"


def parameters(path):
    return record_of(path)["parameters"]


def best_of(path):
    return f"{max(row['score'] for row in validations(path)):.3f}"


def verdict(title, target, value, met):
    return [title, target, value, "met" if met else "**not met**"]


def pooled(run, fields):
    """Mean over the samples of these fields; over all without fields."""
    return mean(row["score"] for row in samples(run) if not fields or row["field"] in fields)


def target_row(study, task, title, target, fields, made):
    """What is reached on printed pictures in the fields that a target is about."""
    scores = {"base": pooled(printed_run(study, task), fields)}
    scores |= {name: pooled(printed_run(study, task, made[name]), fields) for name in ("LoRA r16", "SVF both, seed 0")}
    best = max(scores, key=scores.get)
    return verdict(title, f"≥ {target:.2f}", f"{scores[best]:.3f} ({best}); base {scores['base']:.3f}", scores[best] >= target)


def shown_section(study, found, made):
    """The targets of the generators' test split, as they came out."""
    rows = [target_row(study, task, *target, made[task]) for task, target in TARGETS.items()]
    for kind in ("prompt", "classifier", "prototype"):
        lost = [found[task]["SVF both, seed 0"][0]["mean"] - found[task][f"two passes, {kind}"][0]["mean"] for task in TASKS]
        rows.append(verdict(f"two passes by {kind}: points lost to the right expert", "≤ 2", ", ".join(f"{task} {100 * one:+.1f}" for task, one in zip(TASKS, lost)),
                            max(lost) <= 0.02))
    for task in TASKS:
        pairs = [difference for name, (_, difference) in found[task].items() if name.startswith("SVF")]
        worst = max(pairs, key=lambda one: one["p"])
        rows.append(verdict(f"every SVF expert of {task} beats the base", f"p < {LEVEL}", f"largest p: {chance(worst['p'])} ({interval(worst)})",
                            all(one["low"] > 0 and one["p"] < LEVEL for one in pairs)))
    return Section(f"What was to be shown on {study.name}", [Table(["", "asked for", "measured", ""], rows)])


def unseen_rows(study, name, questions):
    runs = {f"two passes, {kind}": study.ask(f"unseen-{name}-{kind}", questions, *flags) for kind, flags in experts.dispatchers(study).items()}
    mix = experts.few_shot(study, name, questions)
    runs["few-shot mix, 10 shots"] = study.ask(f"unseen-{name}-fewshot", questions, *experts.mix_flags(study, mix))
    if questions.task == "easyvqa":
        made = experts.easy_vqa_expert(study, questions)
        runs["SVF on its train split"] = study.ask(f"unseen-{name}-trained", questions, "--expert", made)
    return estimates(study.ask(f"unseen-{name}-base", questions), runs)


def table2(study):
    sets = paper_data.unseen_sets(study.shared, study.scale)
    found = {name: unseen_rows(study, name, questions) for name, questions in sets.items()}
    counts = ", ".join(f"{name} {len(samples(study.ask(f'unseen-{name}-base', questions)))}" for name, questions in sets.items())
    trained = found["easy-VQA"]["SVF on its train split"]
    return [Section(f"Table 2 on {study.name}: unseen tasks", [
        f"Questions: {counts}. easy-VQA is the official test split of the package `{paper_data.EASY_VQA}`; shots and the step of its expert come from "
        "its train split. NLVR: shots and test are different pictures. reversed, equation and difference are kinds of question that the "
        f"generators hold back from all training, asked about pictures of the experts' look ({paper_data.LOOK}); scenes are known to the base, and no "
        "expert is made for them.",
        *wide_tables(found), score_figure("table2", "Scores on the unseen tasks", found),
        Table(["", "asked for", "measured", ""], [verdict("easy-VQA, SVF on its train split", "≥ 0.90", f"{trained[0]['mean']:.3f}", trained[0]["mean"] >= 0.9)])])]


def text_rows(study, task):
    """Experts of the text twins, used on pictures; and what they do on text itself."""
    questions, runs, on_text = study.printed(task), {}, {}
    for seed in range(study.seeds):
        made, used = experts.text_expert(study, task, seed)
        runs[f"text-trained z, seed {seed}"] = study.ask(f"{task}-text-{seed}", questions, "--expert", used)
        on_text[f"text-trained z, seed {seed}"] = study.ask(f"{task}-text-{seed}-on-text", questions, "--expert", made, text=True)
        if seed == 0:
            for kind in experts.CONTROLS:
                runs[f"{kind} z"] = study.ask(f"{task}-text-{kind}", questions, "--expert", experts.control(study, used, kind))
    runs["random reward"] = study.ask(f"{task}-text-random-reward", questions, "--expert", experts.random_reward(study, task, text=True))
    return (estimates(printed_run(study, task), runs),
            estimates(study.ask(f"{task}-base-on-text", questions, text=True), on_text))


def text_trained(study):
    pictures, texts = {}, {}
    for task in TASKS:
        pictures[task], texts[f"{task}, as text"] = text_rows(study, task)
    where = "trained on the language model that it borrows, then bound to it by `zlens experts transfer`" if study.borrowed else "trained on the model itself"
    blocks = [f"Experts of the text twins, language side, {where}: they have never met a picture. First on pictures, then on the text twins of the same test.",
              score_table(pictures), seed_table(study, "text-trained z", pictures),
              score_figure(f"text-{study.name}", f"Text-trained z on pictures, {study.name}", pictures), score_table(texts)]
    if study.borrowed:
        read = pooled(printed_run(study, "reading"), WORDS)
        blocks.append(Table(["", "asked for", "measured", ""], [verdict("the base reads a word or a number, exact", "≥ 0.80", f"{read:.3f}", read >= 0.8)]))
    return [Section(f"Text-trained z on pictures: {study.name}", blocks)]


def chosen(row):
    """The expert that a sample was dispatched to; base where the dispatcher abstained."""
    return row["mix"][0]["expert"] if row.get("mix") else "base"


def dispatch(study):
    """Who is sent where; a dispatcher that leaves every question to the base has no matrix to draw."""
    questions, rows, figures = paper_data.mixed_data(study.shared, study.scale), [], []
    for kind, flags in experts.dispatchers(study).items():
        run = study.ask(f"mixed-{kind}", questions, *flags)
        asked = samples(run)
        right = {task: mean(chosen(row) == task for row in asked if row["field"] == task) for task in TASKS}
        triples = {}
        for row in asked:
            triples.setdefault(int(row["id"].rsplit("-", 1)[1]) // 3, []).append(chosen(row))
        apart = mean(len(set(triple)) == 3 for triple in triples.values())
        rows.append([kind, f"**{mean(right.values()):.3f}**", *(f"{right[task]:.3f}" for task in TASKS), f"{apart:.3f}", f"{score(run):.3f}"])
        if any(chosen(row) != "base" for row in asked):
            figures.append(Figure(f"confusion-{kind}", svg_of(study, f"confusion-{kind}", "report", run, "--confusion"),
                                  f"Dispatch by {kind}: which expert a picture of each kind went to"))
    base = study.ask("mixed-base", questions)
    return [Section(f"The same question about different pictures: {study.name}", [
        f"{study.scale.triples} triples of a text, a chart and an exercise, the three asked one and the same question (\"What is the answer?\" and the like): "
        f"nothing but the pixels tells them apart. The pictures have the experts' look ({paper_data.LOOK}). "
        f"The base answers {score(base):.3f} of them.",
        Table(["dispatcher", "right expert", *TASKS, "triples with three different experts", "score"], rows), *figures])]


def times(study):
    questions, rows = study.data("reading"), []
    for kind, flags in experts.dispatchers(study).items():
        run = study.ask(f"times-{kind}", questions, *flags, "--batch-size", 1, "--limit", min(200, study.scale.test))
        first, second = (mean(row[key] for row in samples(run)) for key in ("first_pass_s", "second_pass_s"))
        rows.append([kind, f"{1e3 * first:.1f}", f"{1e3 * second:.1f}", f"{first / (first + second):.1%}"])
    return [Section(f"Times of the passes: {study.name}", [
        "Mean over questions about texts, one at a time; other work may have run beside it, so only the ratio means something.",
        Table(["dispatcher", "first pass, ms", "second pass, ms", "share of the first"], rows)])]
