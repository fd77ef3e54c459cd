// Small pictures show their facts.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <set>

#include "synth/patch_labels.h"
#include "tests/synth/small_fixture.h"

namespace zlens::synth {
namespace {

bool printed(const Picture& picture, const std::string& text) {
  return std::any_of(picture.texts.begin(), picture.texts.end(), [&](const PrintedText& one) {
    return one.text == text || one.text.ends_with(" " + text) || one.text.starts_with(text + " ");
  });
}

std::string all_text(const Picture& picture) {
  std::string out;
  for (const PrintedText& text : picture.texts) out += text.text;
  std::erase(out, ' ');
  return out;
}

void expect_legible(const Picture& picture, const std::string& what) {
  const cv::Rect image(0, 0, picture.bgr.cols, picture.bgr.rows);
  EXPECT_GE(picture.bgr.cols, 116);
  EXPECT_LE(std::max(picture.bgr.cols, picture.bgr.rows), 160);
  for (std::size_t i = 0; i < picture.texts.size(); ++i) {
    const cv::Rect& box = picture.texts[i].box;
    EXPECT_EQ(box & image, box) << what << ": '" << picture.texts[i].text << "' leaves the picture";
    for (std::size_t k = 0; k < i; ++k)
      EXPECT_EQ((box & picture.texts[k].box).area(), 0)
          << what << ": '" << picture.texts[i].text << "' covers '" << picture.texts[k].text << "'";
  }
}

TEST(SmallDrawing, TextsAreInsideAndApart) {
  Painter painter;
  for (const char* kind : {"reading", "small-math", "small-chart", "small-mixed"})
    for (std::uint64_t i = 0; i < 300; ++i)
      for (const Split split : {Split::Train, Split::Test})
        expect_legible(draw_small(painter, {kind, i, split}, {.degradation = kClean}).picture, kind + std::to_string(i));
}

TEST(SmallDrawing, NotesPrintTheirText) {
  Painter painter;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto [document, picture] = draw_small(painter, {"reading", i});
    const Note& note = std::get<Note>(document.facts);
    std::string text = note.heading, plain = note.heading;
    for (const NoteLine& line : note.lines) {
      text += line.key + (line.key.empty() ? "" : ":") + line.value;
      plain += line.key + line.value;
    }
    std::erase(text, ' ');
    std::erase(plain, ' ');
    EXPECT_TRUE(all_text(picture) == text || all_text(picture) == plain) << all_text(picture) << " " << text;
  }
}

TEST(SmallDrawing, ExercisesStandInOneLineOrAColumn) {
  Painter painter;
  int columns = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto [document, picture] = draw_small(painter, {"small-math", i}, {.degradation = kClean});
    const SmallExercise& exercise = std::get<SmallExercise>(document.facts);
    if (picture.texts.size() == 1) {
      EXPECT_EQ(picture.texts[0].text, exercise.shown);
      continue;
    }
    ++columns;
    ASSERT_EQ(exercise.column.size(), 2u);
    EXPECT_EQ(picture.texts[0].text, exercise.column[0]);
    EXPECT_EQ(picture.texts[1].text, exercise.column[1]);
    EXPECT_NEAR(picture.texts[0].box.br().x, picture.texts[1].box.br().x, 3);
    EXPECT_LT(picture.texts[0].box.br().y, picture.texts[1].box.y);
  }
  EXPECT_GT(columns, 30);
}

