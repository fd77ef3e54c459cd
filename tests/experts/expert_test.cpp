#include "experts/expert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "io/error.h"
#include "io/safetensors.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

Expert small() {
  return {.name = "ocr-1",
          .description = "receipts",
          .base = std::string(64, 'a'),
          .record = {{"task", "docvqa"}, {"method", "svf"}},
          .z = {{"model.layers.0.self_attn.q_proj", {1.0F, 0.5F, 2.0F}}, {"model.layers.0.mlp.up_proj", {1.25F}}},
          .sha256 = {}};
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(ExpertFile, SaveLoadSaveIsStable) {
  const TemporaryFolder folder;
  write_expert(folder / "a", small());
  const Expert read = read_expert(folder / "a");
  EXPECT_EQ(read.name, "ocr-1");
  EXPECT_EQ(read.description, "receipts");
  EXPECT_EQ(read.record, small().record);
  EXPECT_EQ(read.z, small().z);
  write_expert(folder / "b", read);
  EXPECT_EQ(bytes_of(folder / "a"), bytes_of(folder / "b")) << "equal experts make equal files";
}

TEST(ExpertFile, EveryFlippedBitAndEveryTruncationIsDetected) {
  const TemporaryFolder folder;
  write_expert(folder / "good", small());
  const std::string good = bytes_of(folder / "good");
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(folder / "bad", std::ios::binary | std::ios::trunc) << bytes;
    try {
      read_expert(folder / "bad");
      return false;
    } catch (const InputError& error) {
      return std::string(error.what()).find("bad") != std::string::npos;
    }
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 3, 5, 7}) {
      std::string flipped = good;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      EXPECT_TRUE(refused(flipped)) << "byte " << i << " bit " << bit;
    }
    EXPECT_TRUE(refused(good.substr(0, i))) << "cut at " << i;
  }
}

TEST(ExpertFile, RefusesWhatCannotBeAnExpert) {
  const TemporaryFolder folder;
  Expert expert = small();
  expert.z.begin()->second[0] = std::nanf("");
  EXPECT_THROW(write_expert(folder / "x", expert), InputError);
  for (const std::string& name :
       {std::string(), std::string("../x"), std::string(".x"), std::string("a b"), std::string(65, 'a')}) {
    expert = small();
    expert.name = name;
    EXPECT_THROW(write_expert(folder / "x", expert), InputError) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  write_safetensors(folder / "plain", {}, {});
  EXPECT_THROW(read_expert(folder / "plain"), InputError);
  EXPECT_THROW(read_expert(folder / "absent"), InputError);
}

}  // namespace
}  // namespace zlens
