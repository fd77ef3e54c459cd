// Scenes of simple shapes: what they are, which colours they have and where they stand. Free of torch and OpenCV.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "synth/colours.h"
#include "synth/sample.h"
#include "synth/split.h"

namespace zlens::synth {

struct ShapeName {
  std::string_view one, many;
};
inline constexpr std::array<ShapeName, 10> kShapes = {{{"circle", "circles"},
                                                       {"square", "squares"},
                                                       {"rectangle", "rectangles"},
                                                       {"triangle", "triangles"},
                                                       {"star", "stars"},
                                                       {"cross", "crosses"},
                                                       {"diamond", "diamonds"},
                                                       {"heart", "hearts"},
                                                       {"moon", "moons"},
                                                       {"pentagon", "pentagons"}}};

struct SceneShape {
  std::size_t shape = 0, colour = 0;  // of kShapes, kColours
  int row = 0, column = 0;            // of a field of 3 × 3, from the top left
  int x = 0, y = 0, radius = 0;       // middle and half the size, in 1/128 of the picture's sides
};

// One to six shapes in cells of their own, from the top left.
struct Scene {
  std::vector<SceneShape> shapes;
};

std::string named(const SceneShape& shape);          // "red circle"
std::string_view place_of(const SceneShape& shape);  // "top left", "top", …, "middle"
std::string describe(const Scene& scene);            // "a red circle at the top left, a blue square in the middle"

struct SceneSample {
  Scene scene;
  Sample sample;
  std::vector<Sample> more;  // other questions about it
  std::string key;           // the facts, for split_of
};

// Fields: shape, color, count, exists (yes or no), position (what stands left of, above … something; where something is; yes or
// no). Shapes in the same row or column of the field are neither above nor left of one another. Metric: exact_match.
SceneSample make_scene(Rng& rng, Split split);

}  // namespace zlens::synth
