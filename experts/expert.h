// Experts: named sets of z-vectors, bound to the base that they were made for. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace zlens {

// Row by row.
struct Matrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<float> values;
};

// One expert file: safetensors with float32 tensors `z/<module path>` [R], `lora_a/…` [r, N] with `lora_b/…` [M, r], `xs/…` [k, k]
// and `prototype/hidden` [2, D].
// Plain data.
struct Expert {
  std::string name;                             // [A-Za-z0-9._-]{1,64}, no leading dot
  std::string description;                      // what dispatch reads; up to 4096 bytes
  std::string base;                             // hash of the base, as base_hash() computes it
  std::map<std::string, std::string> record;    // task, method, matrices, scope, training record: further metadata
  std::map<std::string, std::vector<float>> z;  // by canonical matrix name; a matrix that is absent keeps z = 1
  // By canonical matrix name [M, N]; names are those of lora_a: y += B (A x), any scaling folded into B.
  std::map<std::string, Matrix> lora_a, lora_b;
  std::map<std::string, Matrix> xs;  // y += U_k X V_kᵀ x over the k leading singular directions (LoRA-XS)
  // Mean and deviation of the hidden state of the last token of the prompts that it was trained on, as the base reads them; [2, D],
  // or without rows where it was not measured. Dispatch by prototype reads it; it changes no answer.
  Matrix prototype;
  std::string sha256;  // of the contents; set by write_expert and read_expert
};

// Throws InputError "<subject>: …" unless the expert can stand in a file: names, base and texts in form; every part of a fitting
// shape with finite values of at most 10^6; lora_a and lora_b in pairs; one kind of low-rank part a matrix; xs square; not empty.
void check_expert(const Expert& expert, const std::string& subject);

// Checks, then writes atomically; equal experts make equal files.
void write_expert(const std::filesystem::path& path, const Expert& expert);

// Checks everything before use: format, checksum over tensors and metadata, then as check_expert does.
// Throws InputError naming file and reason.
Expert read_expert(const std::filesystem::path& path);

}  // namespace zlens
