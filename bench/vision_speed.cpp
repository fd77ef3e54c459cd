// Image and question to the first token: preprocessing, encoding, reading the prompt; and how long the matrix products of encoding
// and reading would take alone.
//   vision_speed MODEL IMAGE [--threads 2] [--repeats 3] [--dtype bf16]      prints JSON
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>

#include "io/error.h"
#include "io/json.h"
#include "modules/context.h"
#include "modules/dtype.h"
#include "text/model.h"
#include "text/prefill.h"
#include "vision/families.h"
#include "vision/image_modality.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;

double median_seconds(int repeats, const std::function<void()>& action) {
  action();  // warm-up
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    action();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + repeats / 2, seconds.end());
  return seconds[static_cast<std::size_t>(repeats / 2)];
}

struct Products {
  double seconds = 0, flops = 0;
};

// Every adaptable matrix, view by view, with as many rows as encoder or decoder give it, and the two products of attention.
Products products_alone(const LanguageModel& model, std::int64_t views, std::int64_t patches, std::int64_t heads,
                        std::int64_t tokens, int repeats) {
  Products out;
  const auto options = at::TensorOptions().dtype(model.dtype());
  std::int64_t tower_layers = 0, width = 0;
  for (const AdaptableMatrix& matrix : model.matrices()) {
    const bool language = matrix.name.starts_with(model.decoder_name() + ".");
    const std::int64_t in = matrix.weight.size(1);
    const bool connector = !language && matrix.name.find("encoder.layers") == matrix.name.npos;
    const std::int64_t rows = language || connector ? tokens : patches, times = language || connector ? 1 : views;
    tower_layers += matrix.name.ends_with("fc1");
    if (matrix.name.ends_with("out_proj")) width = in;
    const at::Tensor x = at::randn({rows, in}).to(options);
    out.seconds += static_cast<double>(times) * median_seconds(repeats, [&] { product(x, matrix.weight); });
    out.flops += 2.0 * static_cast<double>(rows * times) * static_cast<double>(matrix.weight.numel());
  }
  const at::Tensor q = at::randn({heads, patches, width / heads}).to(options),
                   weights = at::rand({heads, patches, patches}).to(options);
  const double one =
      median_seconds(repeats, [&] { at::bmm(q, q.transpose(1, 2)); }) + median_seconds(repeats, [&] { at::bmm(weights, q); });
  out.seconds += one * static_cast<double>(tower_layers * views);
  out.flops += 4.0 * static_cast<double>(tower_layers * views * patches * patches * width);
  return out;
}

Json measure(const std::string& folder, const std::filesystem::path& image, const std::string& dtype, int repeats) {
  const c10::InferenceMode inference;
  const FamilyRegistry families = vision_families();
  const auto model = LanguageModel::load(folder, {.dtype = parse_dtype(dtype), .families = &families});
  const Modality& images = *model->own_modality();
  std::shared_ptr<const Prepared> prepared;
  const double prepare_s = median_seconds(repeats, [&] { prepared = images.prepare(image); });
  const double encode_s = median_seconds(repeats, [&] {
    Context context{KvCache()};
    images.encode(*prepared, context);
  });
  const std::vector<PreparedInput> inputs = {{LanguageModel::kOwnModality, prepared}};
  const Json messages = {
      {{"role", "user"}, {"content", {{{"type", "image"}}, {{"type", "text"}, {"text", "What is in this picture?"}}}}}};
  Caches kept;
  const TokenPrompt prompt =
      model->under_mix(model->tokenize(model->expand(model->render(messages), inputs).text, inputs), nullptr, kept);
  const double read_s = median_seconds(repeats, [&] {
    Caches fresh;
    generate(model->decoder(), std::vector{prompt}, {.max_new_tokens = 1}, nullptr, fresh);
  });
  const auto& views = dynamic_cast<const PreparedImage&>(*prepared).views().pixel_values;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  // SmolVLM-256M's tower: patches of 16 pixels, heads of 64.
  const std::int64_t patches = views.size(2) / 16 * (views.size(3) / 16);
  const Products alone = products_alone(*model, views.size(0), patches, 12, static_cast<std::int64_t>(prompt.ids.size()), repeats);
  return {{"views", views.size(0)}, {"tokens", prompt.ids.size()}, {"prepare_s", prepare_s},      {"encode_s", encode_s},
          {"read_s", read_s},       {"products_s", alone.seconds}, {"tflop", alone.flops / 1e12}, {"peak_mb", peak_mb},
          {"dtype", dtype}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw InputError("usage: vision_speed MODEL IMAGE [--threads N] [--repeats N] [--dtype D]");
    int threads = 2, repeats = 3;
    std::string dtype = "bf16";
    for (int i = 3; i + 1 < argc; i += 2) {
      const std::string flag = argv[i], value = argv[i + 1];
      if (flag == "--threads") threads = std::stoi(value);
      if (flag == "--repeats") repeats = std::stoi(value);
      if (flag == "--dtype") dtype = value;
    }
    at::set_num_threads(threads);
    std::cout << measure(argv[1], argv[2], dtype, repeats).dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "vision_speed: " << error.what() << "\n";
    return 1;
  }
}
