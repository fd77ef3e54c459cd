#include "modules/state_dict.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/error.h"
#include "io/safetensors.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

StateDict::Loader ones(std::vector<std::int64_t> shape) {
  return [shape](at::ScalarType dtype) { return at::ones(shape, dtype); };
}

TEST(StateDict, ReportsEverythingAtOnceByName) {
  StateDict weights("model", at::kFloat);
  weights.add("a", {2}, ones({2}));
  weights.add("b", {3}, ones({3}));
  weights.add("extra", {1}, ones({1}));
  EXPECT_EQ(weights.take("a", {2}).sizes(), at::IntArrayRef({2}));
  EXPECT_EQ(weights.take("b", {4}).numel(), 0);
  EXPECT_EQ(weights.take("c", {1}).numel(), 0);
  try {
    weights.finish();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "model: the weights do not fit the config; 1 missing: c; 1 of another shape: b is [3], expected [4]; 1 unexpected: extra");
  }
}

TEST(StateDict, NothingToReport) {
  StateDict weights("model", at::kFloat);
  weights.add("a", {2}, ones({2}));
  EXPECT_THROW(weights.add("a", {2}, ones({2})), InputError);
  weights.take("a", {2});
  EXPECT_NO_THROW(weights.finish());
}

TEST(StateDict, TensorsOfTheWantedDtypeAreMappedNotCopied) {
  const TemporaryFolder folder;
  const at::Tensor values = at::arange(8, at::kBFloat16);
  const std::span bytes(static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes());
  write_safetensors(folder / "model.safetensors", {{"w", Dtype::BF16, {8}, bytes}}, {});
  StateDict mapped = state_dict_from_checkpoint(folder.path(), at::kBFloat16, [](const std::string& name) { return name; });
  const at::Tensor first = mapped.take("w", {8}), second = mapped.take("w", {8});
  EXPECT_TRUE(at::equal(first, values));
  EXPECT_EQ(first.const_data_ptr(), second.const_data_ptr());  // no copy of its own: both see the file
  StateDict converted = state_dict_from_checkpoint(folder.path(), at::kFloat, [](const std::string& name) { return name; });
  EXPECT_TRUE(at::equal(converted.take("w", {8}), values.to(at::kFloat)));
  StateDict ignored = state_dict_from_checkpoint(folder.path(), at::kFloat, [](const std::string&) { return std::string(); });
  EXPECT_TRUE(ignored.names().empty());
}

}  // namespace
}  // namespace zlens
