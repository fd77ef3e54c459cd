#include "io/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;
using test::TemporaryFolder;
using test::write_bytes;

std::string text_of(const MappedFile& file) {
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

TEST(MappedFile, ShowsTheBytes) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "hello");
  const auto file = MappedFile::open(folder / "a");
  EXPECT_EQ(text_of(*file), "hello");
  EXPECT_EQ(file->path(), folder / "a");
}

TEST(MappedFile, EmptyFilesAreFine) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "");
  const auto file = MappedFile::open(folder / "a");
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_NO_THROW(file->verify_unchanged());
  EXPECT_NO_THROW(file->release(file->bytes()));
}

TEST(MappedFile, LinksAreFollowed) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "hello");
  std::filesystem::create_symlink("a", folder / "link");
  EXPECT_EQ(text_of(*MappedFile::open(folder / "link")), "hello");
}

TEST(MappedFile, WhatIsNoFileIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  std::filesystem::create_symlink("loop", folder / "loop");
  for (const char* name : {"none", "dangling", "loop"}) {
    expect_refused((folder / name).string(), "cannot be opened", [&] { MappedFile::open(folder / name); });
  }
  expect_refused((folder / "pipe").string(), "not a regular file", [&] { MappedFile::open(folder / "pipe"); });
  expect_refused(folder.path().string(), "is a folder", [&] { MappedFile::open(folder.path()); });
  expect_refused("", "cannot be opened", [] { MappedFile::open(""); });
}

TEST(MappedFile, ChangesAreNoticed) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "hello");
  const auto file = MappedFile::open(folder / "a");
  EXPECT_NO_THROW(file->verify_unchanged());
  std::filesystem::last_write_time(folder / "a", std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  expect_refused("/a", "changed", [&] { file->verify_unchanged(); });
  const auto again = MappedFile::open(folder / "a");
  EXPECT_NE(again->identity(), file->identity());
  write_bytes(folder / "b", "other");
  std::filesystem::rename(folder / "b", folder / "a");
  expect_refused("/a", "changed", [&] { again->verify_unchanged(); });
  EXPECT_EQ(text_of(*again), "hello") << "the old file lives on in the mapping";
  std::filesystem::remove(folder / "a");
  expect_refused("/a", "gone", [&] { again->verify_unchanged(); });
}

TEST(MappedFile, IdentityStaysForAnUnchangedFile) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "hello");
  EXPECT_EQ(MappedFile::open(folder / "a")->identity(), MappedFile::open(folder / "a")->identity());
}

TEST(MappedFile, ReleasedPagesCanStillBeRead) {
  const TemporaryFolder folder;
  std::string text(1 << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 % 251);
  write_bytes(folder / "a", text);
  const auto file = MappedFile::open(folder / "a");
  EXPECT_EQ(text_of(*file), text);
  file->release(file->bytes());
  file->release(file->bytes().subspan(5, 70000));
  file->release(file->bytes().subspan(5, 3));
  EXPECT_EQ(text_of(*file), text);
}

TEST(ReadTextFile, LimitIsExact) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "hello");
  EXPECT_EQ(read_text_file(folder / "a"), "hello");
  EXPECT_EQ(read_text_file(folder / "a", 5), "hello");
  expect_refused((folder / "a").string(), "larger than the limit of 4", [&] { read_text_file(folder / "a", 4); });
  write_bytes(folder / "empty", "");
  EXPECT_EQ(read_text_file(folder / "empty", 0), "");
}

TEST(ReadTextFile, ReadsPipes) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string text(300'000, 'x');
  std::thread writer([&] { write_bytes(folder / "pipe", text); });
  EXPECT_EQ(read_text_file(folder / "pipe"), text);
  writer.join();
}

TEST(ReadTextFile, EndlessFilesStopAtTheLimit) {
  expect_refused("/dev/zero", "larger than the limit", [] { read_text_file("/dev/zero", 1'000'000); });
}

TEST(ReadTextFile, FoldersAndMissingFilesAreNamed) {
  const TemporaryFolder folder;
  expect_refused(folder.path().string(), "is a folder", [&] { read_text_file(folder.path()); });
  expect_refused((folder / "none").string(), "No such file", [&] { read_text_file(folder / "none"); });
}

}  // namespace
}  // namespace zlens
