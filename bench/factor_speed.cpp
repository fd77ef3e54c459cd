// Factoring a base: this project against at::linalg_svd (torch.linalg.svd) on the same matrices in the same process, and what
// loading cached factors takes.
//   factor_speed MODEL [--dtype bf16] [--threads 2]      prints JSON
//   factor_speed --shape ROWS COLUMNS [--threads 2]      one random matrix of that shape
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "app/session.h"
#include "experts/factors.h"
#include "experts/svd.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "factor_speed.XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
    path = pattern;
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  fs::path path;
};

// Seconds that at::linalg_svd needs for every matrix, one after the other, all threads inside; and its largest error.
Json peer(const LanguageModel& model) {
  std::vector<std::string> names;
  for (const AdaptableMatrix& matrix : model.matrices()) names.push_back(matrix.name);
  double seconds = 0, error = 0, orthogonality = 0;
  model.for_each_matrix_fp32(names, [&](const std::string&, const at::Tensor& weight) {
    const auto start = Clock::now();
    auto [u, s, vt] = at::linalg_svd(weight, /*full_matrices=*/false);
    seconds += seconds_since(start);
    Svd svd{u, s, vt};
    measure(svd, weight);
    error = std::max(error, svd.error);
    orthogonality = std::max(orthogonality, svd.orthogonality);
  });
  return {{"seconds", seconds}, {"error", error}, {"orthogonality", orthogonality}};
}

// The same for this project's decomposition with its checks, several matrices at once, results dropped.
double decomposition_alone(const LanguageModel& model) {
  std::vector<std::string> names;
  for (const AdaptableMatrix& matrix : model.matrices()) names.push_back(matrix.name);
  std::vector<at::Tensor> weights;
  model.for_each_matrix_fp32(names, [&](const std::string&, const at::Tensor& weight) { weights.push_back(weight); });
  std::atomic<std::size_t> next = 0;
  const auto start = Clock::now();
  at::parallel_for(0, at::get_num_threads(), 1, [&](std::int64_t, std::int64_t) {
    for (std::size_t i = next++; i < weights.size(); i = next++) exact_svd(weights[i]);
  });
  return seconds_since(start);
}

Json load_all(FactorStore& factors) {
  const auto start = Clock::now();
  std::size_t bytes = 0;
  for (const AdaptableMatrix& matrix : factors.model().matrices()) {
    const auto loaded = factors.get(matrix.name);
    bytes += loaded->u.nbytes() + loaded->vt.nbytes();
  }
  return {{"seconds", seconds_since(start)}, {"bytes", bytes}};
}

Json whole_model(const std::string& name, const std::string& dtype) {
  const std::shared_ptr<const LanguageModel> model = LanguageModel::load(find_model(name), {.dtype = parse_dtype(dtype)});
  const TemporaryFolder folder;
  exact_svd(at::randn({64, 64}));  // warm-up of the library
  const Json other = peer(*model);
  const double alone = decomposition_alone(*model);
  const auto start = Clock::now();
  const DecomposeSummary done = FactorStore(model, "bench", folder.path).decompose();
  const double seconds = seconds_since(start);
  FactorStore again(model, "bench", folder.path);
  const Json mapped = load_all(again);
  fs::remove(folder.path / "bench/checked.txt");
  FactorStore unchecked(model, "bench", folder.path);
  const Json first = load_all(unchecked);
  return {{"model", model->path().filename().string()},
          {"dtype", dtype},
          {"threads", at::get_num_threads()},
          {"matrices", done.matrices},
          {"zlens",
           {{"seconds", alone}, {"seconds_with_files", seconds}, {"error", done.error}, {"orthogonality", done.orthogonality}}},
          {"linalg_svd", other},
          {"load_mapped", mapped},
          {"load_with_checksums", first}};
}

Json one_shape(std::int64_t rows, std::int64_t columns) {
  at::manual_seed(0);
  const at::Tensor weight = at::randn({rows, columns});
  const auto start = Clock::now();
  const Svd done = exact_svd(weight);
  return {{"rows", rows},
          {"columns", columns},
          {"threads", at::get_num_threads()},
          {"seconds", seconds_since(start)},
          {"error", done.error},
          {"orthogonality", done.orthogonality}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string name, dtype = "bf16";
  int threads = 2;
  std::int64_t rows = 0, columns = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--dtype" && i + 1 < argc)
      dtype = argv[++i];
    else if (word == "--threads" && i + 1 < argc)
      threads = std::atoi(argv[++i]);
    else if (word == "--shape" && i + 2 < argc)
      rows = std::atoll(argv[++i]), columns = std::atoll(argv[++i]);
    else
      name = word;
  }
  try {
    at::set_num_threads(threads);
    std::cout << (rows > 0 ? one_shape(rows, columns) : whole_model(name, dtype)).dump(2) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "factor_speed: " << error.what() << "\n";
    return 1;
  }
}
