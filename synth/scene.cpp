#include "synth/scene.h"

#include <algorithm>

#include "synth/scene_questions.h"

namespace zlens::synth {
namespace {

constexpr int kSide = 128;

std::string article(std::string_view noun) {
  return (std::string_view("aeiou").find(noun[0]) != std::string_view::npos ? "an " : "a ") + std::string(noun);
}

// Alone a shape may be large and stand anywhere; with others it keeps to its cell.
void place_alone(Rng& rng, SceneShape& shape) {
  shape.radius = static_cast<int>(rng.integer(13, 44));
  shape.x = static_cast<int>(rng.integer(shape.radius + 4, kSide - 4 - shape.radius));
  shape.y = static_cast<int>(rng.integer(shape.radius + 4, kSide - 4 - shape.radius));
  shape.row = shape.y * 3 / kSide;
  shape.column = shape.x * 3 / kSide;
}

void place_in_cell(Rng& rng, SceneShape& shape, int cell) {
  constexpr int kCell = kSide / 3;
  shape.row = cell / 3;
  shape.column = cell % 3;
  shape.radius = static_cast<int>(rng.integer(11, 18));
  const int room = kCell / 2 - shape.radius;
  shape.x = shape.column * kCell + kCell / 2 + 1 + static_cast<int>(rng.integer(-room, room));
  shape.y = shape.row * kCell + kCell / 2 + 1 + static_cast<int>(rng.integer(-room, room));
}

// Few kinds and colours in some scenes, so that there is something to count.
std::vector<std::size_t> palette(Rng& rng, std::size_t all) {
  std::vector<std::size_t> out(all);
  for (std::size_t i = 0; i < all; ++i) out[i] = i;
  return rng.chance(0.4) ? rng.pick_some(out, static_cast<std::size_t>(rng.integer(1, 3))) : out;
}

Scene draw_scene(Rng& rng) {
  Scene scene;
  const auto count = static_cast<std::size_t>(rng.chance(0.3) ? 1 : rng.integer(2, 6));
  const std::vector<std::size_t> shapes = palette(rng, kShapes.size()), colours = palette(rng, kColours.size());
  std::vector<int> cells = rng.pick_some(std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}, count);
  std::sort(cells.begin(), cells.end());
  for (const int cell : cells) {
    SceneShape shape;
    shape.shape = rng.pick(shapes);
    shape.colour = rng.pick(colours);
    if (count == 1) {
      place_alone(rng, shape);
    } else {
      place_in_cell(rng, shape, cell);
    }
    scene.shapes.push_back(shape);
  }
  return scene;
}

}  // namespace

std::string named(const SceneShape& shape) {
  return std::string(kColours[shape.colour].name) + " " + std::string(kShapes[shape.shape].one);
}

std::string_view place_of(const SceneShape& shape) {
  constexpr std::string_view kPlaces[3][3] = {
      {"top left", "top", "top right"}, {"left", "middle", "right"}, {"bottom left", "bottom", "bottom right"}};
  return kPlaces[shape.row][shape.column];
}

std::string describe(const Scene& scene) {
  std::string out;
  for (const SceneShape& shape : scene.shapes) {
    const std::string_view place = place_of(shape);
    const std::string_view preposition = place == "middle"                     ? " in the "
                                         : place == "left" || place == "right" ? " on the "
                                                                               : " at the ";
    out += (out.empty() ? "" : ", ") + article(named(shape)) + std::string(preposition) + std::string(place);
  }
  return out;
}

SceneSample make_scene(Rng& rng, Split split) {
  return in_split(rng, split, [&](Rng& draw) {
    SceneSample out;
    out.scene = draw_scene(draw);
    out.sample = ask_about(draw, out.scene);
    for (int i = 0; i < kMoreQuestions; ++i) out.more.push_back(ask_about(draw, out.scene));
    out.sample.text = describe(out.scene);
    for (Sample& other : out.more) other.text = out.sample.text;
    out.key = "scene|" + out.sample.text;
    return out;
  });
}

}  // namespace zlens::synth
