// What all small pictures have in common: glyphs, labels, degradation, fonts.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>
#include <stdexcept>

#include "io/error.h"
#include "io/utf8.h"
#include "support/temporary_folder.h"
#include "synth/degrade.h"
#include "synth/patch_labels.h"
#include "tests/synth/small_fixture.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

const fs::path kFonts = "/usr/share/fonts/truetype";
const char* const kSmallKinds[] = {"reading", "small-math", "scene", "small-chart", "small-mixed"};

// How far each pixel is from `colour`, the largest of its channels.
cv::Mat distance_from(const cv::Mat& bgr, const cv::Vec3b& colour) {
  cv::Mat difference, channels[3];
  cv::absdiff(bgr, cv::Scalar(colour[0], colour[1], colour[2]), difference);
  cv::split(difference, channels);
  return cv::max(channels[0], cv::max(channels[1], channels[2]));
}

Canvas text_canvas(Fonts& fonts, cv::Size size, const std::string& text, int pixels) {
  Canvas canvas(fonts, size);
  canvas.text_at(text, {size.width / 2, size.height / 2}, {text_families(false)[0], pixels, {0, 0, 0}}, Align::Centre);
  return canvas;
}

TEST(Glyphs, HaveTheCharactersOfTheTexts) {
  Painter painter;
  for (const char* kind : kSmallKinds)
    for (std::uint64_t i = 0; i < 60; ++i) {
      const Picture picture = draw_small(painter, {kind, i}).picture;
      std::u32string printed, glyphs;
      for (const PrintedText& text : picture.texts)
        for (const char32_t c : to_utf32(text.text))
          if (c != U' ') printed += c;
      for (const Glyph& glyph : picture.glyphs) glyphs += glyph.character;
      EXPECT_EQ(to_utf8(glyphs), to_utf8(printed)) << kind << " " << i;
    }
}

TEST(Glyphs, BoxesHaveInkAndNothingElseDoes) {
  Painter painter;
  for (std::uint64_t i = 0; i < 60; ++i) {
    Picture picture = draw_small(painter, {"reading", i, Split::Train, {"label"}}, {.degradation = kClean}).picture;
    const cv::Vec3b paper = picture.bgr.at<cv::Vec3b>(0, 0);
    if (i % 2) rotate(picture, i % 4 == 1 ? 3.5 : -3.5);
    cv::Mat distance = distance_from(picture.bgr, paper);
    for (const Glyph& glyph : picture.glyphs) {
      const cv::Rect box = glyph.box & cv::Rect(0, 0, picture.bgr.cols, picture.bgr.rows);
      double most = 0;
      cv::minMaxLoc(distance(box), nullptr, &most);
      EXPECT_GT(most, 50) << i << ": " << to_utf8(std::u32string(1, glyph.character));
    }
    for (const Glyph& glyph : picture.glyphs) {
      const cv::Rect around(glyph.box.x - 1, glyph.box.y - 1, glyph.box.width + 2, glyph.box.height + 2);
      distance(around & cv::Rect(0, 0, picture.bgr.cols, picture.bgr.rows)).setTo(0);
    }
    EXPECT_EQ(cv::countNonZero(distance > 8), 0) << i;
  }
}

TEST(Glyphs, FollowTheRotation) {
  Fonts fonts;
  Picture picture = text_canvas(fonts, {160, 120}, "H      H", 20).take();
  const cv::Rect before = picture.glyphs[0].box, other = picture.glyphs[1].box;
  rotate(picture, 4);
  // Counter-clockwise: the left letter sinks, the right one rises, by the same.
  const auto middle = [](cv::Rect box) { return box.y + box.height / 2.0; };
  const double sunk = middle(picture.glyphs[0].box) - middle(before), risen = middle(other) - middle(picture.glyphs[1].box);
  EXPECT_GE(sunk, 1);
  EXPECT_NEAR(sunk, risen, 1);
  EXPECT_EQ(picture.glyphs[0].cell.size(), text_canvas(fonts, {160, 120}, "H      H", 20).take().glyphs[0].cell.size());
  EXPECT_EQ(picture.texts[0].box & before, before & picture.texts[0].box);
}

