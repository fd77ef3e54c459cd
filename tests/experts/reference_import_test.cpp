#include "experts/reference_import.h"

#include <gtest/gtest.h>

#include "experts/random_expert.h"
#include "io/support.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const TorchFile> fixture(const std::string& name) {
  return TorchFile::open(fs::path(ZLENS_FIXTURES) / "torch" / name);
}

class ReferenceImport : public testing::Test {
 protected:
  // z against "<kind>/<matrix>" of the golden file.
  void expect_golden(const Expert& expert, const std::string& kind, double tolerance) {
    const auto golden = read_tensors((fs::path(ZLENS_FIXTURES) / "torch" / "reference.safetensors").string());
    EXPECT_EQ(expert.z.size(), golden.size() / 2);
    for (const auto& [matrix, z] : expert.z) {
      const at::Tensor expected = golden.at(kind + "/" + matrix);
      EXPECT_LT(max_difference(at::tensor(at::ArrayRef<float>(z)), expected), tolerance) << matrix;
    }
  }

  TinyBase base_;
};

TEST_F(ReferenceImport, ByNameAndByPositionAsTheReferenceComputes) {
  for (const char* name : {"named.pt", "positional.pt"}) {
    const Expert expert = import_reference(*fixture(name), base_.factors, {});
    EXPECT_EQ(expert.base, base_.factors.base_hash());
    expect_golden(expert, "z", 1e-5);
  }
}

TEST_F(ReferenceImport, WithoutRescalingTheMaskItself) {
  expect_golden(import_reference(*fixture("named.pt"), base_.factors, {.rescale = false}), "mask", 1e-7);
}

TEST_F(ReferenceImport, AConstantMaskIsTheBase) {
  // Any max_mult disappears in the rescaling.
  const Expert one = import_reference(*fixture("named.pt"), base_.factors, {}),
               two = import_reference(*fixture("named.pt"), base_.factors, {.max_mult = 2});
  for (const auto& [matrix, z] : one.z)
    for (std::size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], two.z.at(matrix)[i], 1e-5);
}

TEST_F(ReferenceImport, RefusesWhatDoesNotFit) {
  test::expect_refused("mixed.pt", "names no matrix", [&] { import_reference(*fixture("mixed.pt"), base_.factors, {}); });
  test::expect_refused("", "max_mult", [&] { import_reference(*fixture("named.pt"), base_.factors, {.max_mult = 0}); });
}

}  // namespace
}  // namespace zlens
