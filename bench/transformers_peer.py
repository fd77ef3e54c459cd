#!/usr/bin/env python3
"""Measures transformers on the CPU, the peer that zlens is compared with.

Run:
    python bench/transformers_peer.py DIR --threads 2 [--repeats 5] > peer.json

DIR is a Hugging Face folder of a decoder (tests/fixtures/make_smollm2.py --save DIR writes
one). Diagnostics go to stderr, one JSON object to stdout. Protocol, per dtype:

    load to ready   in a fresh process: from the first import to the first token of a
                    32-token prompt; without_import_s leaves the imports out
    decode, batch B 32-token prompts, 64 new tokens, greedy, eos disabled. Two ways, the
                    faster one is the figure: a plain loop over past_key_values (timed after
                    its prefill), and generate() (its time less that of generating 1 token)
    prefill         512 tokens, one forward that computes the last position's logits only
    peak RSS        of that process, after all of the above

Attention sdpa, use_cache, torch.inference_mode; one warm-up, then the median of the repeats.
Every dtype runs in its own process, so that load time and memory are its own. Tokens/s count
all rows of a batch. Measure on idle cores.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

DTYPES = ("bfloat16", "float32")
PROMPT, NEW, PREFILL, BATCH = 32, 64, 512, 8


def timed(action, repeats: int) -> float:
    """Median seconds of `repeats` calls after one warm-up."""
    action()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def random_ids(torch, vocabulary: int, batch: int, length: int):
    generator = torch.Generator().manual_seed(length)
    return torch.randint(100, vocabulary, (batch, length), generator=generator)


def loop_rate(torch, model, ids, repeats: int) -> float:
    """Decode tokens/s of a plain greedy loop: NEW - 1 steps after the prefill's token."""

    def once() -> float:
        out = model(ids, use_cache=True, logits_to_keep=1)
        token = out.logits[:, -1].argmax(-1, keepdim=True)
        start = time.perf_counter()
        for _ in range(NEW - 1):
            out = model(token, past_key_values=out.past_key_values, use_cache=True)
            token = out.logits[:, -1].argmax(-1, keepdim=True)
        return time.perf_counter() - start

    once()
    seconds = statistics.median(once() for _ in range(repeats))
    return ids.shape[0] * (NEW - 1) / seconds


def generate_rate(torch, model, ids, repeats: int) -> float:
    """Decode tokens/s of generate(): what the 2nd to the last token cost together."""
    mask = torch.ones_like(ids)

    def run(tokens: int):
        model.generate(
            ids, attention_mask=mask, do_sample=False, eos_token_id=None,
            min_new_tokens=tokens, max_new_tokens=tokens,
        )

    whole = timed(lambda: run(NEW), repeats)
    first = timed(lambda: run(1), repeats)
    return ids.shape[0] * (NEW - 1) / (whole - first)


def decode(torch, model, batch: int, repeats: int) -> dict:
    ids = random_ids(torch, model.config.vocab_size, batch, PROMPT)
    loop = loop_rate(torch, model, ids, repeats)
    generate = generate_rate(torch, model, ids, repeats)
    return {
        "tokens_per_s": round(max(loop, generate), 2),
        "loop_tokens_per_s": round(loop, 2),
        "generate_tokens_per_s": round(generate, 2),
    }


def prefill(torch, model, repeats: int) -> float:
    ids = random_ids(torch, model.config.vocab_size, 1, PREFILL)
    seconds = timed(lambda: model(ids, use_cache=True, logits_to_keep=1), repeats)
    return round(PREFILL / seconds, 1)


def child(args: argparse.Namespace) -> dict:
    """All measurements of one dtype, in this process."""
    start = time.perf_counter()
    import torch
    import transformers

    # Lazily imported by transformers; loading them belongs to the imports, not to the model.
    from transformers import AutoModelForCausalLM, AutoTokenizer

    imported = time.perf_counter()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    with torch.inference_mode():
        AutoTokenizer.from_pretrained(args.model)
        model = AutoModelForCausalLM.from_pretrained(
            args.model, dtype=getattr(torch, args.dtype), attn_implementation="sdpa"
        ).eval()
        model(random_ids(torch, model.config.vocab_size, 1, PROMPT), logits_to_keep=1)
        ready = time.perf_counter()
        result = {
            "load_to_ready_s": round(ready - start, 3),
            "load_without_import_s": round(ready - imported, 3),
        }
        steps = {
            f"prefill_{PREFILL}_tokens_per_s": lambda: prefill(torch, model, args.repeats),
            "decode_batch_1": lambda: decode(torch, model, 1, args.repeats),
            f"decode_batch_{BATCH}": lambda: decode(torch, model, BATCH, args.repeats),
        }
        print(f"{args.dtype}: {result}", file=sys.stderr, flush=True)
        for name, step in steps.items():
            result[name] = step()
            print(f"{args.dtype}: {name} {result[name]}", file=sys.stderr, flush=True)
    # Linux counts ru_maxrss in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result["peak_rss_mib"] = round(peak / 1024, 1)
    result["versions"] = {"torch": torch.__version__, "transformers": transformers.__version__}
    return result


def run_child(args: argparse.Namespace, dtype: str) -> dict:
    command = [sys.executable, __file__, args.model, "--child", "--dtype", dtype,
               "--threads", str(args.threads), "--repeats", str(args.repeats)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": str(args.threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"measuring {dtype} failed with exit code {done.returncode}")
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="Hugging Face folder with weights and tokenizer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5, help="timed repetitions, after a warm-up")
    parser.add_argument("--dtype", choices=DTYPES, help="only this one (default: both)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args)))
        return
    report = {
        "model": os.path.basename(os.path.normpath(args.model)),
        "threads": args.threads,
        "repeats": args.repeats,
        "prompt_tokens": PROMPT,
        "new_tokens": NEW,
        "load_average_before": os.getloadavg()[0],
    }
    for dtype in (args.dtype,) if args.dtype else DTYPES:
        result = run_child(args, dtype)
        report["versions"] = result.pop("versions")
        report[dtype] = result
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
