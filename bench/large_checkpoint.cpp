// A checkpoint too large for this machine's memory: every name and shape is checked, all weights are mapped, the first and the last
// layer are run.
//   large_checkpoint FOLDER      prints JSON
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "io/error.h"
#include "io/json.h"
#include "modules/context.h"
#include "modules/state_dict.h"
#include "text/decoder.h"

namespace {

using namespace zlens;

double rss_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes / 1024;
    }
  return 0;
}

// The first layer and the last one of a decoder, as a decoder of two.
std::string ends_alone(const std::string& name, const std::string& last) {
  const std::string layers = "model.layers.";
  if (!name.starts_with(layers)) return name;
  const std::size_t dot = name.find('.', layers.size());
  const std::string number = name.substr(layers.size(), dot - layers.size());
  if (number == "0") return name;
  return number == last ? layers + "1" + name.substr(dot) : std::string();
}

Json check(const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  const c10::InferenceMode inference;
  DecoderConfig config = parse_decoder_config(read_json_file(folder / "config.json"), (folder / "config.json").string());
  const auto keep = [](const std::string& name) { return name; };
  StateDict weights = state_dict_from_checkpoint(folder, at::kBFloat16, keep);
  const std::size_t tensors = weights.names().size();
  AdaptableMatrices matrices;
  const Decoder whole(config, weights, matrices);
  weights.finish();
  const double mapped_mb = rss_mb(), loaded_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string last = std::to_string(config.num_hidden_layers - 1);
  config.num_hidden_layers = 2;
  config.layer_slides.resize(2);
  config.layer_rotates.resize(2);
  StateDict ends =
      state_dict_from_checkpoint(folder, at::kBFloat16, [&](const std::string& name) { return ends_alone(name, last); });
  AdaptableMatrices few;
  const Decoder two(config, ends, few);
  ends.finish();
  Context context(KvCache(two.kv_shape(), 1, 4));
  const at::Tensor hidden = two.forward(two.embed(at::arange(4, at::kLong).unsqueeze(0)), {}, context);
  return {{"tensors", tensors},     {"matrices", matrices.size()}, {"loaded_s", loaded_s},
          {"mapped_mb", mapped_mb}, {"rss_mb", rss_mb()},          {"finite", at::isfinite(hidden).all().item<bool>()}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw InputError("usage: large_checkpoint FOLDER");
    std::cout << check(argv[1]).dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "large_checkpoint: " << error.what() << "\n";
    return 1;
  }
}
