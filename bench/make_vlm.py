#!/usr/bin/env python3
"""Writes a random checkpoint of SmolVLM-256M's shape (bf16, with its tokens and processor), for measurements.

    python3 bench/make_vlm.py DIR --tokenizer SMOLLM2_DIR

SMOLLM2_DIR: a folder with SmolLM2's tokenizer.json. Needs torch and transformers 5.23.0.
"""
import argparse
import pathlib

import torch
import transformers as tf

TOKENS = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", *(f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7))]
TEMPLATE = ("<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}{% if message['content'][0]['type'] == 'image' %}:{% else %}: {% endif %}"
            "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}{% else %}<image>{% endif %}{% endfor %}<end_of_utterance>\n"
            "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    options = parser.parse_args()
    tokenizer = tf.AutoTokenizer.from_pretrained(options.tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": TOKENS})
    text = dict(model_type="llama", hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, head_dim=64,
                max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=100000.0, vocab_size=49280, bos_token_id=1, eos_token_id=2, pad_token_id=2)
    vision = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=512, patch_size=16, model_type="smolvlm_vision")
    config = tf.SmolVLMConfig(text_config=text, vision_config=vision, scale_factor=4, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
                              tie_word_embeddings=False, pad_token_id=2)
    torch.manual_seed(0)
    model = tf.SmolVLMForConditionalGeneration(config).to(torch.bfloat16)
    image = tf.SmolVLMImageProcessor(size={"longest_edge": 2048}, max_image_size={"longest_edge": 512}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    processor = tf.SmolVLMProcessor(image, tokenizer, tf.SmolVLMVideoProcessor(), image_seq_len=64, chat_template=TEMPLATE)
    model.save_pretrained(options.out)
    processor.save_pretrained(options.out)


if __name__ == "__main__":
    main()
