// The names that generated data is about. All companies, shops and islands are invented. Free of torch.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "synth/rng.h"

namespace zlens::synth {

// `unseen` is for half of the test samples alone: nothing in it is in `common`, and train and val use `common` only.
struct Words {
  std::span<const std::string_view> common, unseen;

  std::span<const std::string_view> part(bool unseen_part) const { return unseen_part ? unseen : common; }
  std::string pick(Rng& rng, bool unseen_part) const { return std::string(rng.pick(part(unseen_part))); }
};

extern const Words kCountries, kCities, kCompanies, kProducts, kFruits, kSports, kDepartments, kSubjects, kAnimals, kDrinks, kShops,
    kPeople, kObjects, kGroceries, kStreets;

// "text with {x} and {y}" with the values in their places; what is not named stays.
struct Filling {
  std::string_view name;
  std::string_view value;
};
std::string fill(std::string_view pattern, std::span<const Filling> fillings);

std::string capitalized(std::string text);  // first ASCII letter
std::string upper(std::string text);        // ASCII letters

}  // namespace zlens::synth
