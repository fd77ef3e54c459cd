#include "vision/ocr/page_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace zlens {
namespace {

class OcrPageStoreTest : public ::testing::Test {
 protected:
  ~OcrPageStoreTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + std::to_string(::getpid()));
};

std::shared_ptr<const OcrPage> page(const std::string& hash, const std::string& text = "total") {
  return std::make_shared<OcrPage>(hash, std::vector<std::vector<Evidence>>{{{text, 1, 2, 3, 4, 0.5}, {"9.00", 5, 6, 7, 8, 0.1234}},
                                                                            {{"\u20ac", 0, 0, 1, 1, 1}}});
}

TEST_F(OcrPageStoreTest, KeepsTheMostRecentlyUsed) {
  OcrPageStore store(2, {});
  store.put(page("a"));
  store.put(page("b"));
  EXPECT_NE(store.find("a"), nullptr);
  store.put(page("c"));
  EXPECT_NE(store.find("a"), nullptr);
  EXPECT_EQ(store.find("b"), nullptr);
}

TEST_F(OcrPageStoreTest, AnotherStoreReadsTheSamePageFromDisk) {
  OcrPageStore(0, folder_).put(page("a"));
  const auto found = OcrPageStore(4, folder_).find("a");
  ASSERT_NE(found, nullptr);
  const auto original = page("a");
  EXPECT_EQ(found->lines(), original->lines());
  EXPECT_EQ(found->line_of_word(), original->line_of_word());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found->evidence()[i].left, original->evidence()[i].left);
    EXPECT_EQ(found->evidence()[i].height, original->evidence()[i].height);
    EXPECT_EQ(found->evidence()[i].confidence, original->evidence()[i].confidence);
  }
}

TEST_F(OcrPageStoreTest, EveryDamageMakesAFileCountAsMissing) {
  OcrPageStore(0, folder_).put(page("a"));
  const std::filesystem::path file = folder_ / "a.json";
  std::ifstream in(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(whole.size(), 50u);
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    std::ofstream(file, std::ios::binary) << damaged;
    EXPECT_EQ(OcrPageStore(4, folder_).find("a"), nullptr) << "byte " << i << " of " << whole;
    std::ofstream(file, std::ios::binary) << whole.substr(0, i);
    EXPECT_EQ(OcrPageStore(4, folder_).find("a"), nullptr) << "cut to " << i;
  }
}

TEST_F(OcrPageStoreTest, AFileOfAnotherPageIsNotTaken) {
  OcrPageStore(0, folder_).put(page("a"));
  std::filesystem::rename(folder_ / "a.json", folder_ / "b.json");
  EXPECT_EQ(OcrPageStore(4, folder_).find("b"), nullptr);
}

TEST_F(OcrPageStoreTest, AFolderThatCannotBeMadeCostsOnlyTheFile) {
  std::ofstream(folder_) << "a file where the folder should be";
  OcrPageStore store(4, folder_);
  store.put(page("a"));
  EXPECT_NE(store.find("a"), nullptr);
}

}  // namespace
}  // namespace zlens