std::size_t nearest_colour(cv::Vec3b pixel) {
  std::size_t best = 0;
  double least = 1e9;
  for (std::size_t i = 0; i < kColours.size(); ++i) {
    const double distance = cv::norm(scalar_of(kColours[i].rgb) - cv::Scalar(pixel[0], pixel[1], pixel[2]));
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

// Of the pixels well inside the regions of a picture, those that show the colour of the uppermost one; 1 where lines are too thin
// to have any.
double colour_share(const Picture& picture) {
  int all = 0, right = 0;
  for (int y = 0; y < picture.bgr.rows; ++y)
    for (int x = 0; x < picture.bgr.cols; ++x) {
      int colour = -1;
      for (const Region& region : picture.regions) {
        const double inside =
            cv::pointPolygonTest(region.outline, cv::Point2f(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f), true);
        if (inside > 1.6)
          colour = region.colour;
        else if (inside > -1.6)
          colour = -1;
      }
      const bool text = std::any_of(picture.texts.begin(), picture.texts.end(), [&](const PrintedText& one) {
        return one.box.contains({x, y});
      });
      if (colour < 0 || text) continue;
      ++all;
      right += nearest_colour(picture.bgr.at<cv::Vec3b>(y, x)) == static_cast<std::size_t>(colour);
    }
  return all > 0 ? static_cast<double>(right) / all : 1;
}

TEST(SmallDrawing, RegionsShowTheirColours) {
  Painter painter;
  for (std::uint64_t i = 0; i < 40; ++i) {
    Picture scene = draw_small(painter, {"scene", i}, {.degradation = kClean}).picture;
    EXPECT_GT(colour_share(scene), 0.98) << "scene " << i;
    rotate(scene, 4);
    EXPECT_GT(colour_share(scene), 0.98) << "turned scene " << i;
    EXPECT_GT(colour_share(draw_small(painter, {"small-chart", i}, {.degradation = kClean}).picture), 0.97) << "chart " << i;
  }
}

TEST(SmallDrawing, EveryShapeIsMarkedWhereItStands) {
  Painter painter;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto [document, picture] = draw_small(painter, {"scene", i}, {.degradation = kClean});
    const Scene& scene = std::get<Scene>(document.facts);
    ASSERT_EQ(picture.regions.size(), scene.shapes.size());
    const std::vector<std::uint8_t> labels = patch_labels(picture, 16);
    for (std::size_t s = 0; s < scene.shapes.size(); ++s) {
      EXPECT_EQ(picture.regions[s].colour, static_cast<int>(scene.shapes[s].colour));
      EXPECT_GE(std::count(labels.begin(), labels.end(), colour_label(static_cast<int>(scene.shapes[s].colour))), 1) << i;
      const cv::Rect box = cv::boundingRect(picture.regions[s].outline);
      const double across = picture.bgr.cols / 128.0, down = picture.bgr.rows / 128.0;
      EXPECT_TRUE(box.contains(cv::Point(cvRound(scene.shapes[s].x * across), cvRound(scene.shapes[s].y * down))));
      EXPECT_LE(box.width, 2 * scene.shapes[s].radius * across + 4);
    }
  }
}

TEST(SmallDrawing, ChartsShowAllTheirValuesAndNoOthers) {
  Painter painter;
  for (const bool clean : {true, false})
    for (std::uint64_t i = 0; i < 100; ++i) {
      const auto [document, picture] = draw_small(painter, {"small-chart", i}, {.degradation = clean ? kClean : Degradation{}});
      const Chart& chart = std::get<SmallChart>(document.facts).chart;
      std::set<int> wanted, marked, seen;
      for (const auto& series : chart.values)
        for (const Decimal value : series) wanted.insert(value_label(value.value()));
      for (const ValuePlace& place : picture.values) marked.insert(value_label(place.value));
      for (const std::uint8_t label : value_labels(picture, 16)) seen.insert(label);
      seen.erase(0);
      EXPECT_EQ(marked, wanted) << i;
      EXPECT_TRUE(std::includes(wanted.begin(), wanted.end(), seen.begin(), seen.end())) << i;
      // Of one series every value has a name, which is wide enough for a patch.
      EXPECT_TRUE(!chart.series.empty() || seen == wanted) << i;
    }
}

TEST(SmallDrawing, ChartsPrintTheirNamesAndValuesAsAsked) {
  Painter painter;
  int drawn = 0;
  for (const auto values : {std::optional(Values::Marks), std::optional(Values::Off), std::optional<Values>()})
    for (std::uint64_t i = 0; i < 150; ++i) {
      const auto [document, picture] = draw_small(painter, {"small-chart", i}, {.values = values, .degradation = kClean});
      const Chart& chart = std::get<SmallChart>(document.facts).chart;
      for (const std::string& name : chart.categories) EXPECT_TRUE(printed(picture, name)) << name;
      for (const std::string& name : chart.series) EXPECT_TRUE(printed(picture, name)) << name;
      EXPECT_TRUE(chart.title.empty() || printed(picture, chart.title));
      // Of axes a value may also be a tick.
      bool all = true, none = true;
      for (std::size_t s = 0; s < chart.values.size(); ++s)
        for (std::size_t c = 0; c < chart.categories.size(); ++c) {
          all = all && printed(picture, chart.printed(s, c));
          none = none && !printed(picture, chart.printed(s, c));
        }
      EXPECT_TRUE(values != Values::Marks || all) << i;
      EXPECT_TRUE(values != Values::Off || chart.kind != ChartKind::Pie || none) << i;
      if (!values && chart.kind == ChartKind::Pie) drawn += all ? 1 : -1;
    }
  EXPECT_LT(std::abs(drawn), 25);  // about half of them
}

TEST(SmallDrawing, BarsAreAsLongAsTheirValues) {
  Painter painter;
  int lying = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Place place{31, Split::Train, i};
    const Document document = find_kind("small-chart").make(place, {.chart = {.kind = ChartKind::Bar}});
    Rng rng = rng_at(place, "picture");
    const Picture picture = painter.paint(document.facts, rng, {.degradation = kClean});
    const Chart& chart = std::get<SmallChart>(document.facts).chart;
    ASSERT_EQ(picture.regions.size(), chart.categories.size());
    std::vector<cv::Point2f> sizes;
    for (const Region& region : picture.regions) sizes.push_back(region.outline[2] - region.outline[0]);
    const bool lies = std::abs(sizes[0].y - sizes[1].y) < 1e-3;
    lying += lies;
    for (std::size_t c = 1; c < sizes.size(); ++c) {
      const double length = lies ? sizes[c].x : sizes[c].y, first = lies ? sizes[0].x : sizes[0].y;
      EXPECT_NEAR(length / first, chart.values[0][c].value() / chart.values[0][0].value(), 0.01 * length / first);
    }
  }
  EXPECT_GT(lying, 10);
  EXPECT_LT(lying, 50);
}

}  // namespace
}  // namespace zlens::synth
