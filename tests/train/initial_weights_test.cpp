#include "train/initial_weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "io/error.h"
#include "train/in_parallel.h"

namespace zlens {
namespace {

TEST(InitialWeights, AreAFunctionOfNameShapeAndSeed) {
  const at::Tensor one = initial_weight("a.q_proj.weight", {8, 16}, 1);
  EXPECT_TRUE(at::equal(one, initial_weight("a.q_proj.weight", {8, 16}, 1)));
  EXPECT_FALSE(at::equal(one, initial_weight("a.q_proj.weight", {8, 16}, 2)));
  EXPECT_FALSE(at::equal(one, initial_weight("a.k_proj.weight", {8, 16}, 1)));
}

TEST(InitialWeights, StartAsTheirKindDoes) {
  EXPECT_TRUE(at::equal(initial_weight("x.norm.weight", {5}, 1), at::ones({5})));
  EXPECT_TRUE(at::equal(initial_weight("x.fc1.bias", {5}, 1), at::zeros({5})));
  const at::Tensor matrix = initial_weight("x.fc1.weight", {64, 400}, 1);
  EXPECT_LE(matrix.abs().max().item<double>(), 0.05);
  EXPECT_NEAR(matrix.std().item<double>(), 0.05 / std::sqrt(3.0), 1e-3);
  const at::Tensor patches = initial_weight("patch_embedding.weight", {64, 3, 8, 8}, 1);
  EXPECT_LE(patches.abs().max().item<double>(), 1 / std::sqrt(192.0));
  EXPECT_NEAR(initial_weight("embed_tokens.weight", {500, 100}, 1).std().item<double>(), 0.1, 5e-3);
}

TEST(InitialWeights, PlacesOfASquareAreNearTheirNeighbours) {
  const at::Tensor places = initial_weight("embeddings.position_embedding.weight", {256, 32}, 1).view({16, 16, 32});
  const auto apart = [&](std::int64_t row, std::int64_t column) {
    return (places[5][5] - places[row][column]).norm().item<double>();
  };
  EXPECT_LT(apart(5, 6), apart(5, 8));
  EXPECT_LT(apart(6, 5), apart(8, 5));
  EXPECT_NEAR(apart(5, 6), apart(6, 5), 1e-5);
  // What is no square of patches is drawn at random.
  const at::Tensor row = initial_weight("embeddings.position_embedding.weight", {7, 32}, 1);
  EXPECT_NEAR(row.std().item<double>(), 1 / std::sqrt(32.0), 0.03);
}

TEST(InParallel, DoesEverythingOnce) {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> done(37);
    in_parallel(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
  in_parallel(0, 2, [](std::size_t) { FAIL(); });
}

TEST(InParallel, ThrowsWhatABodyThrew) {
  EXPECT_THROW(in_parallel(10, 3,
                           [](std::size_t i) {
                             if (i == 4) throw InputError("four");
                           }),
               InputError);
}

}  // namespace
}  // namespace zlens
