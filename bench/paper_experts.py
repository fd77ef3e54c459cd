"""The experts of the paper's experiment and how they are made: a supervised warm start, then reinforcement learning.

One recipe for every method and place: the same samples, steps and rollouts; the learning rate is the best of a sweep for each method, on one task.
"""
import dataclasses
import shutil

import paper_data
from lab import BENCH, ZLENS, Lab, validations

PROMPT = "question"
DESCRIPTIONS = {
    "reading": "texts, words, numbers and labels to be read",
    "chart": "charts: values, highest and lowest, sums",
    "math": "arithmetic exercises to be worked out",
}
METHODS = {"svf": ["--method", "svf"], "lora": ["--method", "lora", "--rank", 16, "--alpha", 32]}
RATES = {"svf": [3e-3, 1e-2, 3e-2, 1e-1], "lora": [3e-4, 1e-3, 3e-3, 1e-2]}  # of the warm start; reinforcement learning takes a third
SWEEP_TASK = "math"
PLACES = {"language": "language", "vision": "vision", "both": "all"}
SELECTION = 20  # samples that choose among the rounds of a few-shot search
CONTROLS = ["random", "shuffled"]
LONGER = ["chart"]  # values in pictures of charts are learnt slowest
TEXT_RATE = 3e-3  # of experts on text alone for a language model: that of bench/recipes.py


@dataclasses.dataclass(frozen=True)
class Steps:
    """Lengths of the phases; `cap`, where it is not 0, bounds each."""
    sweep: int = 40
    warm: int = 150
    longer: int = 3  # times as long a warm start, of tasks in LONGER
    rl: int = 30
    router: int = 600
    easy_vqa: int = 4000
    rounds: int = 12  # of the search for a few-shot mix
    cap: int = 0

    def of(self, phase):
        return min(getattr(self, phase), self.cap or 10**9)

    def warm_on(self, task):
        """Of experts that look at pictures."""
        return min(self.warm * (self.longer if task in LONGER else 1), self.cap or 10**9)


BORROWED_STEPS = Steps(warm=100, rl=24)  # a language model that is borrowed is a hundred times as large


@dataclasses.dataclass
class Study:
    """One model and all that is made of it. `shared` keeps the data, `lab` the experts and runs of the model.

    `text_lab` trains on text alone: the same model, or the language model that `lab`'s model borrows.
    """
    name: str
    model: str
    lab: Lab
    text_lab: Lab
    shared: Lab
    scale: paper_data.Scale
    steps: Steps
    seeds: int
    min_signal: float
    limit: int  # of the questions of any test; 0: all

    @property
    def borrowed(self):
        return self.text_lab is not self.lab

    def data(self, task):
        """What the experts of a task learn from and are tested on: pictures of a look that pre-training never drew."""
        return paper_data.task_data(self.shared, task, self.scale, paper_data.LOOK)

    def printed(self, task):
        """The same questions about pictures as pre-training draws them."""
        return paper_data.task_data(self.shared, task, self.scale)

    def ask(self, name, questions, *flags, text=False):
        """The run of one variant over the test split; `text`: on the text twins, with the language model."""
        lab = self.text_lab if text else self.lab
        bound_by = [one for one in (questions.limit, self.limit) if one]
        limit = ["--limit", min(bound_by)] if bound_by else []
        return lab.evaluate(name, "transcript" if text else "", questions.task, questions.folder, questions.test, PROMPT, *limit, *flags)


