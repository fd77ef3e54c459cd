// Controls of a trained SVF expert: as far from the base, but without what it learnt.
//   control_experts EXPERT random|shuffled SEED OUT
// random: z - 1 of every matrix in a random direction, of the same norm. shuffled: the values of z - 1, in another order.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <string>

#include "experts/expert.h"
#include "io/error.h"

namespace {

using namespace zlens;

double norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

void randomize(std::vector<float>& z, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> shift(z.size()), other(z.size());
  std::transform(z.begin(), z.end(), shift.begin(), [](float value) { return value - 1.0; });
  std::generate(other.begin(), other.end(), [&] { return normal(random); });
  const double scale = norm(shift) / norm(other);
  std::transform(other.begin(), other.end(), z.begin(), [&](double value) { return static_cast<float>(1 + scale * value); });
}

int run(int argc, char** argv) {
  if (argc != 5) throw InputError("usage: control_experts EXPERT random|shuffled SEED OUT");
  Expert expert = read_expert(argv[1]);
  const std::string kind = argv[2];
  if (kind != "random" && kind != "shuffled") throw InputError("the control '" + kind + "' is unknown (random, shuffled)");
  if (expert.z.empty()) throw InputError(std::string(argv[1]) + ": has no z to make a control of");
  std::mt19937_64 random(std::stoull(argv[3]));
  for (auto& [name, z] : expert.z) kind == "random" ? randomize(z, random) : std::shuffle(z.begin(), z.end(), random);
  expert.name = kind;
  expert.description = "control of " + read_expert(argv[1]).name;
  write_expert(argv[4], expert);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "control_experts: " << error.what() << "\n";
    return 1;
  }
}