TEST(PatchLabels, NameTheCharacterUnderEachCentre) {
  Fonts fonts;
  const Picture picture = text_canvas(fonts, {128, 128}, "WM", 48).take();
  const std::vector<std::uint8_t> labels = patch_labels(picture, 16);
  ASSERT_EQ(labels.size(), 256u);
  std::map<int, int> counts;
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 16; ++column) {
      const int label = labels[static_cast<std::size_t>(row * 16 + column)];
      ++counts[label];
      const cv::Point centre(column * 8 + 4, row * 8 + 4);
      const auto inside = [&](const Glyph& glyph) { return (glyph.cell & cv::Rect(centre, cv::Size(1, 1))).area() > 0; };
      EXPECT_TRUE(!inside(picture.glyphs[0]) || label == 'W' - 31);
      EXPECT_TRUE(!inside(picture.glyphs[1]) || label == 'M' - 31);
    }
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_GE(counts['W' - 31], 16);
  EXPECT_GE(counts['M' - 31], 16);
}

TEST(PatchLabels, StretchThePictureToASquare) {
  Fonts fonts;
  Canvas canvas(fonts, {160, 40});
  canvas.text_at("I", {130, 20}, {text_families(false)[0], 36, {0, 0, 0}}, Align::Centre);
  const std::vector<std::uint8_t> labels = patch_labels(canvas.take(), 4);
  EXPECT_EQ(std::count(labels.begin(), labels.end(), 'I' - 31), 0);  // its cell has no centre: they are at 20, 60, 100, 140
  Canvas wide(fonts, {160, 40});
  wide.text_at("W", {140, 20}, {text_families(false)[0], 36, {0, 0, 0}}, Align::Centre);
  const std::vector<std::uint8_t> found = patch_labels(wide.take(), 4);
  EXPECT_EQ(found[3 + 4], 'W' - 31);
  EXPECT_EQ(found[3 + 8], 'W' - 31);
  EXPECT_EQ(found[2 + 4], 0);
}

TEST(PatchLabels, ColoursLieBelowTextAndAboveEarlierColours) {
  Fonts fonts;
  Canvas canvas = text_canvas(fonts, {128, 128}, "W", 32);
  canvas.mark(2, {{0, 0}, {128, 0}, {128, 128}, {0, 128}});
  canvas.mark(11, {{0, 0}, {40, 0}, {0, 40}});
  const std::vector<std::uint8_t> labels = patch_labels(canvas.take(), 16);
  EXPECT_EQ(labels[0], colour_label(11));
  EXPECT_EQ(labels[15], colour_label(2));
  EXPECT_EQ(labels[4 * 16 + 4], colour_label(2));  // beyond the triangle's long side
  EXPECT_EQ(labels[8 * 16 + 8], 'W' - 31);
  EXPECT_LT(colour_label(11), kPatchLabels);
  EXPECT_THROW(patch_labels({cv::Mat(8, 8, CV_8UC3)}, 0), std::logic_error);
}

TEST(LetterLabels, SpellTheWordUnderEachCentre) {
  Fonts fonts;
  Canvas canvas(fonts, {128, 128});
  const TextStyle style{text_families(false)[0], 20, {0, 0, 0}};
  canvas.text_at("tea WE", {8, 20}, style);
  canvas.text_at("x", {8, 100}, style);
  Picture picture = canvas.take();
  rotate(picture, 2);
  const auto letters = [&](std::size_t place) {
    std::string out;
    for (const std::uint8_t label : letter_labels(picture, 16, place)) out += label ? static_cast<char>(31 + label) : '.';
    return out;
  };
  const std::string first = letters(0), second = letters(1), third = letters(2);
  EXPECT_GE(std::count(first.begin(), first.end(), 't'), 4);
  EXPECT_GE(std::count(first.begin(), first.end(), 'W'), 4);
  EXPECT_GE(std::count(first.begin(), first.end(), 'x'), 1);
  EXPECT_EQ(std::count(first.begin(), first.end(), 't'), std::count(second.begin(), second.end(), 'e'));
  EXPECT_EQ(std::count(first.begin(), first.end(), 't'), std::count(third.begin(), third.end(), 'a'));
  EXPECT_EQ(std::count(first.begin(), first.end(), 'W'), std::count(second.begin(), second.end(), 'E'));
  EXPECT_EQ(third.find_first_not_of(".a"), third.npos);  // shorter words have no third letter
}

// Rows of a grid of labels: blanks are dots, colours stars.
std::vector<std::string> shown(const std::vector<std::uint8_t>& labels, std::size_t grid) {
  std::vector<std::string> out(grid);
  for (std::size_t i = 0; i < labels.size(); ++i)
    out[i / grid] += labels[i] == 0 ? '.' : labels[i] > kCharacterLabels ? '*' : static_cast<char>(31 + labels[i]);
  return out;
}

