#include <gtest/gtest.h>

#include "io/json.h"
#include "io/safetensors.h"
#include "io/safetensors_bytes.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;
using test::TemporaryFolder;
using test::write_bytes;

constexpr const char* kIndex = "model.safetensors.index.json";

// A shard whose tensors are single bytes.
void write_shard(const std::filesystem::path& path, const std::vector<std::string>& names) {
  std::vector<TensorToWrite> tensors;
  static const std::byte value{7};
  for (const std::string& name : names) tensors.push_back({name, Dtype::U8, {1}, {&value, 1}});
  write_safetensors(path, tensors, {});
}

void write_index(const TemporaryFolder& folder, const Json& weight_map) {
  write_bytes(folder / kIndex, Json{{"metadata", {{"total_size", 3}}}, {"weight_map", weight_map}}.dump());
}

TEST(Checkpoint, SingleFile) {
  const TemporaryFolder folder;
  write_shard(folder / "model.safetensors", {"a", "b"});
  const auto tensors = open_checkpoint(folder.path());
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors.at("b").data()[0], std::byte{7});
}

TEST(Checkpoint, ShardsThroughLinks) {
  const TemporaryFolder folder, elsewhere;
  write_shard(folder / "m-1.safetensors", {"a", "c"});
  write_shard(elsewhere / "blob", {"b"});
  std::filesystem::create_symlink(elsewhere / "blob", folder / "m-2.safetensors");
  write_index(folder, {{"a", "m-1.safetensors"}, {"b", "m-2.safetensors"}, {"c", "m-1.safetensors"}});
  const auto tensors = open_checkpoint(folder.path());
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(tensors.at("a").shard, tensors.at("c").shard);
  EXPECT_NE(tensors.at("a").shard, tensors.at("b").shard);
  EXPECT_EQ(tensors.at("b").data()[0], std::byte{7});
}

TEST(Checkpoint, TensorsOutliveTheMap) {
  const TemporaryFolder folder;
  write_shard(folder / "model.safetensors", {"a"});
  const TensorLocation location = open_checkpoint(folder.path()).at("a");
  EXPECT_EQ(location.data().size(), 1U);
}

TEST(Checkpoint, MissingFilesAreNamed) {
  const TemporaryFolder folder;
  expect_refused(folder.path().string(), "neither", [&] { open_checkpoint(folder.path()); });
  expect_refused((folder / "none").string(), "neither", [&] { open_checkpoint(folder / "none"); });
  write_index(folder, {{"a", "m-1.safetensors"}});
  expect_refused((folder / "m-1.safetensors").string(), "cannot be opened", [&] { open_checkpoint(folder.path()); });
}

TEST(Checkpoint, ShardNamesThatLeaveTheFolderAreRefused) {
  const TemporaryFolder folder, outside;
  write_shard(outside / "o.safetensors", {"a"});
  std::filesystem::create_directory(folder / "sub");
  write_shard(folder / "sub/s.safetensors", {"a"});
  const std::string up = "../" + outside.path().filename().string() + "/o.safetensors";
  const Json names[] = {"",
                        ".",
                        "..",
                        "../o.safetensors",
                        up,
                        (outside / "o.safetensors").string(),
                        "sub/s.safetensors",
                        "./x",
                        "x/",
                        "/",
                        "a\nb",
                        std::string("a\0b", 3),
                        1,
                        nullptr,
                        Json::array({"m"}),
                        Json::object()};
  for (const Json& name : names) {
    SCOPED_TRACE(name.dump());
    write_index(folder, {{"a", name}});
    expect_refused((folder / kIndex).string(), "plain file name", [&] { open_checkpoint(folder.path()); });
  }
}

TEST(Checkpoint, IndexAndShardsMustAgree) {
  const TemporaryFolder folder;
  const std::string index = (folder / kIndex).string();
  write_shard(folder / "m-1", {"a", "b"});
  write_shard(folder / "m-2", {"c"});
  write_shard(folder / "m-3", {"c", "d"});
  write_index(folder, {{"a", "m-1"}, {"c", "m-2"}});
  expect_refused(index, "\"b\" stands in m-1, but the index does not name it", [&] { open_checkpoint(folder.path()); });
  write_index(folder, {{"a", "m-1"}, {"b", "m-2"}, {"c", "m-2"}});
  expect_refused(index, "\"b\" stands in m-1, but the index places it in m-2", [&] { open_checkpoint(folder.path()); });
  write_index(folder, {{"a", "m-1"}, {"b", "m-1"}, {"c", "m-2"}, {"x", "m-2"}});
  expect_refused(index, "\"x\" should stand in m-2, but is not there", [&] { open_checkpoint(folder.path()); });
  write_index(folder, {{"c", "m-2"}, {"d", "m-3"}});
  expect_refused(index, "\"c\" stands in m-3, but the index places it in m-2", [&] { open_checkpoint(folder.path()); });
}

TEST(Checkpoint, BadIndexesAreRefused) {
  const TemporaryFolder folder;
  const std::string index = (folder / kIndex).string();
  for (const char* text : {"{}", "[]", "1", "{\"weight_map\":[]}", "{\"weight_map\":null}", "{\"weight_map\":{}}"}) {
    write_bytes(index, text);
    expect_refused(index, "weight_map", [&] { open_checkpoint(folder.path()); });
  }
  write_bytes(index, R"({"weight_map":{"a":"m-1","a":"m-2"}})");
  expect_refused(index, "\"a\" stands twice", [&] { open_checkpoint(folder.path()); });
  write_bytes(index, "{\"weight_map\":");
  expect_refused(index, "not valid JSON", [&] { open_checkpoint(folder.path()); });
}

TEST(Checkpoint, FilesThatCannotBeFollowedAreNamed) {
  const TemporaryFolder folder;
  for (const std::string name : {"model.safetensors", kIndex}) {
    std::filesystem::create_symlink(name, folder / name);
    expect_refused((folder / name).string(), "cannot be examined", [&] { open_checkpoint(folder.path()); });
    std::filesystem::remove(folder / name);
  }
}

TEST(Checkpoint, ADamagedShardIsNamed) {
  const TemporaryFolder folder;
  write_bytes(folder / "m-1", "xxxx");
  write_index(folder, {{"a", "m-1"}});
  expect_refused((folder / "m-1").string(), "4 bytes", [&] { open_checkpoint(folder.path()); });
}

}  // namespace
}  // namespace zlens
