// Small pictures as training makes them.
#pragma once

#include <string>

#include "synth/painter.h"

namespace zlens::synth {

struct SmallPicture {
  Document document;
  Picture picture;
};

struct SmallPlace {
  std::string kind;
  std::uint64_t index = 0;
  Split split = Split::Train;
  std::vector<std::string> fields = {};
};

inline constexpr Degradation kClean{.clean = 1};

inline SmallPicture draw_small(Painter& painter, const SmallPlace& where, PictureOptions options = {}) {
  const Place place{31, where.split, where.index};
  Document document = find_kind(where.kind).make(place, {.fields = where.fields});
  Rng rng = rng_at(place, "picture");
  options.unseen_fonts = document.sample.unseen;
  Picture picture = painter.paint(document.facts, rng, options);
  return {std::move(document), std::move(picture)};
}

}  // namespace zlens::synth
