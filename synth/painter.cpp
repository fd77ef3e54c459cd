#include "synth/painter.h"

#include <opencv2/imgcodecs.hpp>

#include "io/error.h"
#include "synth/chart_style.h"
#include "synth/draw_page.h"
#include "synth/draw_small.h"

namespace zlens::synth {
namespace {

struct Drawer {
  Fonts& fonts;
  Rng& rng;
  const PictureOptions& options;

  Picture operator()(const Chart& chart) const {
    const ChartStyle style = draw_chart_style(rng, options);
    if (chart.kind == ChartKind::Pie) return draw_pie(fonts, chart, style);
    // Several values beside one name lose their series when they are read line by line.
    const bool may_lie = chart.kind == ChartKind::Bar || (chart.kind == ChartKind::GroupedBar && style.values != Values::Readable);
    return may_lie && style.lying ? draw_lying(fonts, chart, style) : draw_standing(fonts, chart, style);
  }
  Picture operator()(const Sheet& sheet) const { return draw_sheet(fonts, sheet, rng, options); }
  Picture operator()(const Receipt& receipt) const { return draw_receipt(fonts, receipt, rng, options); }
  Picture operator()(const Note& note) const { return degraded(draw_note(fonts, note, rng, options)); }

  Picture operator()(const SmallExercise& exercise) const { return degraded(draw_small_exercise(fonts, exercise, rng, options)); }
  // Colours are asked for, so they keep their contrast.
  Picture operator()(const Scene& scene) const {
    Degradation kept = options.degradation;
    kept.contrast = 0;
    Picture picture = draw_scene(fonts, scene, rng, options);
    degrade(picture, rng, kept);
    return picture;
  }
  Picture operator()(const SmallChart& chart) const { return degraded(draw_small_chart(fonts, chart, rng, options)); }

  Picture degraded(Picture picture) const {
    degrade(picture, rng, options.degradation);
    return picture;
  }
};

}  // namespace

Picture Painter::paint(const Facts& facts, Rng& rng, const PictureOptions& options) {
  return std::visit(Drawer{fonts_, rng, options}, facts);
}

std::string png_bytes(const cv::Mat& bgr) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".png", bgr, bytes)) throw Error("a picture could not be written as PNG");
  return {bytes.begin(), bytes.end()};
}

}  // namespace zlens::synth
