// What charts are about. Free of torch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

// What stands along an axis or in a legend.
enum class Names {
  Months,
  Quarters,
  Weekdays,
  Years,
  Countries,
  Cities,
  Companies,
  Products,
  Crops,
  Sports,
  Departments,
  Subjects,
  Animals,
  Drinks
};

struct NamesInfo {
  std::string_view noun, plural;  // "month", "months"
  std::string_view preposition;   // "in" for what stands in time or space, "for" otherwise
  bool ordered;                   // shown in their own order, as a line chart needs
};
const NamesInfo& info_of(Names names);

// `count` different names, ordered ones as a run of neighbours.
std::vector<std::string> draw_names(Rng& rng, Names names, std::size_t count, bool unseen);
std::size_t most_names(Names names, bool unseen);

// A measure, its plausible values low..high (before the point moves `places` to the left), and what it may be shown by.
struct Topic {
  std::string_view measure;  // singular: "coffee export"
  std::string_view unit;
  std::int64_t low, high;
  int places;
  std::span<const Names> categories, series;  // no series: single-series charts alone
};

std::span<const Topic> chart_topics(bool unseen);
// Shares that sum to 100; their names are the categories.
std::span<const Topic> pie_topics(bool unseen);

}  // namespace zlens::synth
