#include "synth/painter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "io/error.h"
#include "support/temporary_folder.h"

namespace zlens::synth {
namespace {

constexpr Values kAllValues[] = {Values::Readable, Values::Marks, Values::Off};

// The document and its picture, as the command would make them.
struct Drawn {
  Document document;
  Picture picture;
};

Drawn draw(Painter& painter, const char* kind, std::uint64_t index, Values values = Values::Readable,
           const KindOptions& options = {}) {
  const Place place{11, index % 2 ? Split::Train : Split::Test, index};
  Document document = find_kind(kind).make(place, options);
  Rng rng = rng_at(place, "picture");
  Picture picture = painter.paint(document.facts, rng, {values, document.sample.unseen});
  return {std::move(document), std::move(picture)};
}

// All texts are inside, none touches another.
void expect_legible(const Picture& picture, const std::string& what) {
  const cv::Rect image(0, 0, picture.bgr.cols, picture.bgr.rows);
  for (std::size_t i = 0; i < picture.texts.size(); ++i) {
    const PrintedText& text = picture.texts[i];
    EXPECT_EQ(text.box & image, text.box) << what << ": '" << text.text << "' leaves the picture";
    for (std::size_t k = 0; k < i; ++k)
      EXPECT_EQ((text.box & picture.texts[k].box).area(), 0)
          << what << ": '" << text.text << "' covers '" << picture.texts[k].text << "'";
  }
}

bool printed(const Picture& picture, const std::string& text) {
  return std::any_of(picture.texts.begin(), picture.texts.end(), [&](const PrintedText& one) {
    return one.text == text || one.text.ends_with(" " + text) || one.text.starts_with(text + " ");
  });
}

std::string all_text(const Picture& picture) {
  std::string out;
  for (const PrintedText& text : picture.texts) out += (out.empty() ? "" : " ") + text.text;
  return out;
}

TEST(Painter, ChartsPrintTheirFactsLegibly) {
  Painter painter;
  for (const Values values : kAllValues) {
    for (std::uint64_t i = 0; i < 60; ++i) {
      const auto [document, picture] = draw(painter, "chart", i, values);
      const Chart& chart = std::get<Chart>(document.facts);
      const std::string what = "chart " + std::to_string(i) + ", values " + std::to_string(static_cast<int>(values));
      expect_legible(picture, what);
      EXPECT_NE(all_text(picture).find(chart.title), std::string::npos) << what;
      for (const std::string& name : chart.categories) EXPECT_TRUE(printed(picture, name)) << what << ": " << name;
      for (const std::string& name : chart.series) EXPECT_TRUE(printed(picture, name)) << what << ": " << name;
      if (values == Values::Off) continue;
      for (std::size_t s = 0; s < chart.values.size(); ++s)
        for (std::size_t c = 0; c < chart.categories.size(); ++c)
          EXPECT_TRUE(printed(picture, chart.printed(s, c))) << what << ": " << chart.printed(s, c);
    }
  }
}

TEST(Painter, WithoutValuesAChartPrintsNamesAndTicksOnly) {
  Painter painter;
  for (const ChartKind kind : {ChartKind::Bar, ChartKind::GroupedBar, ChartKind::Line, ChartKind::Pie}) {
    const auto [document, picture] = draw(painter, "chart", 1, Values::Off, {.chart = {.kind = kind}});
    const Chart& chart = std::get<Chart>(document.facts);
    const Axis axis = value_axis(chart);
    for (const PrintedText& text : picture.texts) {
      const bool tick = std::any_of(axis.ticks.begin(), axis.ticks.end(),
                                    [&](Decimal one) { return text.text == one.text() || text.text == one.text() + "%"; });
      const bool name = std::count(chart.categories.begin(), chart.categories.end(), text.text) > 0;
      const bool number = text.text.find_first_not_of("0123456789.%") == std::string::npos;
      EXPECT_TRUE(!number || (tick && kind != ChartKind::Pie) || name) << chart_kind_name(kind) << ": " << text.text;
    }
  }
}

// In a picture whose values stand in reading order each value is beside its name: on its line, or in its column.
TEST(Painter, ReadableValuesStandWithTheirNames) {
  Painter painter;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto [document, picture] = draw(painter, "chart", i);
    const Chart& chart = std::get<Chart>(document.facts);
    for (std::size_t c = 0; c < chart.categories.size(); ++c) {
      const std::string both = chart.categories[c] + " " + chart.printed(0, c);
      const bool labelled = printed(picture, both);
      bool beside = false;
      for (const PrintedText& name : picture.texts)
        for (const PrintedText& value : picture.texts)
          if (name.text == chart.categories[c] && value.text == chart.printed(0, c)) {
            const cv::Point a = (name.box.tl() + name.box.br()) / 2, b = (value.box.tl() + value.box.br()) / 2;
            beside = beside || std::abs(a.y - b.y) < 12 || std::abs(a.x - b.x) < 12;
          }
      EXPECT_TRUE(labelled || beside) << i << ": " << both;
    }
  }
}

TEST(Painter, BarsAreAsHighAsTheirValues) {
  Painter painter;
  int bars = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto [document, picture] = draw(painter, "chart", i, Values::Off, {.chart = {.kind = ChartKind::Bar}});
    const Chart& chart = std::get<Chart>(document.facts);
    // Coloured pixels are bars; lying ones grow along x, standing ones along y.
    cv::Mat hsv, coloured;
    cv::cvtColor(picture.bgr, hsv, cv::COLOR_BGR2HSV);
    cv::inRange(hsv, cv::Scalar(0, 60, 0), cv::Scalar(180, 255, 255), coloured);
    cv::Mat labels, stats, centres;
    const int count = cv::connectedComponentsWithStats(coloured, labels, stats, centres);
    std::vector<cv::Rect> boxes;
    for (int k = 1; k < count; ++k) {
      const cv::Rect box(stats.at<int>(k, 0), stats.at<int>(k, 1), stats.at<int>(k, 2), stats.at<int>(k, 3));
      if (box.width > 8 && box.height > 8) boxes.push_back(box);
    }
    if (boxes.size() != chart.categories.size()) continue;  // a bar of a few pixels
    const bool lying = std::all_of(boxes.begin(), boxes.end(), [&](cv::Rect box) { return std::abs(box.x - boxes[0].x) <= 1; });
    std::sort(boxes.begin(), boxes.end(), [&](cv::Rect a, cv::Rect b) { return lying ? a.y < b.y : a.x < b.x; });
    const auto length = [&](std::size_t c) { return static_cast<double>(lying ? boxes[c].width : boxes[c].height); };
    for (std::size_t c = 1; c < boxes.size(); ++c)
      EXPECT_NEAR(length(c) / length(0), chart.values[0][c].value() / chart.values[0][0].value(),
                  3.0 * (1 + length(c) / length(0)) / length(0))
          << i;
    ++bars;
  }
  EXPECT_GT(bars, 12);
}

