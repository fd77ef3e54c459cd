// The cache of factors: resumed, damaged, foreign, unwritable.
#include "experts/factors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/error.h"
#include "io/file_lock.h"
#include "support/checkpoint.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class FactorCache : public testing::Test {
 protected:
  FactorCache() : model_(load_model_fixture("llama3", folder_.path())) {}

  FactorStore store() const { return FactorStore(model_, "base", folder_.path()); }
  fs::path file(std::size_t slot) const { return folder_.path() / "base" / (model_->matrices()[slot].name + ".safetensors"); }
  std::int64_t count() const { return static_cast<std::int64_t>(model_->matrices().size()); }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
};

TEST_F(FactorCache, DecomposesEveryMatrixOnce) {
  std::vector<std::int64_t> seen;
  FactorStore first = store();
  EXPECT_FALSE(first.complete());
  const DecomposeSummary done = first.decompose({.progress = [&](std::int64_t at, std::int64_t total, std::int64_t already) {
    EXPECT_EQ(total, count());
    EXPECT_EQ(already, 0);
    seen.push_back(at);
  }});
  EXPECT_TRUE(done.complete);
  EXPECT_EQ(done.computed, count());
  EXPECT_GT(done.error, 0);
  EXPECT_LT(done.error, 1e-5);
  ASSERT_EQ(static_cast<std::int64_t>(seen.size()), count() + 1);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  const DecomposeSummary again = store().decompose();
  EXPECT_EQ(again.computed, 0);
  EXPECT_EQ(again.error, done.error) << "kept in the files";
  EXPECT_TRUE(store().complete());
}

TEST_F(FactorCache, GoesOnWhereItWasStopped) {
  std::int64_t asked = 0;
  const DecomposeSummary part = store().decompose({.stop = [&] { return ++asked > 3; }});
  EXPECT_FALSE(part.complete);
  EXPECT_EQ(part.computed, 3);
  const DecomposeSummary rest = store().decompose();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.already, 3);
  EXPECT_EQ(rest.computed, count() - 3);
}

TEST_F(FactorCache, OnlyWhatIsAskedFor) {
  const DecomposeSummary two = store().decompose({.only = {model_->matrices()[0].name, model_->matrices()[4].name}});
  EXPECT_TRUE(two.complete);
  EXPECT_EQ(two.matrices, 2);
  EXPECT_EQ(store().decompose().already, 2);
}

TEST_F(FactorCache, FlippedBytesAndForeignFilesAreComputedAgain) {
  FactorStore good = store();
  good.decompose();
  const at::Tensor expected = good.get(model_->matrices()[1].name)->u.clone();
  std::fstream damaged(file(1), std::ios::in | std::ios::out | std::ios::binary);
  damaged.seekp(-5, std::ios::end);
  damaged.put('\x55');
  damaged.close();
  EXPECT_EQ(store().decompose().computed, 1);
  EXPECT_TRUE(at::equal(store().get(model_->matrices()[1].name)->u, expected));

  std::size_t twin = 2;  // of the same shape as matrix 1
  while (model_->matrices()[twin].weight.sizes() != model_->matrices()[1].weight.sizes()) ++twin;
  fs::copy_file(file(twin), file(1), fs::copy_options::overwrite_existing);
  EXPECT_TRUE(at::equal(store().get(model_->matrices()[1].name)->u, expected));
}

TEST_F(FactorCache, ADamagedLogOfChecksCostsTimeOnly) {
  store().decompose();
  std::ofstream(folder_.path() / "base/checked.txt") << std::string("\xff\0torn", 6);
  FactorStore again = store();
  EXPECT_TRUE(again.complete());
}

TEST_F(FactorCache, CopiesInTheModelsDtypeAreRoundedOnes) {
  store().decompose();
  const auto rounded = LanguageModel::load(folder_.path(), {.dtype = at::kBFloat16});
  FactorStore copies(rounded, "base", folder_.path());
  EXPECT_EQ(copies.decompose().computed, count()) << "their copies";
  for (const AdaptableMatrix& matrix : model_->matrices()) {
    const auto exact = store().get(matrix.name), copy = FactorStore(rounded, "base", folder_.path()).get(matrix.name);
    EXPECT_TRUE(at::equal(copy->u, exact->u.to(at::kBFloat16)));
    EXPECT_TRUE(at::equal(copy->vt, exact->vt.to(at::kBFloat16)));
    EXPECT_TRUE(at::equal(copy->s, exact->s));
  }
}

TEST_F(FactorCache, WithoutACacheFactorsAreComputedInMemory) {
  std::ofstream(folder_.path() / "file") << "not a folder";
  FactorStore homeless(model_, "base", folder_.path() / "file");
  const std::string& name = model_->matrices().front().name;
  EXPECT_TRUE(at::equal(homeless.get(name)->s, store().get(name)->s));
  EXPECT_THROW(homeless.decompose(), Error);
}

TEST_F(FactorCache, OneProcessAtATime) {
  fs::create_directories(folder_.path() / "base");
  const FileLock other(folder_.path() / "base/lock");
  EXPECT_THROW(store().decompose(), Error);
}

}  // namespace
}  // namespace zlens
