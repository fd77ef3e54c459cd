"""Ablations of the paper's experiment: which matrices, which objective, how many shots."""
import paper_data
import paper_experts as experts
from lab import training_seconds, weights_of
from paper_page import Section, Table
from paper_tables import against, base_run, estimates

SHOTS = [3, 10, 20]


def variants(study, task):
    """Experts by the names of their rows; the first is the recipe itself."""
    rate, _ = experts.best_rate(study, "svf")
    whole = study.steps.warm_on(task) + study.steps.of("rl")
    flags = [*experts.METHODS["svf"], "--matrices", "all", "--seed", 0]
    return {
        "recipe: all matrices, warm start, then rloo": experts.expert(study, task),
        "attention alone": experts.expert(study, task, place="attention"),
        "mlp alone": experts.expert(study, task, place="mlp"),
        "supervised alone, as many steps": experts.phase(study, f"{task}-sft-only", study.data(task), task, "sft", whole, rate, flags),
        "rloo without a warm start": experts.expert(study, task, name=f"{task}-rl-only", warm=False),
        "grpo": experts.expert(study, task, name=f"{task}-grpo", more=["--algorithm", "grpo"]),
        "reinforce (the paper's)": experts.expert(study, task, name=f"{task}-reinforce", more=["--algorithm", "reinforce"]),
        "scope answer": experts.expert(study, task, name=f"{task}-answer", more=["--scope", "answer"]),
    }


def rows_of(found):
    return [[name, f"{score['mean']:.3f}", against(difference)] for name, (score, difference) in found.items()]


def training(study, task):
    made = variants(study, task)
    runs = {name: study.ask(f"ablation-{path.stem}", study.data(task), "--expert", path) for name, path in made.items()}
    found = estimates(base_run(study, task), runs)
    minutes = lambda name: f"{training_seconds(made[name]) / 60:.1f}" if name in made else ""
    return Table([f"experts of {task}", "score", "against the base", "last phase, min"], [row + [minutes(row[0])] for row in rows_of(found)])


def shots(study, name):
    questions, runs, weights = paper_data.unseen_data(study.shared, name, study.scale), {}, {}
    for count in SHOTS:
        for title, flags in ((f"{count} shots", []), (f"{count} shots, by layer", ["--by-layer"])):
            mix = experts.few_shot(study, f"{name}-{count}" + "-layers" * bool(flags), questions, count, flags)
            runs[title], weights[title] = study.ask(f"shots-{mix.stem}", questions, *experts.mix_flags(study, mix)), weights_of(mix)
    found = estimates(study.ask(f"unseen-{name}-base", questions), runs)
    return Table([f"few-shot mixes on {name}", "score", "against the base", "weights"], [row + [weights.get(row[0], "")] for row in rows_of(found)])


def ablations(study):
    blocks = [f"Seed 0, on {study.name}; trained on math, tested on its {study.scale.test} questions. Shots and {experts.SELECTION} selection samples come from the validation split.",
              training(study, "math"), *(shots(study, name) for name in paper_data.UNSEEN)]
    return [Section(f"Ablations: {study.name}", blocks)]