TEST(Painter, SheetsAndReceiptsPrintTheirTextTwin) {
  Painter painter;
  for (std::uint64_t i = 0; i < 40; ++i) {
    for (const char* kind : {"math", "receipt", "receipt-table"}) {
      const auto [document, picture] = draw(painter, kind, i, Values::Readable, {.sheet = {.exercises = i % 4 ? 0 : 1}});
      expect_legible(picture, std::string(kind) + " " + std::to_string(i));
      std::string text = document.sample.text;
      std::replace(text.begin(), text.end(), '\n', ' ');
      EXPECT_EQ(all_text(picture), text);
    }
  }
}

TEST(Painter, MixedPicturesShowWhatIsAsked) {
  Painter painter;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto [document, picture] = draw(painter, "mixed", i);
    expect_legible(picture, "mixed " + std::to_string(i));
    const std::size_t at = document.sample.text.find("Question: ");
    EXPECT_EQ(at == std::string::npos, document.sample.field == "math");
    if (at == std::string::npos) continue;
    EXPECT_NE(all_text(picture).find(document.sample.text.substr(at)), std::string::npos);
  }
}

TEST(Painter, EqualPlacesGiveEqualPictures) {
  Painter one, other;
  draw(other, "chart", 5);  // what was drawn before does not matter
  const Picture a = draw(one, "chart", 9).picture, b = draw(other, "chart", 9).picture;
  ASSERT_EQ(a.bgr.size(), b.bgr.size());
  EXPECT_EQ(cv::norm(a.bgr, b.bgr, cv::NORM_INF), 0);
  const std::string png = png_bytes(a.bgr);
  const cv::Mat decoded = cv::imdecode(std::vector<unsigned char>(png.begin(), png.end()), cv::IMREAD_COLOR);
  EXPECT_EQ(cv::norm(a.bgr, decoded, cv::NORM_INF), 0);
}

TEST(Painter, TextLeavesInkInItsBox) {
  Painter painter;
  const Picture picture = draw(painter, "math", 4).picture;
  ASSERT_FALSE(picture.texts.empty());
  for (const PrintedText& text : picture.texts) {
    double darkest = 255;
    cv::Mat grey;
    cv::cvtColor(picture.bgr(text.box), grey, cv::COLOR_BGR2GRAY);
    cv::minMaxLoc(grey, &darkest);
    EXPECT_LT(darkest, 80) << text.text;
    EXPECT_GT(cv::mean(grey)[0], 120) << text.text;
  }
}

TEST(Painter, MissingFontsNameTheirPackage) {
  TemporaryFolder empty;
  Painter painter(empty.path());
  try {
    draw(painter, "math", 0);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("Debian package fonts-"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zlens::synth
