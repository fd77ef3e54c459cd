"""What the experiments share: commands that are run once, experts, scores of runs.

Everything is kept below one work folder; a command whose result is there is not run again, and a training that was interrupted goes
on, so that an experiment is resumed by starting it again.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("ZLENS_BUILD", ROOT / "build"))
ZLENS = pathlib.Path(os.environ.get("ZLENS", BUILD / "zlens"))
BENCH = BUILD / "bench"
DATA = pathlib.Path(os.environ.get("ZLENS_DATA", ROOT / "../shared/data")).resolve()
THREADS = os.environ.get("ZLENS_THREADS", "0")  # of every command; several experiments side by side run best with one each
MODEL = ["--model", "smollm2", "--threads", THREADS]
FIELDS = ["company", "date", "total"]


class Lab:
    """Experiments with one model, which `model` names with the flags of every command."""

    def __init__(self, work, model=MODEL):
        self.model = list(model)
        self.work = pathlib.Path(work).expanduser().resolve()
        (self.work / "logs").mkdir(parents=True, exist_ok=True)

    def path(self, *parts):
        return self.work.joinpath(*parts)

    def run(self, name, done, *command):
        """Runs a command unless its result `done` exists; its output goes to logs/."""
        if done.exists():
            return
        words = [str(word) for word in command]
        print("+", *words, file=sys.stderr, flush=True)
        start = time.time()
        log = self.path("logs", name.replace("/", "-") + ".log")
        with open(log, "a", encoding="utf-8") as out:
            code = subprocess.run(words, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
        if code != 0 and done.is_file():
            done.unlink()  # an evaluation with failed samples has a summary, too
        if code != 0 or not done.exists():
            sys.exit(f"{name}: ended with code {code} (see {log})")
        print(f"  {name}: {time.time() - start:.0f} s", file=sys.stderr, flush=True)

    def synth(self, kind, count, split, *more, name=None):
        folder = self.path("data", name or kind)
        self.run(f"synth-{name or kind}-{split}", folder / f"{split}.jsonl",
                 ZLENS, "synth", "--kind", kind, "--count", count, "--split", split, "--out", folder, *more)
        return folder

    def gather(self, name, split, count, sources):
        """A split of `count` questions, the same share from each source: a folder and the field that counts, or None for all."""
        out = self.path("data", name)
        if (out / f"{split}.jsonl").exists():
            return out
        rows = []
        for number, (folder, field) in enumerate(sources):
            wanted = [row for row in rows_of(folder, split) if field in (None, row["field"])]
            for row in wanted[:count // len(sources)]:
                renamed = [f"{number}-{pathlib.Path(image).name}" for image in row["images"]]
                for image, new in zip(row["images"], renamed):
                    link(folder / image, out / "images" / new)
                    link(folder / "transcripts" / (pathlib.Path(image).stem + ".txt"), out / "transcripts" / (pathlib.Path(new).stem + ".txt"))
                rows.append(row | {"id": f"{number}-{row['id']}", "images": [f"images/{new}" for new in renamed]})
        write_whole(out / f"{split}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        return out

    def train(self, name, *flags, attach="transcript"):
        """An expert file; resumes what was interrupted. Without `attach` the model reads pictures itself."""
        out = self.path("experts", name + ".safetensors")
        out.parent.mkdir(parents=True, exist_ok=True)
        record = out.with_suffix(".json")  # outlives the expert: what was evaluated need not be trained again
        if record.exists():
            return out
        resume = ["--resume"] if pathlib.Path(str(out) + ".train").exists() else []
        self.run(f"train-{name}", out, ZLENS, "train", *self.model, *attached(attach), "--out", out, *flags, *resume)
        record.write_text(json.dumps(record_of(out)), encoding="utf-8")
        return out

    def evaluate(self, name, attach, task, data, split, prompt, *more):
        """A run folder. Without `attach` the model reads pictures itself."""
        run = self.path("runs", name)
        more = [*form_for(more), *more]
        resume = ["--resume"] if run.exists() else []
        self.run(f"eval-{name}", run / "summary.json", ZLENS, "eval", *self.model, *attached(attach), "--task", task, "--data", data,
                 "--split", split, "--prompt", prompt, "--out", run, "--no-report", *more, *resume)
        return run


def write_whole(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def link(source, to):
    """The same file, where there is one, under another name, without taking its room again."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.exists() and not to.exists():
        os.link(source, to)


def rows_of(folder, split):
    """The questions of a split in the format of the task jsonl."""
    with open(folder / f"{split}.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def attached(modality):
    return ["--attach", modality] if modality else []


def form_for(flags):
    """The fastest form of an evaluation's expert: one for all questions is merged into the weights."""
    if "--expert" not in flags or "--form" in flags:
        return []
    return ["--form", "factored" if "auto" in flags else "merged"]


def record_of(expert):
    """What an expert's file says about its training."""
    kept = pathlib.Path(expert).with_suffix(".json")
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    shown = subprocess.run([str(ZLENS), "experts", "show", str(expert), "--json"], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(json.loads(shown)["record"]["training"])


def samples(run):
    with open(run / "samples.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def score(run, fields=None):
    """Mean over the samples of these fields, each field weighing alike where fields are given."""
    rows = samples(run)
    if not fields:
        return mean(row["score"] for row in rows)
    return mean(mean(row["score"] for row in rows if row.get("field") == field) for field in fields)


def compare(*runs, fields=(), by=None):
    """What `zlens compare --json` says: every run against the first."""
    command = [ZLENS, "compare", *runs, "--json"]
    for field in fields:
        command += ["--field", field]
    if by:
        command += ["--by", by]
    return json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)


def difference(first, second, fields=(), by=None, group="all"):
    """second - first over a group of the samples, with its interval."""
    groups = compare(first, second, fields=fields, by=by)["groups"]
    found = next(one for one in groups if one["name"] == group)["differences"][0]
    return f"{found['mean']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def weights_of(mix):
    """What a mix file is made of, as text."""
    parts = json.loads(mix.read_text(encoding="utf-8"))["experts"]
    return ", ".join(part["expert"] + (" by layer" if "by_layer" in part else f" {part['weight']:.2f}") for part in parts) or "the base"


def markdown_table(head, rows):
    """The lines of a Markdown table; cells are texts or numbers as they shall stand there."""
    line = lambda cells: "".join(f"| {cell} " if cell != "" else "| " for cell in cells) + "|"
    return [line(head), "|---" * len(head) + "|", *map(line, rows)]


def validations(expert):
    """The validation lines of a training's log."""
    with open(str(expert) + ".train/log.jsonl", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["kind"] == "validation"]


def training_seconds(expert):
    with open(str(expert) + ".train/log.jsonl", encoding="utf-8") as lines:
        return sum(row.get("step_s", 0) + row.get("validation_s", 0) for row in map(json.loads, lines))
