// Speed of a decoder on this machine: prefill, decode at batch 1 and 8, and what its matrix products alone would allow.
//   decoder_speed MODEL [--dtype bf16] [--threads 2] [--repeats 5]      prints JSON
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iostream>

#include "app/session.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kPromptTokens = 32, kNewTokens = 64, kPrefillTokens = 512;

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<TokenPrompt> prompts(std::int64_t batch, std::int64_t tokens, std::int64_t vocabulary) {
  std::vector<TokenPrompt> out(static_cast<std::size_t>(batch));
  for (std::size_t row = 0; row < out.size(); ++row)
    for (std::int64_t t = 0; t < tokens; ++t)
      out[row].ids.push_back(static_cast<std::int32_t>((100 + 37 * t + 11 * static_cast<std::int64_t>(row)) %
                                                       std::min<std::int64_t>(vocabulary, 40000)));
  return out;
}

// Tokens a second between the first and the last token of every row.
double decode_rate(const Decoder& decoder, std::int64_t batch) {
  Caches caches;
  std::vector<Clock::time_point> times;
  generate(decoder, prompts(batch, kPromptTokens, decoder.config().vocab_size), {.max_new_tokens = kNewTokens}, nullptr, caches,
           [&](std::size_t row, const Choice&) {
             if (row == 0) times.push_back(Clock::now());
             return Next::Continue;
           });
  return static_cast<double>(batch * (kNewTokens - 1)) / seconds(times.front(), times.back());
}

double prefill_rate(const Decoder& decoder) {
  Caches caches;
  const auto start = Clock::now();
  generate(decoder, prompts(1, kPrefillTokens, decoder.config().vocab_size), {.max_new_tokens = 1}, nullptr, caches);
  return static_cast<double>(kPrefillTokens) / seconds(start, Clock::now());
}

// Tokens a second if a forward pass were its matrix products and nothing else. The head is applied to `head_rows` rows.
double products_rate(const LanguageModel& model, std::int64_t rows, std::int64_t head_rows) {
  const c10::InferenceMode inference;
  const auto options = at::TensorOptions().dtype(model.dtype());
  const at::Tensor hidden = at::randn({rows, model.decoder().config().hidden_size}, options);
  std::map<std::int64_t, at::Tensor> inputs;
  for (const AdaptableMatrix& matrix : model.matrices())
    inputs[matrix.weight.size(1)] = at::randn({rows, matrix.weight.size(1)}, options);
  const auto start = Clock::now();
  for (const AdaptableMatrix& matrix : model.matrices()) at::linear(inputs[matrix.weight.size(1)], matrix.weight);
  model.decoder().logits(hidden.slice(0, 0, head_rows));
  return static_cast<double>(rows) / seconds(start, Clock::now());
}

template <typename Body>
double repeated(int repeats, const Body& body) {
  body();  // warm-up
  std::vector<double> values;
  for (int i = 0; i < repeats; ++i) values.push_back(body());
  return median(values);
}

}  // namespace

int main(int argc, char** argv) {
  std::string name, dtype = "bf16";
  int threads = 2, repeats = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--dtype" && i + 1 < argc)
      dtype = argv[++i];
    else if (word == "--threads" && i + 1 < argc)
      threads = std::atoi(argv[++i]);
    else if (word == "--repeats" && i + 1 < argc)
      repeats = std::atoi(argv[++i]);
    else
      name = word;
  }
  try {
    at::set_num_threads(threads);
    const auto start = Clock::now();
    const auto model = LanguageModel::load(find_model(name), {.dtype = parse_dtype(dtype)});
    const double load = seconds(start, Clock::now());
    const Decoder& decoder = model->decoder();
    const Json out = {{"model", model->path().filename().string()},
                      {"dtype", dtype},
                      {"threads", threads},
                      {"repeats", repeats},
                      {"load_s", load},
                      {"decode_1_tokens_s", repeated(repeats, [&] { return decode_rate(decoder, 1); })},
                      {"decode_8_tokens_s", repeated(repeats, [&] { return decode_rate(decoder, 8); })},
                      {"prefill_512_tokens_s", repeated(repeats, [&] { return prefill_rate(decoder); })},
                      {"products_1_tokens_s", repeated(repeats, [&] { return products_rate(*model, 1, 1); })},
                      {"products_8_tokens_s", repeated(repeats, [&] { return products_rate(*model, 8, 8); })},
                      {"products_512_tokens_s", repeated(repeats, [&] { return products_rate(*model, kPrefillTokens, 1); })}};
    std::cout << out.dump(2) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "decoder_speed: " << error.what() << "\n";
    return 1;
  }
}
