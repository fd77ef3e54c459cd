#include "experts/expert_store.h"

#include <gtest/gtest.h>

#include <map>

#include "io/safetensors.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;

const std::string kBase(64, 'a'), kOther(64, 'b');

class Store : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& name, const std::string& base, float z = 2) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    Expert expert;
    expert.name = name;
    expert.base = base;
    expert.z["m"] = {z};
    write_expert(folder_ / path, expert);
  }
  ExpertStore store() const { return ExpertStore({folder_ / "first", folder_ / "second", folder_ / "absent"}); }

  TemporaryFolder folder_;
};

TEST_F(Store, FindsByNameAndBaseInTheOrderOfFolders) {
  put("second/x.safetensors", "x", kBase, 3);
  EXPECT_EQ(store().find("x", kBase).expert.z.at("m"), (std::vector<float>{3}));
  put("first/model/x.safetensors", "x", kBase, 4);
  EXPECT_EQ(store().find("x", kBase).path, folder_ / "first/model/x.safetensors") << "one folder deep, and before the second";
  put("first/another/x.safetensors", "x", kOther, 5);
  EXPECT_EQ(store().find("x", kBase).expert.z.at("m"), (std::vector<float>{4})) << "another base's expert has the same name";
  EXPECT_EQ(store().find("x", kOther).expert.z.at("m"), (std::vector<float>{5}));
  put("first/a/b/deep.safetensors", "deep", kBase);
  expect_refused("'deep'", "there are: x, x", [&] { store().find("deep", kBase); });
}

TEST_F(Store, ANameMeansNoVariant) {
  put("first/m/x.safetensors", "x", kBase, 3);
  put("first/m-side/x.safetensors", "x", kBase, 4);
  put("first/m-side/y.safetensors", "y", kBase, 5);
  EXPECT_EQ(store().find("x", kBase).path, folder_ / "first/m/x.safetensors");
  EXPECT_EQ(store().find("y", kBase).path, folder_ / "first/m-side/y.safetensors") << "the only one of its name";
  EXPECT_EQ(store().list().size(), 3U);
  put("first/n/x.safetensors", "x", kBase, 6);
  expect_refused("'x'", "ambiguous", [&] { store().find("x", kBase); });
}

TEST_F(Store, NamesWhatStandsInTheWay) {
  put("first/x.safetensors", "x", kBase, 3);
  put("first/y.safetensors", "x", kBase, 4);
  expect_refused("'x'", "x.safetensors, " + (folder_ / "first/y.safetensors").string(), [&] { store().find("x", kBase); });
  expect_refused("'x'", kBase, [&] { store().find("x", kOther); });
  expect_refused("'nobody'", "there are: x, x", [&] { store().find("nobody", kBase); });
  expect_refused("'nobody'", "there are: none", [&] { store().find("nobody", std::string(64, 'c')); });
  std::filesystem::copy_file(folder_ / "first/x.safetensors", folder_ / "first/z.safetensors");
  std::filesystem::remove(folder_ / "first/y.safetensors");
  EXPECT_EQ(store().find("x", kBase).expert.z.at("m"), (std::vector<float>{3})) << "two copies are no ambiguity";
}

TEST_F(Store, ListsExpertsAndDamagedFilesButNoOtherSafetensors) {
  put("first/x.safetensors", "x", kBase);
  put("second/y.safetensors", "y", kOther);
  put("second/damaged.safetensors", "z", kOther);
  std::string bytes = test::read_bytes(folder_ / "second/damaged.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  test::write_bytes(folder_ / "second/damaged.safetensors", bytes);
  write_safetensors(folder_ / "second/model.safetensors", {}, {{"format", "pt"}});
  test::write_bytes(folder_ / "second/notes.txt", "hello");
  const auto listed = store().list();
  ASSERT_EQ(listed.size(), 3U);
  EXPECT_EQ(listed[0].expert.name, "x");
  EXPECT_NE(listed[1].error.find("checksum"), std::string::npos);
  EXPECT_EQ(listed[2].expert.name, "y");
}

TEST(ShippedExperts, AreWholeAndHaveACard) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(ZLENS_FIXTURES) / "../../assets/experts")) {
    if (entry.path().extension() != ".safetensors") continue;
    const Expert expert = read_expert(entry.path());
    EXPECT_EQ(expert.name, entry.path().stem()) << entry.path();
    const bool sends_to_others = expert.record.contains("task") && expert.record.at("task") == "dispatch";
    EXPECT_EQ(expert.description.empty(), sends_to_others) << entry.path() << ": what experts are chosen by";
    EXPECT_TRUE(expert.record.contains("training")) << entry.path();
    std::filesystem::path card = entry.path();
    EXPECT_TRUE(std::filesystem::exists(card.replace_extension(".md"))) << card;
    ++count;
  }
  EXPECT_GT(count, 0);
}

TEST(ShippedExperts, AreFoundByTheirNames) {
  const std::filesystem::path folder = std::filesystem::path(ZLENS_FIXTURES) / "../../assets/experts";
  const ExpertStore store({folder});
  std::map<std::string, std::string> bases;  // folder -> base of its experts
  for (const StoredExpert& stored : store.list()) bases[stored.path.parent_path().filename()] = stored.expert.base;
  for (const char* model : {"tiny-vlm", "smollm2"})
    for (const char* name : {"chart", "math"})
      EXPECT_EQ(store.find(name, bases.at(model)).path.parent_path().filename(), model) << name;
  EXPECT_EQ(bases.at("tiny-vlm-vision"), bases.at("tiny-vlm"));
}

TEST_F(Store, PathsAndNames) {
  EXPECT_TRUE(is_expert_path("a/b"));
  EXPECT_TRUE(is_expert_path("b.safetensors"));
  EXPECT_FALSE(is_expert_path("document"));
  put("first/x.safetensors", "x", kOther);
  EXPECT_EQ(find_expert((folder_ / "first/x.safetensors").string(), store(), kBase).name, "x");
  EXPECT_THROW(find_expert("x", store(), kBase), InputError);
  EXPECT_EQ(expert_folders(folder_ / "first").front(), folder_ / "first");
  expect_refused("--experts", "no folder", [&] { expert_folders(folder_ / "absent"); });
}

}  // namespace
}  // namespace zlens
