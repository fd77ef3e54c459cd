#include "experts/expert_merge.h"

#include <gtest/gtest.h>

#include <limits>

#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;

Expert expert(const std::string& name, std::vector<float> z = {}) {
  Expert out;
  out.name = name;
  out.base = std::string(64, 'a');
  out.sha256 = "sha of " + name;
  if (!z.empty()) out.z["m"] = std::move(z);
  return out;
}

TEST(Merge, ShiftsAreAddedWithTheirWeights) {
  Expert b = expert("b", {2, 0.5F});
  b.z["n"] = {3};
  const Expert merged = merge_experts({{expert("a", {1.5F, 1}), 0.5}, {b, -1}}, "ab", "both");
  EXPECT_EQ(merged.name, "ab");
  EXPECT_EQ(merged.description, "both");
  EXPECT_EQ(merged.z.at("m"), (std::vector<float>{0.25F, 1.5F}));
  EXPECT_EQ(merged.z.at("n"), (std::vector<float>{-1})) << "absent is z = 1";
  EXPECT_NE(merged.record.at("parts").find("sha of b"), std::string::npos);
}

TEST(Merge, OnePartOfWeightOneIsTheSameBits) {
  const Expert a = expert("a", {0.1F, 1.0000001F, 0.99999994F, 1e5F});
  EXPECT_EQ(merge_experts({{a, 1}}, "same", "").z, a.z);
}

// y = B A x of a [2, 3] matrix.
std::vector<double> product(const Matrix& a, const Matrix& b) {
  std::vector<double> out(static_cast<std::size_t>(b.rows * a.columns));
  for (std::int64_t i = 0; i < b.rows; ++i)
    for (std::int64_t j = 0; j < a.columns; ++j)
      for (std::int64_t k = 0; k < a.rows; ++k)
        out[static_cast<std::size_t>(i * a.columns + j)] +=
            static_cast<double>(b.values[static_cast<std::size_t>(i * b.columns + k)]) *
            static_cast<double>(a.values[static_cast<std::size_t>(k * a.columns + j)]);
  return out;
}

TEST(Merge, LowRankPartsAddUpExactly) {
  Expert a = expert("a"), b = expert("b");
  a.lora_a["m"] = {1, 3, {1, 2, 3}};
  a.lora_b["m"] = {2, 1, {1, -1}};
  b.lora_a["m"] = {2, 3, {0, 1, 0, 1, 0, 1}};
  b.lora_b["m"] = {2, 2, {1, 2, 3, 4}};
  const Expert merged = merge_experts({{a, 2}, {b, 0.5}}, "ab", "");
  EXPECT_EQ(merged.lora_a.at("m").rows, 3);
  const auto whole = product(merged.lora_a.at("m"), merged.lora_b.at("m"));
  const auto of_a = product(a.lora_a.at("m"), a.lora_b.at("m")), of_b = product(b.lora_a.at("m"), b.lora_b.at("m"));
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_DOUBLE_EQ(whole[i], 2 * of_a[i] + 0.5 * of_b[i]);
}

TEST(Merge, LoraXsPartsOfDifferentRanks) {
  Expert a = expert("a"), b = expert("b");
  a.xs["m"] = {1, 1, {5}};
  b.xs["m"] = {2, 2, {1, 2, 3, 4}};
  EXPECT_EQ(merge_experts({{a, 1}, {b, 2}}, "ab", "").xs.at("m").values, (std::vector<float>{7, 4, 6, 8}));
  EXPECT_EQ(merge_experts({{b, 2}, {a, 1}}, "ab", "").xs.at("m").values, (std::vector<float>{7, 4, 6, 8}));
}

TEST(Merge, RefusesWhatCannotBeOneExpert) {
  const Expert a = expert("a", {1, 2});
  const auto refused = [&](const char* fragment, const std::function<void(Expert&)>& change, double weight = 1) {
    Expert b = expert("b", {1, 2});
    change(b);
    expect_refused("", fragment, [&] { merge_experts({{a, 1}, {b, weight}}, "ab", ""); });
  };
  refused("made for base bbb", [](Expert& b) { b.base = std::string(64, 'b'); });
  refused("scope 'answer'", [](Expert& b) { b.record["scope"] = "answer"; });
  refused("another size for 'm'", [](Expert& b) { b.z["m"].pop_back(); });
  refused(
      "out of range", [](Expert&) {}, 1001);
  refused(
      "out of range", [](Expert&) {}, std::numeric_limits<double>::quiet_NaN());
  refused(
      "beyond 10^6",
      [](Expert& b) {
        b.z["m"] = {1e5F, 1};
      },
      1000);
  Expert lora = expert("lora"), xs = expert("xs");
  lora.lora_a["m"] = {1, 2, {1, 2}};
  lora.lora_b["m"] = {2, 1, {1, 2}};
  xs.xs["m"] = {1, 1, {1}};
  expect_refused("", "both", [&] { merge_experts({{lora, 1}, {xs, 1}}, "ab", ""); });
  expect_refused("", "nothing to merge", [] { merge_experts({}, "ab", ""); });
  expect_refused("", "not allowed", [&] { merge_experts({{a, 1}}, "../x", ""); });
}

}  // namespace
}  // namespace zlens
