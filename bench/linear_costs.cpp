// Measures the rates by which Linear's form is chosen and prints the table: linear_costs > assets/linear-costs.json
//   linear_costs [--threads 2] [--processor TEXT]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include "io/json.h"
#include "modules/dtype.h"
#include "modules/linear.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kM = 1536, kN = 576, kFew = 16, kMany = 512;

// Median seconds of `body` after a warm-up, at least five times and a fifth of a second.
template <typename Body>
double seconds(const Body& body) {
  body();
  std::vector<double> all;
  for (double sum = 0; sum < 0.2 || all.size() < 5; sum += all.back()) {
    const auto start = Clock::now();
    body();
    all.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

Json rates(at::ScalarType dtype) {
  const auto random = [&](std::int64_t m, std::int64_t n) { return at::randn({m, n}).to(dtype); };
  const double product = seconds([x = random(1, 64), w = random(256, 64)] { zlens::product(x, w); });
  // More weights than the processor's caches hold.
  std::vector<at::Tensor> cold;
  for (int i = 0; i < 96; ++i) cold.push_back(random(kM, kN));
  const double weights = static_cast<double>(kM * kN) * static_cast<double>(cold.size());
  const double reading = seconds([&, x = random(1, kN)] {
    for (const at::Tensor& w : cold) zlens::product(x, w);
  });
  const double macs = static_cast<double>(kM * kN);
  const double few = seconds([x = random(kFew, kN), w = random(kM, kN)] { zlens::product(x, w); });
  const double many = seconds([x = random(kMany, kN), w = random(kM, kN)] { zlens::product(x, w); });
  const double build = seconds([u = random(kM, kN), s = at::rand({kN}), vt = random(kN, kN), w = random(kM, kN)] {
    (w.to(at::kFloat) + at::matmul(u.to(at::kFloat) * s, vt.to(at::kFloat))).to(w.scalar_type());
  });
  const auto left = [&](double measured, double products) { return std::max(measured - products * product, 0.0); };
  return {{"product_s", product},
          {"weight_s", left(reading, static_cast<double>(cold.size())) / weights},
          {"few_mac_s", left(few, 1) / (macs * kFew)},
          {"many_mac_s", left(many, 1) / (macs * kMany)},
          {"build_mac_s", build / (macs * kN)}};
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 2;
  std::string processor = "unnamed";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string word = argv[i];
    if (word == "--threads") threads = std::atoi(argv[i + 1]);
    if (word == "--processor") processor = argv[i + 1];
  }
  at::set_num_threads(threads);
  const c10::InferenceMode inference;
  Json out = {{"format", 1}, {"processor", processor}, {"threads", threads}, {"shape", {kM, kN}}};
  for (const char* dtype : {"bf16", "fp16", "fp32"}) out[dtype] = rates(parse_dtype(dtype));
  std::cout << out.dump(2) << "\n";
}