def phase(study, name, questions, task, objective, steps, rate, flags, text=False):
    lab = study.text_lab if text else study.lab
    drawn = ["--samples", 8, "--min-signal", study.min_signal] if objective == "rl" else []
    often = [] if "--validate-every" in flags else ["--validate-every", max(1, steps // 3)]
    return lab.train(name, "--task", questions.task, "--data", questions.folder, "--prompt", PROMPT, "--form", "factored", "--objective", objective,
                     "--steps", steps, "--lr", f"{rate:.4g}", "--kl", 0.01, "--name", task,
                     "--description", DESCRIPTIONS[task], "--prompts", 16, *often, *drawn, *flags, attach="transcript" if text else "")


def best_rate(study, method, place="both"):
    """The learning rate whose short warm start is best on validation, and what every one reached."""
    found = {}
    flags = [*METHODS[method], "--matrices", PLACES.get(place, place), "--validate-every", study.steps.of("sweep")]
    for rate in RATES[method]:
        short = phase(study, f"{method}-{place}-sweep-{rate:g}", study.data(SWEEP_TASK), SWEEP_TASK, "sft", study.steps.of("sweep"), rate, flags)
        found[rate] = validations(short)[-1]["score"]
    return max(found, key=found.get), found


def expert(study, task, method="svf", place="both", seed=0, name=None, warm=True, more=()):
    """A finished expert; `more` flags hold for both phases."""
    name = name or f"{task}-{method}-{place}-{seed}"
    rate, _ = best_rate(study, method, place if place in PLACES else "both")
    flags = [*METHODS[method], "--matrices", PLACES.get(place, place), "--seed", seed, *more]
    data = study.data(task)
    start = []
    if warm:
        start = ["--init", phase(study, f"{name}-warm", data, task, "sft", study.steps.warm_on(task), rate, flags)]
    return phase(study, name, data, task, "rl", study.steps.of("rl"), rate / 3, [*flags, *start])


def random_reward(study, task, text=False):
    """Reinforcement learning from the base on, with rewards that mean nothing; its last step."""
    rate = TEXT_RATE if text and study.borrowed else best_rate(study, "svf", "language" if text else "both")[0]
    made = phase(study, f"{task}-random-reward" + ("-text" if text else ""), study.printed(task) if text else study.data(task), task, "rl", study.steps.of("rl"), rate / 3,
                 [*METHODS["svf"], *(["--matrices", "language"] if text else []), "--reward", "random", "--validation-split", "none"], text)
    return bound(study, made) if text else made


def bound(study, made):
    """An expert of the language model made one of the model that borrows it."""
    if not study.borrowed:
        return made
    out = study.lab.path("experts", made.stem + "-transferred.safetensors")
    out.parent.mkdir(exist_ok=True)
    study.lab.run(f"transfer-{made.stem}", out, ZLENS, "experts", "transfer", made, "--model", study.text_lab.model[1], "--to", study.model,
                  "--out", out, "--json")
    return out


def text_expert(study, task, seed):
    """An expert that has never met a picture: of the text twins. As it was trained, and as it is used on pictures."""
    name = f"{task}-text-{seed}"
    rate = TEXT_RATE if study.borrowed else best_rate(study, "svf", "language")[0]
    flags = [*METHODS["svf"], "--matrices", "language", "--seed", seed]
    start = phase(study, f"{name}-warm", study.printed(task), task, "sft", study.steps.of("warm"), rate, flags, text=True)
    made = phase(study, name, study.printed(task), task, "rl", study.steps.of("rl"), rate / 3, [*flags, "--init", start], text=True)
    return made, bound(study, made)


def control(study, source, kind):
    """As far from the base as `source`, without what it learnt."""
    out = source.with_name(f"{source.stem}-{kind}.safetensors")
    study.lab.run(f"{source.stem}-{kind}", out, BENCH / "control_experts", source, kind, 1, out)
    return out


def easy_vqa_expert(study, questions):
    """SVF on the train split of a task that is not ours: supervised, as its answers are one word; long, as comparing what is asked with what
    is seen is learnt slowly (after 400 steps the yes/no questions are at what their wording alone gives)."""
    steps = study.steps.of("easy_vqa")
    rate, _ = best_rate(study, "svf")
    return study.lab.train("easy-vqa", "--task", questions.task, "--data", questions.folder, "--prompt", PROMPT, "--form", "factored",
                           *METHODS["svf"], "--objective", "sft", "--steps", steps, "--prompts", 32, "--lr", rate,
                           "--validate-every", max(1, steps // 8), "--validation-limit", 1000, attach="")


def expert_sets(study):
    """A folder with the finished experts, and one that has a classifier trained on their data beside them."""
    folder, routed = study.lab.path("set"), study.lab.path("set-classifier")
    for to in (folder, routed):
        to.mkdir(exist_ok=True)
        for task in paper_data.TASKS:
            shutil.copyfile(expert(study, task), to / f"{task}.safetensors")
    data = ",".join(f"{task}={paper_data.routing_data(study.shared, task, study.scale)}" for task in [*paper_data.TASKS, paper_data.OTHERS])
    steps = study.steps.of("router")
    router = study.lab.train("router", "--task", "dispatch", "--experts", folder, "--data", data, "--objective", "sft", "--form", "factored",
                             "--steps", steps, "--prompts", 24, "--per-group", 1, "--lr", 2e-2, "--validate-every", max(1, steps // 8),
                             "--validation-limit", 240, attach="")
    shutil.copyfile(router, routed / "router.safetensors")
    return folder, routed


def dispatchers(study):
    folder, routed = expert_sets(study)
    auto = lambda experts, kind: ["--expert", "auto", "--experts", experts, "--dispatch", kind]
    return {"prompt": auto(folder, "prompt"), "classifier": auto(routed, "classifier"), "prototype": auto(folder, "prototype")}


def few_shot(study, name, questions, shots=10, more=()):
    """The mix of the three experts that a few samples of a split apart from the test choose."""
    out = study.lab.path("mixes", f"{name}.json")
    out.parent.mkdir(exist_ok=True)
    study.lab.run(f"adapt-{name}", out, ZLENS, "adapt", *study.lab.model, "--task", questions.task, "--data", questions.folder,
                  "--split", questions.shots, "--prompt", PROMPT, "--experts", expert_sets(study)[0],
                  "--shots", shots, "--selection", SELECTION, "--rounds", study.steps.of("rounds"), "--out", out, *more)
    return out


def mix_flags(study, mix):
    return ["--expert", mix, "--experts", expert_sets(study)[0]]
