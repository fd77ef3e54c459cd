// A checkpoint too large for this machine's memory: every name and shape is checked, all weights are mapped, one layer is
// run: the first, or the last.
//   large_checkpoint FOLDER first|last      prints JSON
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

// One layer of a decoder, as a decoder of one.
std::string alone(const std::string& name, const std::string& layer) {
  const std::string layers = "model.layers.";
  if (!name.starts_with(layers)) return name;
  const std::size_t dot = name.find('.', layers.size());
  return name.substr(layers.size(), dot - layers.size()) == layer ? layers + "0" + name.substr(dot) : std::string();
}

Json check(const std::filesystem::path& folder, bool last) {
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
  const std::string layer = last ? std::to_string(config.num_hidden_layers - 1) : "0";
  config.num_hidden_layers = 1;
  config.layer_slides.resize(1);
  config.layer_rotates.resize(1);
  StateDict few = state_dict_from_checkpoint(folder, at::kBFloat16, [&](const std::string& name) { return alone(name, layer); });
  AdaptableMatrices its;
  const Decoder one(config, few, its);
  few.finish();
  Context context(KvCache(one.kv_shape(), 1, 4));
  const at::Tensor hidden = one.forward(one.embed(at::arange(4, at::kLong).unsqueeze(0)), {}, context);
  return {{"tensors", tensors},     {"matrices", matrices.size()}, {"loaded_s", loaded_s},
          {"mapped_mb", mapped_mb}, {"rss_mb", rss_mb()},          {"finite", at::isfinite(hidden).all().item<bool>()}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string layer = argc == 3 ? argv[2] : "";
    if (layer != "first" && layer != "last") throw InputError("usage: large_checkpoint FOLDER first|last");
    std::cout << check(argv[1], layer == "last").dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "large_checkpoint: " << error.what() << "\n";
    return 1;
  }
}
