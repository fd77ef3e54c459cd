#include "experts/expert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "io/safetensors.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;
using test::read_bytes;
using test::write_bytes;

Expert small() {
  Expert expert;
  expert.name = "ocr-1";
  expert.description = "receipts";
  expert.base = std::string(64, 'a');
  expert.record = {{"task", "docvqa"}, {"method", "svf"}};
  expert.z = {{"model.layers.0.self_attn.q_proj", {1.0F, 0.5F, 2.0F}}, {"model.layers.0.mlp.up_proj", {1.25F}}};
  expert.lora_a["model.layers.1.mlp.up_proj"] = {1, 3, {0.5F, -0.5F, 0.25F}};
  expert.lora_b["model.layers.1.mlp.up_proj"] = {2, 1, {3, 4}};
  expert.xs["model.layers.1.mlp.down_proj"] = {2, 2, {1, 2, 3, 4}};
  return expert;
}

void expect_equal(const std::map<std::string, Matrix>& a, const std::map<std::string, Matrix>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, matrix] : a) {
    EXPECT_EQ(matrix.rows, b.at(name).rows);
    EXPECT_EQ(matrix.columns, b.at(name).columns);
    EXPECT_EQ(matrix.values, b.at(name).values);
  }
}

TEST(ExpertFile, SaveLoadSaveIsStable) {
  const TemporaryFolder folder;
  write_expert(folder / "a", small());
  const Expert read = read_expert(folder / "a");
  EXPECT_EQ(read.name, "ocr-1");
  EXPECT_EQ(read.description, "receipts");
  EXPECT_EQ(read.base, small().base);
  EXPECT_EQ(read.record, small().record);
  EXPECT_EQ(read.z, small().z);
  expect_equal(read.lora_a, small().lora_a);
  expect_equal(read.lora_b, small().lora_b);
  expect_equal(read.xs, small().xs);
  EXPECT_EQ(read.sha256.size(), 64U);
  write_expert(folder / "b", read);
  EXPECT_EQ(read_bytes(folder / "a"), read_bytes(folder / "b")) << "equal experts make equal files";
}

bool refused(const std::filesystem::path& path, const std::string& bytes) {
  write_bytes(path, bytes);
  try {
    read_expert(path);
    return false;
  } catch (const InputError& error) {
    return std::string(error.what()).find(path.filename().string()) != std::string::npos;
  }
}

TEST(ExpertFile, EveryFlippedByteAndEveryTruncationIsDetected) {
  const TemporaryFolder folder;
  write_expert(folder / "good", small());
  const std::string good = read_bytes(folder / "good");
  ASSERT_FALSE(refused(folder / "bad", good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
      std::string flipped = good;
      flipped[i] = static_cast<char>(flipped[i] ^ mask);
      EXPECT_TRUE(refused(folder / "bad", flipped)) << "byte " << i << " xor " << mask;
    }
    EXPECT_TRUE(refused(folder / "bad", good.substr(0, i))) << "cut at " << i;
  }
  EXPECT_TRUE(refused(folder / "bad", good + '\0'));
}

TEST(ExpertFile, AShapeIsPartOfTheChecksum) {
  const TemporaryFolder folder;
  Expert expert = small();
  expert.lora_a.clear();
  expert.lora_b.clear();
  expert.xs = {{"m", {2, 2, {1, 2, 3, 4}}}};
  write_expert(folder / "good", expert);
  std::string bytes = read_bytes(folder / "good");
  const std::size_t at = bytes.find("[2,2]");
  ASSERT_NE(at, std::string::npos);
  EXPECT_TRUE(refused(folder / "bad", bytes.replace(at, 5, "[1,4]")));
}

struct Bad {
  const char* kind;
  const char* fragment;
  std::function<void(Expert&)> change;
};

