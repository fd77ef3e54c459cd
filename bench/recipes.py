"""How the experts are made: data, prompts and the two phases of training (a supervised warm start, then reinforcement learning).

One recipe for SVF and LoRA: the same samples, steps and rollouts; only method and learning rate differ.
"""
from lab import DATA

PROMPTS = {"document": "receipt-brief", "chart": "chart-text", "math": "math-text"}
FROZEN = {"document": "receipt-examples", "chart": "chart-brief", "math": "math-text"}  # the best prompts of the base
DESCRIPTIONS = {
    "document": "receipts and invoices: who sold it, the date, the total",
    "chart": "charts and tables of numbers: values, highest and lowest, sums and differences",
    "math": "arithmetic exercises and word problems",
}
SAMPLES = {"document": 6000, "chart": 6000, "math": 6000}
WARM = {
    "document": ["--steps", 420, "--prompts", 12, "--per-group", 3, "--validate-every", 70],
    "chart": ["--steps", 300, "--prompts", 24, "--validate-every", 50],
    "math": ["--steps", 300, "--prompts", 32, "--validate-every", 50],
}
RL = {
    "document": ["--steps", 36, "--prompts", 12, "--per-group", 3, "--samples", 8, "--tries", 3, "--validate-every", 9],
    "chart": ["--steps", 30, "--prompts", 16, "--samples", 8, "--validate-every", 10],
    "math": ["--steps", 30, "--prompts", 16, "--samples", 8, "--validate-every", 10],
}
METHODS = {
    "svf": (["--method", "svf", "--form", "factored"], 3e-3, 1e-3),
    "lora": (["--method", "lora", "--rank", 16, "--alpha", 32], None, None),
}
LORA_RATES = [3e-4, 1e-3, 3e-3, 1e-2]  # of the warm start; reinforcement learning takes a third, as with SVF


def data(lab, task):
    """The folder that an expert of `task` learns from; its test split has pictures."""
    if task == "document":
        more = ["--from", DATA / "receipts"]
        lab.synth("till", SAMPLES[task], "train", *more)
        return lab.synth("till", 0, "val", *more)
    lab.synth(task, SAMPLES[task], "train")
    lab.synth(task, 240, "val")
    return lab.synth(task, 300, "test", "--images")


def common(lab, task, seed):
    return ["--task", "jsonl", "--data", data(lab, task), "--prompt", PROMPTS[task], "--seed", seed, "--kl", 0.01,
            "--name", task, "--description", DESCRIPTIONS[task]]


def warm(lab, task, method, rate, seed=0, name=None, steps=None, more=()):
    flags = list(WARM[task])
    if steps:
        flags[1] = steps
    return lab.train(name or f"{task}-{method}-{seed}-warm", *common(lab, task, seed), *METHODS[method][0], "--objective", "sft",
                     "--lr", rate, *flags, *more)


def expert(lab, task, method="svf", seed=0, rate=None, more=(), name=None, start=None):
    """Reinforcement learning from `start` on, by default from the recipe's warm start; the finished expert file."""
    rate = rate or METHODS[method][1]
    start = start or warm(lab, task, method, rate, seed)
    return lab.train(name or f"{task}-{method}-{seed}", *common(lab, task, seed), *METHODS[method][0], "--objective", "rl", "--lr", rate / 3,
                     "--init", start, *RL[task], *more)
