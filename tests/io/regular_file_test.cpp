#include "io/regular_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "io/support.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

TEST(RegularFile, IsThereOrNot) {
  const TemporaryFolder folder;
  EXPECT_FALSE(has_regular_file(folder / "file"));
  EXPECT_FALSE(has_regular_file(folder / "no/folder"));
  test::write_bytes(folder / "file", "x");
  EXPECT_TRUE(has_regular_file(folder / "file"));
  EXPECT_FALSE(has_regular_file(folder / "file/below"));
  fs::create_symlink("file", folder / "link");
  EXPECT_TRUE(has_regular_file(folder / "link")) << "links are followed";
  fs::create_symlink("gone", folder / "dangling");
  EXPECT_FALSE(has_regular_file(folder / "dangling"));
}

TEST(RegularFile, AnythingElseIsRefused) {
  const TemporaryFolder folder;
  fs::create_symlink("itself", folder / "itself");
  test::expect_refused((folder / "itself").string(), "cannot be examined", [&] { has_regular_file(folder / "itself"); });
  fs::create_directory(folder / "folder");
  test::expect_refused((folder / "folder").string(), "not a regular file", [&] { has_regular_file(folder / "folder"); });
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  test::expect_refused((folder / "pipe").string(), "not a regular file", [&] { has_regular_file(folder / "pipe"); });
}

}  // namespace
}  // namespace zlens
