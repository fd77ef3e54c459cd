#include "vision/ocr/ocr_modality.h"

#include <gtest/gtest.h>
#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "io/error.h"
#include "io/json.h"
#include "vision/image.h"

namespace zlens {
namespace {

const std::filesystem::path kDocuments = std::string(ZLENS_ASSETS) + "/documents";

const OcrModality& modality() {
  static const OcrModality shared;
  return shared;
}

bool has_line(const OcrPage& page, const std::string& wanted) {
  return std::find(page.lines().begin(), page.lines().end(), wanted) != page.lines().end();
}

const Evidence* find_word(const OcrPage& page, const std::string& text) {
  for (const Evidence& word : page.evidence()) {
    if (word.text == text) return &word;
  }
  return nullptr;
}

RgbView view(const Image& image) {
  return {image.rgb.data(), image.height, image.width, image.width * 3};
}

TEST(Ocr, ReadsAReceiptLineByLineAcrossItsColumns) {
  const auto page = modality().read(kDocuments / "images/00.png");
  for (const char* line : {"GREENFIELD GROCERS", "17 Alder Street", "Date: 14/03/2026 09:41", "TOTAL EUR 8.72", "CHANGE 1.28"}) {
    EXPECT_TRUE(has_line(*page, line)) << line << " in\n" << modality().prompt_text(*page);
  }
  EXPECT_EQ(modality().token_count(*page), 0);
}

TEST(Ocr, BoxesAreWhereTheWordsAreDrawn) {
  const Image image = decode_image(kDocuments / "images/00.png");
  const auto page = modality().read(view(image));
  for (const Evidence& word : page->evidence()) {
    EXPECT_GE(word.left, 0);
    EXPECT_GE(word.top, 0);
    EXPECT_GT(word.width, 0);
    EXPECT_GT(word.height, 0);
    EXPECT_LE(word.left + word.width, image.width);
    EXPECT_LE(word.top + word.height, image.height);
    EXPECT_GE(word.confidence, 0);
    EXPECT_LE(word.confidence, 1);
  }
  const Evidence* total = find_word(*page, "8.72");  // drawn with its right end at 486, in a face of 24 pixels
  ASSERT_NE(total, nullptr);
  EXPECT_NEAR(total->left + total->width, 486, 6);
  EXPECT_NEAR(total->height, 18, 5);
  const auto dark = [&](std::int64_t x, std::int64_t y) { return image.rgb[(y * image.width + x) * 3] < 128; };
  int ink = 0;
  for (std::int64_t y = total->top; y < total->top + total->height; ++y) {
    for (std::int64_t x = total->left; x < total->left + total->width; ++x) ink += dark(x, y);
  }
  EXPECT_GT(ink, total->width * total->height / 10);
}

// Of the drawn documents' answers, those that stand in one line must be found in the text, but for a few.
TEST(Ocr, FindsTheAnswersOfTheDrawnDocuments) {
  const Json data = read_json_file(kDocuments / "test.json").at("data");
  int found = 0, asked = 0;
  for (const Json& question : data) {
    if (question.at("field") == "address") continue;
    const auto page = modality().read(kDocuments / question.at("image").get<std::string>());
    std::string text = modality().prompt_text(*page);
    std::replace(text.begin(), text.end(), '\n', ' ');
    bool any = false;
    for (const Json& answer : question.at("answers")) any = any || text.find(answer.get<std::string>()) != std::string::npos;
    if (!any) RecordProperty("missed" + std::to_string(asked), question.dump());
    found += any;
    ++asked;
  }
  EXPECT_GE(found * 100, asked * 95) << found << " of " << asked;
}

TEST(Ocr, ATurnedImageWithItsOrientationGivesTheSamePage) {
  const std::filesystem::path images = std::string(ZLENS_FIXTURES) + "/images";
  const auto upright = modality().read(images / "text_upright.png");
  EXPECT_EQ(upright->lines(), (std::vector<std::string>{"Harbour 14:25", "Total 36.70"}));
  const auto turned = OcrModality().read(images / "text_turned.png");
  EXPECT_EQ(turned->content_hash(), upright->content_hash());
  EXPECT_EQ(turned->lines(), upright->lines());
}

TEST(Ocr, ThePageOfTheSameImageComesFromMemory) {
  const auto first = modality().read(kDocuments / "images/19.jpg");
  EXPECT_EQ(modality().read(kDocuments / "images/19.jpg").get(), first.get());
}

TEST(Ocr, EveryOptionShapesTheHash) {
  const auto path = kDocuments / "images/18.png";
  OcrOptions other;
  other.upscale = 1;
  EXPECT_NE(OcrModality(other).read(path)->content_hash(), modality().read(path)->content_hash());
  other = {};
  other.page_segmentation = 4;
  EXPECT_NE(OcrModality(other).read(path)->content_hash(), modality().read(path)->content_hash());
}

TEST(Ocr, ReadsInParallelWhatItReadsAlone) {
  const auto path = kDocuments / "images/18.png";
  OcrOptions forgetful;
  forgetful.memory_pages = 0;
  const OcrModality ocr(forgetful);
  std::vector<std::vector<std::string>> results(4);
  std::vector<std::thread> threads;
  const int levels = omp_get_max_active_levels();
  std::atomic<int> left = 4;
  for (auto& result : results)
    threads.emplace_back([&] {
      result = ocr.read(path)->lines();
      --left;
    });
  // Other work in the process keeps its threads meanwhile.
  bool kept = true;
  while (left > 0) kept = kept && omp_get_max_active_levels() == levels;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(kept && omp_get_max_active_levels() == levels);
  for (const auto& result : results) EXPECT_EQ(result, modality().read(path)->lines());
}

TEST(Ocr, EmptyPagesOfAnyShapeGiveNoWords) {
  for (const auto& [height, width] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {8, 8}, {1, 3000}, {3000, 1}, {200, 300}, {9, 40'000}}) {
    const Image blank{std::vector<std::uint8_t>(height * width * 3, 255), height, width};
    const auto page = modality().read(view(blank));
    EXPECT_TRUE(page->evidence().empty()) << height << "x" << width;
    EXPECT_EQ(modality().prompt_text(*page), "");
  }
}

void expect_refused(const OcrOptions& options, const std::string& expected) {
  try {
    OcrModality ocr(options);
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
  }
}

TEST(Ocr, RefusesOptionsThatItCannotMeet) {
  OcrOptions options;
  options.language = "eng+chi_zzz";
  expect_refused(options, "tesseract-ocr-chi-zzz");
  for (const char* language : {"", "+", "eng+", "../eng", "eng/../eng", "e ng"}) {
    options.language = language;
    expect_refused(options, "no language name");
  }
  options = {};
  options.page_segmentation = 0;
  expect_refused(options, "3 to 13");
  options = {};
  options.upscale = 1e9;
  expect_refused(options, "upscale");
  options.upscale = std::nan("");
  expect_refused(options, "upscale");
}

TEST(Ocr, TheRegistryReachesItsOptions) {
  ModalityRegistry registry;
  registry.add(ocr_modality_entry());
  EXPECT_THROW(registry.create("ocr", {{{"language", "xyz"}, {"cache", "none"}}}), InputError);
  EXPECT_THROW(registry.create("ocr", {{{"psm", "six"}, {"cache", "none"}}}), InputError);
  const auto ocr = registry.create("ocr", {{{"upscale", "1"}, {"cache", "none"}}});
  EXPECT_NE(ocr->prompt_text(*ocr->prepare(kDocuments / "images/18.png")).find("Ines Marchetti"), std::string::npos);
}

}  // namespace
}  // namespace zlens
