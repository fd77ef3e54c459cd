#include "synth/scene_questions.h"

#include <algorithm>
#include <optional>
#include <span>

#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

// Placeholders: {c} a colour, {s} a shape, {ss} its plural, {k} "red circle", {ak} "a red circle", {k2} another one, {side} "left
// of", "right of", "above", "below".
constexpr View kShape[] = {"What shape is in the image?",        "Which shape is shown?", "What shape is this?",
                           "What shape does the image contain?", "Name the shape.",       "Which kind of shape can you see?"};
constexpr View kShapeOf[] = {"What shape is {c}?",     "Which shape is {c}?",         "What is the shape of the {c} object?",
                             "What is the {c} thing?", "Name the shape that is {c}.", "Which shape has been drawn in {c}?"};
constexpr View kColour[] = {"What color is the shape?",           "Which color is shown?",
                            "What colour does the shape have?",   "Name the color of the shape.",
                            "In which color is the shape drawn?", "What color is it?"};
constexpr View kColourOf[] = {"What color is the {s}?",  "Which color does the {s} have?", "What is the color of the {s}?",
                              "What colour is the {s}?", "Name the color of the {s}.",     "In which color is the {s} drawn?"};
constexpr View kCountAll[] = {"How many shapes are there?", "How many shapes are in the image?", "How many objects do you see?",
                              "Count the shapes.",          "What is the number of shapes?",     "How many things are shown?"};
constexpr View kCount[] = {"How many {ss} are there?", "How many {ss} are in the image?", "How many {ss} do you see?",
                           "Count the {ss}.",          "What is the number of {ss}?",     "How many {ss} can be seen?"};
constexpr View kCountOf[] = {"How many {c} shapes are there?",    "How many shapes are {c}?",
                             "How many {c} objects do you see?",  "Count the {c} shapes.",
                             "What is the number of {c} shapes?", "How many things are {c}?"};
constexpr View kExists[] = {
    "Is there {ak}?",   "Is there {ak} in the image?", "Does the image contain {ak}?",    "Is {ak} present?",
    "Do you see {ak}?", "Can {ak} be found here?",     "Does {ak} appear in the picture?"};
constexpr View kBeside[] = {"What is {side} the {k}?", "Which object is {side} the {k}?", "What do you see {side} the {k}?",
                            "Name what stands {side} the {k}.", "Which thing is {side} the {k}?"};
constexpr View kWhere[] = {"Where is the {k}?", "Where in the image is the {k}?", "In which place is the {k}?",
                           "Name the place of the {k}.", "Where does the {k} stand?"};
constexpr View kRelated[] = {"Is the {k} {side} the {k2}?", "Is the {k} somewhere {side} the {k2}?",
                             "Does the {k} stand {side} the {k2}?", "Can the {k} be found {side} the {k2}?"};

struct Side {
  View words;
  int across, down;  // which way from the other shape
};
constexpr Side kSides[] = {{"left of", -1, 0}, {"right of", 1, 0}, {"above", 0, -1}, {"below", 0, 1}};

std::string with_article(const std::string& noun) {
  return (View("aeiou").find(noun[0]) != View::npos ? "an " : "a ") + noun;
}

class Asker {
 public:
  Asker(Rng& rng, const Scene& scene) : rng_(rng), scene_(scene) {}

  // Another question where the scene has no answer to the one that was drawn.
  Sample ask() {
    using Ask = std::optional<Sample> (Asker::*)();
    constexpr Ask kAsks[] = {&Asker::shape,  &Asker::shape,  &Asker::colour, &Asker::colour, &Asker::count, &Asker::count,
                             &Asker::exists, &Asker::exists, &Asker::beside, &Asker::beside, &Asker::where, &Asker::related};
    for (;;)
      if (auto sample = (this->*rng_.pick(kAsks))()) return *sample;
  }

 private:
  using Words = std::span<const View>;

  Sample sample(View field, Words words, std::span<const Filling> fillings, std::string answer) {
    Sample out{.field = std::string(field),
               .question = fill(rng_.pick(words), fillings),
               .answers = {std::move(answer)},
               .metric = "exact_match"};
    if (const std::size_t gray = out.answers[0].find("gray"); gray != std::string::npos) {
      std::string british = out.answers[0];
      out.answers.push_back(british.replace(gray, 4, "grey"));
    }
    return out;
  }

  template <typename Test>
  std::size_t count_if(const Test& test) const {
    return static_cast<std::size_t>(std::count_if(scene_.shapes.begin(), scene_.shapes.end(), test));
  }

  const SceneShape& any() { return rng_.pick(scene_.shapes); }
  bool alone() const { return scene_.shapes.size() == 1; }
  bool only_one(const SceneShape& shape) const {
    return count_if([&](const SceneShape& other) { return named(other) == named(shape); }) == 1;
  }