std::vector<Bad> bad_texts() {
  return {
      {"no name", "name ''", [](Expert& e) { e.name.clear(); }},
      {"a path as name", "name '../x'", [](Expert& e) { e.name = "../x"; }},
      {"hidden name", "name '.x'", [](Expert& e) { e.name = ".x"; }},
      {"name with a space", "name 'a b'", [](Expert& e) { e.name = "a b"; }},
      {"name with a newline", "name", [](Expert& e) { e.name = "a\nb"; }},
      {"long name", "name", [](Expert& e) { e.name = std::string(65, 'a'); }},
      {"short base", "no SHA-256", [](Expert& e) { e.base = "abc"; }},
      {"base that is no hash", "no SHA-256", [](Expert& e) { e.base = std::string(64, 'g'); }},
      {"long description", "description", [](Expert& e) { e.description = std::string(4097, 'x'); }},
      {"description not UTF-8", "description", [](Expert& e) { e.description = "\xFF"; }},
      {"reserved key", "zlens.base", [](Expert& e) { e.record["zlens.base"] = "x"; }},
      {"name in the record", "'name'", [](Expert& e) { e.record["name"] = "x"; }},
      {"empty key", "key ''", [](Expert& e) { e.record[""] = "x"; }},
      {"record not UTF-8", "UTF-8", [](Expert& e) { e.record["task"] = "\xC3"; }},
  };
}

std::vector<Bad> bad_parts() {
  const std::string up = "model.layers.1.mlp.up_proj", down = "model.layers.1.mlp.down_proj";
  return {
      {"nothing", "changes nothing", [](Expert& e) { e.z.clear(), e.lora_a.clear(), e.lora_b.clear(), e.xs.clear(); }},
      {"NaN", "not finite", [](Expert& e) { e.z.begin()->second[0] = std::nanf(""); }},
      {"infinity in lora_a", "not finite", [=](Expert& e) { e.lora_a[up].values[1] = std::numeric_limits<float>::infinity(); }},
      {"NaN in xs", "index 3", [=](Expert& e) { e.xs[down].values[3] = std::nanf(""); }},
      {"huge", "10^6", [](Expert& e) { e.z.begin()->second[0] = -2e6F; }},
      {"empty z", "0 values", [](Expert& e) { e.z["m"] = {}; }},
      {"matrix without a name", "no name of a matrix", [](Expert& e) { e.z[""] = {1}; }},
      {"matrix with a path as name", "no name of a matrix", [](Expert& e) { e.z["../m"] = {1}; }},
      {"too few values", "shape [1, 3]", [=](Expert& e) { e.lora_a[up].values.pop_back(); }},
      {"overflowing shape", "shape", [=](Expert& e) { e.lora_b[up].rows = std::int64_t{1} << 62; }},
      {"negative shape", "shape", [=](Expert& e) { e.lora_b[up].rows = -2, e.lora_b[up].columns = -1; }},
      {"empty shape", "shape",
       [=](Expert& e) {
         e.lora_a[up] = {0, 3, {}};
       }},
      {"lora_a alone", "no lora_b", [](Expert& e) { e.lora_b.clear(); }},
      {"lora_b alone", "no lora_a", [](Expert& e) { e.lora_a.clear(); }},
      {"ranks differ", "rank 3",
       [=](Expert& e) {
         e.lora_a[up] = {3, 1, {1, 2, 3}};
       }},
      {"xs not square", "not square",
       [=](Expert& e) {
         e.xs[down] = {1, 4, {1, 2, 3, 4}};
       }},
      {"two kinds at once", "both",
       [=](Expert& e) {
         e.xs[up] = {1, 1, {1}};
       }},
  };
}

TEST(ExpertFile, RefusesToWriteWhatCannotBeAnExpert) {
  const TemporaryFolder folder;
  for (const auto& group : {bad_texts(), bad_parts()})
    for (const Bad& bad : group) {
      SCOPED_TRACE(bad.kind);
      Expert expert = small();
      bad.change(expert);
      expect_refused("x.safetensors", bad.fragment, [&] { write_expert(folder / "x.safetensors", expert); });
      EXPECT_FALSE(std::filesystem::exists(folder / "x.safetensors"));
    }
}

TEST(ExpertFile, RefusesFilesThatAreNoExperts) {
  const TemporaryFolder folder;
  write_safetensors(folder / "plain", {}, {});
  expect_refused("plain", "not an expert file", [&] { read_expert(folder / "plain"); });
  expect_refused("absent", "", [&] { read_expert(folder / "absent"); });
  write_safetensors(folder / "empty", {{"z/m", Dtype::F32, {0}, {}}},
                    {{"zlens.format", "1"}, {"zlens.sha256", std::string(64, '0')}});
  expect_refused("empty", "checksum", [&] { read_expert(folder / "empty"); });
  write_safetensors(folder / "later", {}, {{"zlens.format", "2"}});
  expect_refused("later", "'2' is not supported", [&] { read_expert(folder / "later"); });
}

}  // namespace
}  // namespace zlens