TEST(TextLabels, WriteEachCharacterOnce) {
  Fonts fonts;
  Canvas canvas(fonts, {128, 128});
  canvas.text_at("WE go", {20, 20}, {text_families(false)[0], 32, {0, 0, 0}});
  canvas.text_at("illicit ill", {8, 84}, {text_families(false)[0], 10, {0, 0, 0}});  // narrower than its patches
  canvas.text_at("right", {104, 108}, {text_families(false)[0], 9, {0, 0, 0}});
  canvas.mark(3, {{64, 116}, {96, 116}, {96, 128}, {64, 128}});
  const std::vector<std::string> rows = shown(text_labels(canvas.take(), 16), 16);
  EXPECT_EQ(rows[2], "....W..E...g.o..");
  EXPECT_EQ(rows[10], ".illicit.ill....");
  EXPECT_EQ(rows[13], "...........right");  // further left than printed: the row ends
  EXPECT_EQ(rows[15], "..........*.....");
  for (const std::size_t row : {0u, 1u, 3u, 9u, 11u, 12u, 14u}) EXPECT_EQ(rows[row], "................");
}

TEST(TextLabels, HaveNearlyEveryCharacterOfSmallPictures) {
  Painter painter;
  for (const char* kind : kSmallKinds) {
    std::ptrdiff_t printed = 0, written = 0;
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Picture picture = draw_small(painter, {kind, i}).picture;
      const std::vector<std::uint8_t> labels = text_labels(picture, 16);
      printed += std::ssize(picture.glyphs);
      written += std::count_if(labels.begin(), labels.end(), [](int label) { return label > 0 && label <= kCharacterLabels; });
    }
    EXPECT_LE(written, printed) << kind;
    EXPECT_GE(static_cast<double>(written), 0.98 * static_cast<double>(printed)) << kind;
  }
}

TEST(ValueLabels, NameWhatAPlaceStandsFor) {
  Fonts fonts;
  Canvas canvas(fonts, {128, 128});
  canvas.mark_value(37, cv::Rect2d(0, 0, 64, 128));
  canvas.mark_value(450, cv::Rect2d(32, 0, 32, 128));
  canvas.mark_value(123, cv::Rect2d(100, 0, 28, 128));
  const std::vector<std::uint8_t> labels = value_labels(canvas.take(), 16);
  EXPECT_EQ(labels[0], 37);
  EXPECT_EQ(labels[15 * 16 + 5], value_label(450));
  EXPECT_EQ(labels[9], 0);
  EXPECT_EQ(labels[14], 0);  // no label has that value
}

TEST(ValueLabels, AreOneForEachValueOfSmallCharts) {
  std::set<int> labels;
  for (int value = 1; value <= 100; ++value) labels.insert(value_label(value));
  for (int value = 150; value <= 500; value += 50) labels.insert(value_label(value));
  EXPECT_EQ(labels.size(), 108u);
  EXPECT_EQ(*labels.begin(), 1);
  EXPECT_EQ(*labels.rbegin(), kValueLabels - 1);
  for (const double other : {0.0, -3.0, 2.5, 125.0, 550.0, 1e12}) EXPECT_EQ(value_label(other), 0) << other;
}

TEST(PatchLabels, KnowPrintableAsciiAndTheSignsOfArithmetic) {
  EXPECT_EQ(character_label(U' '), 1);
  EXPECT_EQ(character_label(U'~'), kCharacterLabels);
  EXPECT_EQ(character_label(U'×'), character_label(U'x'));
  EXPECT_EQ(character_label(U'÷'), character_label(U'/'));
  EXPECT_EQ(character_label(U'é'), 0);
  EXPECT_EQ(character_label(U'\n'), 0);
}

TEST(Degradation, EqualPlacesGiveEqualPictures) {
  Painter one, other;
  for (const char* kind : kSmallKinds) {
    draw_small(other, {kind, 77});  // what was drawn before does not matter
    for (std::uint64_t i = 0; i < 20; ++i) {
      const Picture a = draw_small(one, {kind, i}).picture, b = draw_small(other, {kind, i}).picture;
      ASSERT_EQ(a.bgr.size(), b.bgr.size());
      EXPECT_EQ(cv::norm(a.bgr, b.bgr, cv::NORM_INF), 0);
      EXPECT_EQ(patch_labels(a, 16), patch_labels(b, 16));
    }
  }
}