  std::optional<Sample> shape() {
    const SceneShape& about = any();
    const std::string answer(kShapes[about.shape].one);
    if (alone() && rng_.chance(0.5)) return sample("shape", kShape, {}, answer);
    if (count_if([&](const SceneShape& other) { return other.colour == about.colour; }) != 1) return std::nullopt;
    const Filling fillings[] = {{"c", kColours[about.colour].name}};
    return sample("shape", kShapeOf, fillings, answer);
  }

  std::optional<Sample> colour() {
    const SceneShape& about = any();
    const std::string answer(kColours[about.colour].name);
    if (alone() && rng_.chance(0.4)) return sample("color", kColour, {}, answer);
    if (count_if([&](const SceneShape& other) { return other.shape == about.shape; }) != 1) return std::nullopt;
    const Filling fillings[] = {{"s", kShapes[about.shape].one}};
    return sample("color", kColourOf, fillings, answer);
  }

  std::optional<Sample> count() {
    if (rng_.chance(0.3)) return sample("count", kCountAll, {}, std::to_string(scene_.shapes.size()));
    // Sometimes of what may not be there.
    SceneShape about = any();
    if (rng_.chance(0.15)) about = elsewhere();
    const bool by_shape = rng_.chance(0.5);
    const std::size_t found =
        count_if([&](const SceneShape& other) { return by_shape ? other.shape == about.shape : other.colour == about.colour; });
    const Filling fillings[] = {{"ss", kShapes[about.shape].many}, {"c", kColours[about.colour].name}};
    return sample("count", by_shape ? Words(kCount) : Words(kCountOf), fillings, std::to_string(found));
  }

  // Anything, mostly with one trait of what is there.
  SceneShape elsewhere() {
    SceneShape out = any();
    const double changed = rng_.real();
    if (changed < 0.65) out.shape = static_cast<std::size_t>(rng_.integer(0, kShapes.size() - 1));
    if (changed > 0.35) out.colour = static_cast<std::size_t>(rng_.integer(0, kColours.size() - 1));
    return out;
  }

  std::optional<Sample> exists() {
    const bool there = rng_.chance(0.5);
    const double look = rng_.real();
    const bool by_shape = look < 0.75, by_colour = look >= 0.25;  // both, or one of them
    SceneShape about = any();
    const auto found = [&] {
      return count_if([&](const SceneShape& other) {
               return (!by_shape || other.shape == about.shape) && (!by_colour || other.colour == about.colour);
             }) > 0;
    };
    for (int tries = 0; !there && tries < 10 && found(); ++tries) about = elsewhere();
    if (found() != there) return std::nullopt;
    const std::string what = (by_colour ? std::string(kColours[about.colour].name) + " " : "") +
                             (by_shape ? std::string(kShapes[about.shape].one) : "shape");
    const std::string with = with_article(what);
    const Filling fillings[] = {{"ak", with}};
    return sample("exists", kExists, fillings, there ? "yes" : "no");
  }

  static bool lies(const SceneShape& shape, const Side& side, const SceneShape& other) {
    return (shape.column - other.column) * side.across + (shape.row - other.row) * side.down > 0;
  }

  std::optional<Sample> beside() {
    const SceneShape& about = any();
    const Side& side = rng_.pick(kSides);
    const auto there = [&](const SceneShape& other) { return lies(other, side, about); };
    if (!only_one(about) || count_if(there) != 1) return std::nullopt;
    const auto found = std::find_if(scene_.shapes.begin(), scene_.shapes.end(), there);
    const std::string name = named(about);
    const Filling fillings[] = {{"k", name}, {"side", side.words}};
    return sample("position", kBeside, fillings, named(*found));
  }

  std::optional<Sample> where() {
    const SceneShape& about = any();
    if (alone() || !only_one(about)) return std::nullopt;  // alone it may stand between two places
    const std::string name = named(about);
    const Filling fillings[] = {{"k", name}};
    return sample("position", kWhere, fillings, std::string(place_of(about)));
  }

  std::optional<Sample> related() {
    const SceneShape &about = any(), &other = any();
    const Side& side = rng_.pick(kSides);
    if (!only_one(about) || !only_one(other)) return std::nullopt;
    const bool yes = lies(about, side, other);
    if (!yes && !lies(other, side, about)) return std::nullopt;
    const std::string name = named(about), other_name = named(other);
    const Filling fillings[] = {{"k", name}, {"k2", other_name}, {"side", side.words}};
    return sample("position", kRelated, fillings, yes ? "yes" : "no");
  }

  Rng& rng_;
  const Scene& scene_;
};

}  // namespace

Sample ask_about(Rng& rng, const Scene& scene) {
  return Asker(rng, scene).ask();
}

}  // namespace zlens::synth
