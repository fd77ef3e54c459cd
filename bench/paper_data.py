"""The data of the paper's experiment: what the experts learn from, and questions of kinds that they have never seen."""
import dataclasses
import json
import pathlib
import sys
import zipfile

from lab import DATA, write_whole

TASKS = {"reading": "reading", "chart": "small-chart", "math": "small-math"}  # the experts' names and the kinds of their data
LOOK = "fax"  # of the pictures that experts learn from: pre-training never draws it
UNSEEN = {"reversed": ("reading", "reversed"), "equation": ("small-math", "equation"), "difference": ("small-chart", "difference")}
MIXED_KIND = "small-mixed"
OTHERS = "others"  # the category of what the base does best itself
EASY_VQA = "easy-vqa==1.0"
VALIDATION_SHARE = 20  # one picture in so many of easy-VQA's train split chooses the step
NLVR_SHOTS = 30


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much of everything, besides the steps of training."""
    train: int
    val: int
    test: int
    unseen: int
    triples: int
    limit: int  # of tests that the project did not make; 0: all


@dataclasses.dataclass(frozen=True)
class Samples:
    """Questions as `zlens eval` and `zlens train` take them: `shots` is a split apart from `test`."""
    task: str
    folder: pathlib.Path
    shots: str = "val"
    test: str = "test"
    limit: int = 0


def named(kind, look):
    return kind if look == "printed" else f"{kind}-{look}"


def task_data(lab, task, scale, look="printed"):
    kind = TASKS[task]
    for split, count in (("train", scale.train), ("val", scale.val), ("test", scale.test)):
        folder = lab.synth(kind, count, split, "--images", "--look", look, name=named(kind, look))
    return Samples("jsonl", folder)


def unseen_data(lab, name, scale):
    kind, field = UNSEEN[name]
    drawn = ["--images", "--look", LOOK, "--fields", field]
    lab.synth(kind, scale.val, "val", *drawn, name=f"{kind}-{field}-{LOOK}")
    return Samples("jsonl", lab.synth(kind, scale.unseen, "test", *drawn, name=f"{kind}-{field}-{LOOK}"))


def mixed_data(lab, scale, look=LOOK):
    """Triples with one and the same question: a text, a chart and an exercise."""
    drawn = {"name": named(MIXED_KIND, look)}
    for split, count in (("train", scale.train // 2), ("val", scale.val)):
        lab.synth(MIXED_KIND, 3 * (count // 3), split, "--images", "--look", look, **drawn)
    return Samples("jsonl", lab.synth(MIXED_KIND, 3 * scale.triples, "test", "--images", "--look", look, **drawn))


def routing_sources(lab, scale):
    """For each category the folders that its pictures come from, and which of their fields.

    With an expert's own questions alone a classifier would learn their wording instead of looking at the pictures, and with its own
    look alone it would not learn what the base does better.
    """
    mixed, scenes = mixed_data(lab, scale).folder, scene_data(lab, scale).folder
    out = {task: [(task_data(lab, task, scale, LOOK).folder, None), (mixed, task)] for task in TASKS}
    out[OTHERS] = [(task_data(lab, task, scale).folder, None) for task in TASKS] + [(mixed_data(lab, scale, "printed").folder, None), (scenes, None)]
    return out


def routing_data(lab, category, scale):
    """As many questions of every category, each of its sources giving the same share."""
    sources = routing_sources(lab, scale)[category]
    lab.gather(f"routing-{category}", "train", scale.train // 3, sources)
    return lab.gather(f"routing-{category}", "val", scale.val // 3, sources)


def easy_vqa_data(lab, scale):
    """The official data set of the package: its test split as it is, its train split with a part held out to choose steps and shots."""
    wheels, out = lab.path("wheels"), lab.path("data", "easy-vqa")
    wheel = wheels / "easy_vqa-1.0-py3-none-any.whl"
    lab.run("easy-vqa", wheel, sys.executable, "-m", "pip", "download", "--no-deps", "--dest", wheels, EASY_VQA)
    with zipfile.ZipFile(wheel) as archive:
        for split, source, wanted in (("train", "train", lambda image: image % VALIDATION_SHARE != 0),
                                      ("val", "train", lambda image: image % VALIDATION_SHARE == 0), ("test", "test", lambda image: True)):
            if (out / split / "questions.json").exists():
                continue
            asked = [row for row in json.loads(archive.read(f"easy_vqa/data/{source}/questions.json")) if wanted(row[2])]
            folder = out / split / "images"
            folder.mkdir(parents=True, exist_ok=True)
            for image in {row[2] for row in asked}:
                (folder / f"{image}.png").write_bytes(archive.read(f"easy_vqa/data/{source}/images/{image}.png"))
            write_whole(out / split / "questions.json", json.dumps(asked))
    return Samples("easyvqa", out, limit=scale.limit)


def nlvr_data(lab, scale):
    """The statements of NLVR's sample; a part of them, about other pictures, gives the shots."""
    source, out = DATA / "nlvr-sample", lab.path("data", "nlvr")
    document = json.loads((source / "dev.json").read_text(encoding="utf-8"))
    for name in ("shots", "test"):
        rows = document["data"][:NLVR_SHOTS] if name == "shots" else document["data"][NLVR_SHOTS:]
        for row in rows:
            to = out / row["image"]
            if not to.exists():
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes((source / row["image"]).read_bytes())
        write_whole(out / f"{name}.json", json.dumps(document | {"data": rows}))
    pictures = [{row["image"] for row in part} for part in (document["data"][:NLVR_SHOTS], document["data"][NLVR_SHOTS:])]
    if pictures[0] & pictures[1]:
        sys.exit("nlvr-sample: a picture of the shots is also one of the test")
    return Samples("nlvr", out, shots="shots", limit=scale.limit)


def scene_data(lab, scale):
    """What tiny-vlm learnt beside the three tasks: no expert is made for it."""
    for split, count in (("train", scale.train // 3), ("val", scale.val)):
        lab.synth("scene", count, split, "--images")
    return Samples("jsonl", lab.synth("scene", scale.unseen, "test", "--images"))


def unseen_sets(lab, scale):
    """Every set of questions that no expert was trained for, by its name."""
    return {"easy-VQA": easy_vqa_data(lab, scale), "NLVR": nlvr_data(lab, scale),
            **{name: unseen_data(lab, name, scale) for name in UNSEEN}, "scene": scene_data(lab, scale)}