TEST(Degradation, LeavesAThirdAsDrawnAndTextInside) {
  Painter painter;
  int clean = 0, turned = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const SmallPlace place{"reading", i};
    const Picture drawn = draw_small(painter, place, {.degradation = kClean}).picture, picture = draw_small(painter, place).picture;
    ASSERT_EQ(drawn.bgr.size(), picture.bgr.size());
    clean += cv::norm(drawn.bgr, picture.bgr, cv::NORM_INF) == 0;
    turned += drawn.glyphs[0].box != picture.glyphs[0].box;
    const cv::Rect image(0, 0, picture.bgr.cols, picture.bgr.rows);
    for (const Glyph& glyph : picture.glyphs) EXPECT_EQ(glyph.box & image, glyph.box) << i;
  }
  EXPECT_NEAR(clean, 137, 40);  // and those that no effect befell
  EXPECT_NEAR(turned, 120, 40);
}

TEST(Degradation, LeavesTextItsContrast) {
  Painter painter;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Picture picture = draw_small(painter, {"reading", i}, {.degradation = {.clean = 0}}).picture;
    cv::Mat grey;
    cv::cvtColor(picture.bgr, grey, cv::COLOR_BGR2GRAY);
    cv::Scalar mean, deviation;
    cv::meanStdDev(grey(picture.texts[0].box & cv::Rect(0, 0, grey.cols, grey.rows)), mean, deviation);
    EXPECT_GT(deviation[0], 16) << i;
  }
}

// A font folder with these families alone.
void link_families(const fs::path& folder, std::span<const Family> families) {
  for (const Family& family : families)
    for (const std::string_view file : {family.regular, family.bold}) {
      fs::create_directories((folder / file).parent_path());
      fs::create_symlink(kFonts / file, folder / file);
    }
}

TEST(SmallFonts, UnseenSamplesUseUnseenFontsAlone) {
  TemporaryFolder seen, unseen;
  link_families(seen.path(), text_families(false));
  link_families(seen.path(), fixed_families(false));
  link_families(unseen.path(), text_families(true));
  link_families(unseen.path(), fixed_families(true));
  Painter seen_painter(seen.path()), unseen_painter(unseen.path());
  for (const char* kind : kSmallKinds)
    for (std::uint64_t i = 0; i < 60; ++i) {
      EXPECT_NO_THROW(draw_small(seen_painter, {kind, i}, {.installed_fonts = true}));
      Document document = find_kind(kind).make({31, Split::Test, i}, {});
      Rng rng = rng_at({31, Split::Test, i}, "picture");
      Painter& painter = document.sample.unseen ? unseen_painter : seen_painter;
      EXPECT_NO_THROW(painter.paint(document.facts, rng, {.unseen_fonts = document.sample.unseen}));
    }
}

TEST(SmallFonts, InstalledOnesJoinWhereAskedAndThere) {
  TemporaryFolder folder;
  link_families(folder.path(), text_families(false));
  link_families(folder.path(), fixed_families(false));
  EXPECT_TRUE(Fonts(folder.path()).installed().empty());
  const Family& more = optional_families()[0];
  fs::create_directories((folder.path() / more.regular).parent_path());
  fs::create_symlink(kFonts / text_families(true)[0].regular, folder.path() / more.regular);
  EXPECT_TRUE(Fonts(folder.path()).installed().empty());  // its bold cut is missing
  fs::create_symlink(kFonts / text_families(true)[0].bold, folder.path() / more.bold);
  EXPECT_EQ(Fonts(folder.path()).installed().size(), 1u);
  Painter painter(folder.path()), full;
  int others = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const SmallPlace place{"reading", i};
    const cv::Mat without = draw_small(painter, place).picture.bgr,
                  with = draw_small(painter, place, {.installed_fonts = true}).picture.bgr;
    EXPECT_EQ(cv::norm(without, draw_small(full, place).picture.bgr, cv::NORM_INF), 0);
    others += without.size() != with.size() || cv::norm(without, with, cv::NORM_INF) > 0;
  }
  EXPECT_GT(others, 10);
}

TEST(SmallFonts, NoOptionalFamilyIsUnseen) {
  EXPECT_GE(optional_families().size(), 20u);
  for (const Family& family : optional_families())
    for (const bool fixed : {false, true})
      for (const Family& unseen : fixed ? fixed_families(true) : text_families(true)) {
        EXPECT_NE(family.regular, unseen.regular);
        EXPECT_NE(family.package, unseen.package);
      }
}

}  // namespace
}  // namespace zlens::synth
