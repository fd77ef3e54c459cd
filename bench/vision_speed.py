#!/usr/bin/env python3
"""Image and question to the first token, zlens against transformers on the same random checkpoint in the same run. Needs idle cores.

    python3 bench/vision_speed.py DIR [--python PEER_PYTHON] [--repeats 3] [--out docs/results/vision-speed.md]

DIR: made by bench/make_vlm.py. PEER_PYTHON: an interpreter with transformers 5.23.0, torch 2.15.0 and torchvision 0.29.2.
Build first: scripts/build vision_speed.
"""
import argparse
import datetime
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from lab import markdown_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = {"one tile": (512, 512), "480 x 640": (640, 480)}  # width, height


def draw(folder):
    """A gradient with stripes, of every size; 'one tile' is asked without splitting."""
    import numpy
    from PIL import Image
    for name, (width, height) in PICTURES.items():
        y, x = numpy.mgrid[0:height, 0:width]
        pixels = numpy.stack([x * 255 // width, y * 255 // height, (x // 16 + y // 16) % 2 * 255], -1).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{name}.png")


def without_splitting(model, folder):
    """The same checkpoint whose processor does not cut pictures."""
    out = folder / "whole"
    out.mkdir()
    for file in pathlib.Path(model).iterdir():
        if file.name != "processor_config.json":
            (out / file.name).symlink_to(file.resolve())
    config = json.loads((pathlib.Path(model) / "processor_config.json").read_text())
    config["image_processor"]["do_image_splitting"] = False
    (out / "processor_config.json").write_text(json.dumps(config))
    return out


def peer(model, picture, dtype, repeats):
    import torch
    import transformers as tf
    from PIL import Image
    torch.set_num_threads(2)
    network = tf.AutoModelForImageTextToText.from_pretrained(model, dtype=getattr(torch, dtype)).eval()
    processor = tf.AutoProcessor.from_pretrained(model)
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is in this picture?"}]}]
    times = {"prepare_s": [], "forward_s": []}
    with torch.inference_mode():
        for _ in range(repeats + 1):
            start = time.perf_counter()
            text = processor.apply_chat_template(messages, add_generation_prompt=True)
            inputs = processor(text=text, images=[Image.open(picture)], return_tensors="pt")
            inputs["pixel_values"] = inputs["pixel_values"].to(network.dtype)
            middle = time.perf_counter()
            network(**inputs, logits_to_keep=1)
            times["prepare_s"].append(middle - start)
            times["forward_s"].append(time.perf_counter() - middle)
    out = {key: statistics.median(value[1:]) for key, value in times.items()}
    print(json.dumps(out | {"tokens": inputs["input_ids"].shape[1], "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def run_json(command):
    print("+", *command, file=sys.stderr, flush=True)
    return json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)  # picture, dtype
    options = parser.parse_args()
    if options.peer:
        return peer(options.model, *options.peer, options.repeats)
    lines = ["# Speed of vision", "", f"Date {datetime.date.today()}; command `python3 bench/vision_speed.py DIR` (random checkpoint of SmolVLM-256M's shape, "
             "bench/make_vlm.py); two cores, medians. Picture and question to the first token, without decoding files of weights.", ""]
    rows = []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        subprocess.run([options.python, "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'bench')!r}); import pathlib, vision_speed; vision_speed.draw(pathlib.Path({str(work)!r}))"], check=True)
        whole = without_splitting(options.model, work)
        for name in PICTURES:
            model, picture = (whole if name == "one tile" else options.model), work / f"{name}.png"
            ours = run_json([ROOT / "build/bench/vision_speed", model, picture, "--repeats", options.repeats])
            peers = {dtype: run_json([options.python, __file__, model, "--repeats", options.repeats, "--peer", picture, dtype]) for dtype in ("bfloat16", "float32")}
            total = ours["prepare_s"] + ours["encode_s"] + ours["read_s"]
            others = {dtype: one["prepare_s"] + one["forward_s"] for dtype, one in peers.items()}
            best = min(others, key=others.get)
            rows.append([name, ours["tokens"], ours["views"], f"{total:.2f} ({ours['prepare_s']:.2f} + {ours['encode_s']:.2f} + {ours['read_s']:.2f})",
                         f"{others['bfloat16']:.2f}", f"{others['float32']:.2f}", f"**{others[best] / total:.2f}x**",
                         f"{ours['products_s']:.2f} ({ours['tflop']:.2f} TFLOP)",
                         f"**{ours['products_s'] / (ours['encode_s'] + ours['read_s']):.2f}**", f"{ours['peak_mb']:.0f}, {peers[best]['peak_mb']:.0f}"])
    lines += markdown_table(["", "tokens", "views", "zlens bf16, s", "transformers bf16, s", "transformers fp32, s", "against its faster",
                             "matrix products alone, s", "share of them", "peak RSS, MB: zlens, transformers"], rows)
    lines += ["", "zlens: preprocessing + encoding + reading the prompt. Share: products alone / (encoding + reading)."]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
