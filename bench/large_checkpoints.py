#!/usr/bin/env python3
"""Checkpoints of 7, 8 and 70 billion parameters on a small machine. Writes Markdown.

    python3 bench/large_checkpoints.py --tokenizer SMOLLM2_DIR [--work DIR] [--out docs/results/large-checkpoints.md]

- Llama-3-70B's and Mistral-7B's shapes, in shards without blocks on disk: every name and shape, loading by mapping, first and last layer.
- LLaVA-NeXT on Llama-3-8B (tests/fixtures/families/llava-next-llama3-8b) with 17 GB of random bf16: a picture, one token; anonymous memory.

Needs 18 GB of disk in DIR (deleted at the end), build/zlens and build/bench/large_checkpoint. SMOLLM2_DIR: a folder with its tokenizer.json.
"""
import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import time

from lab import markdown_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARD = 5 << 30
DECODERS = {
    "Llama-3-70B": {"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64,
                    "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 500000.0},
    "Mistral-7B": {"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
                   "num_key_value_heads": 8, "vocab_size": 32000, "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
                   "sliding_window": 4096},
}


def decoder_tensors(config):
    d, inter, head = config["hidden_size"], config["intermediate_size"], config["hidden_size"] // config["num_attention_heads"]
    kv = head * config["num_key_value_heads"]
    out = {"model.embed_tokens.weight": [config["vocab_size"], d], "model.norm.weight": [d], "lm_head.weight": [config["vocab_size"], d]}
    shapes = {"self_attn.q_proj": [d, d], "self_attn.k_proj": [kv, d], "self_attn.v_proj": [kv, d], "self_attn.o_proj": [d, d], "mlp.gate_proj": [inter, d],
              "mlp.up_proj": [inter, d], "mlp.down_proj": [d, inter], "input_layernorm": [d], "post_attention_layernorm": [d]}
    for i in range(config["num_hidden_layers"]):
        out |= {f"model.layers.{i}.{name}.weight": shape for name, shape in shapes.items()}
    return out


def size_of(shape):
    count = 2
    for side in shape:
        count *= side
    return count


def write_shards(folder, tensors, content=None):
    """bf16 shards with an index; `content`: bytes that are repeated, else no blocks are written."""
    shards, sizes = [{}], [0]
    for name, shape in tensors.items():
        if sizes[-1] + size_of(shape) > SHARD and shards[-1]:
            shards.append({})
            sizes.append(0)
        shards[-1][name] = shape
        sizes[-1] += size_of(shape)
    index = {}
    for number, shard in enumerate(shards):
        file = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        offset, header = 0, {}
        for name, shape in shard.items():
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size_of(shape)]}
            offset += size_of(shape)
            index[name] = file
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / file, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            if content is None:
                out.truncate(out.tell() + offset)
            while content is not None and offset > 0:
                offset -= out.write(content[:min(offset, len(content))])
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": sum(sizes)}, "weight_map": index}))
    return sum(sizes)


def random_bf16(count):
    """Numbers between 2^-9 and 2^-6 of either sign."""
    rng = random.Random(0)
    return b"".join(struct.pack("<H", rng.getrandbits(1) << 15 | rng.randint(118, 120) << 7 | rng.getrandbits(7)) for _ in range(count))


def watch(command):
    """Seconds, the highest anonymous memory of the process in MB, and its output."""
    start, most = time.time(), 0
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            most = max([most, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("RssAnon"))])
        except OSError:
            break
        time.sleep(0.05)
    out = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.time() - start, most, out


def decoder_rows(work):
    for name, config in DECODERS.items():
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config))
        total = write_shards(folder, decoder_tensors(config))
        results = [json.loads(subprocess.run([ROOT / "build/bench/large_checkpoint", folder, layer], check=True, stdout=subprocess.PIPE).stdout)
                   for layer in ("first", "last")]
        result = results[0]
        yield [name, f"{total / 1e9:.0f}", f"{result['tensors']} of {result['tensors']}", f"{result['loaded_s']:.2f}", f"{result['mapped_mb']:.0f}",
               f"{max(one['rss_mb'] for one in results):.0f}"]
        shutil.rmtree(folder)


def vlm_lines(work, tokenizer):
    published, folder = ROOT / "tests/fixtures/families/llava-next-llama3-8b", work / "llava-next-8b"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("config.json", "preprocessor_config.json"):
        shutil.copy(published / file, folder)
    tokens = json.loads((tokenizer / "tokenizer.json").read_text(encoding="utf-8"))
    tokens["added_tokens"].append({"id": len(tokens["model"]["vocab"]), "content": "<image>", "single_word": False, "lstrip": False, "rstrip": False,
                                   "normalized": False, "special": True})
    (folder / "tokenizer.json").write_text(json.dumps(tokens), encoding="utf-8")
    shutil.copy(tokenizer / "tokenizer_config.json", folder)
    tensors = json.loads((published / "tensors.json").read_text(encoding="utf-8"))
    total = write_shards(folder, tensors, random_bf16(1 << 20))
    seconds, anonymous, _ = watch([ROOT / "build/zlens", "ask", "--model", folder, "--image", ROOT / "assets/documents/images/01.jpg", "--max-new-tokens", 1, "What is this?"])
    shutil.rmtree(folder)
    return [f"LLaVA-NeXT on Llama-3-8B: {total / 1e9:.1f} GB of random bf16 in {len(tensors)} tensors, mapped; a picture (five views) and a question, one token: {seconds:.0f} s from the start of "
            f"the process; anonymous memory at most **{anonymous:.0f} MB** (aim: 4096)."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("~/.cache/zlens/large").expanduser())
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    lines = ["# Large checkpoints", "", f"Date {datetime.date.today()}; command `python3 bench/large_checkpoints.py --tokenizer SMOLLM2_DIR`; a machine with {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB.", "",
             *markdown_table(["shape, bf16", "GB", "tensors of the right name and shape", "opened and mapped, s", "resident then, MB",
                              "and after the first, or the last, layer ran, MB (aim: 3000)"], decoder_rows(options.work)),
             "", *vlm_lines(options.work, options.tokenizer)]
    shutil.rmtree(options.work, ignore_errors=True)
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
