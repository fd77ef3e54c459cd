#include "synth/chart_topics.h"

#include <algorithm>
#include <array>

#include "synth/words.h"

namespace zlens::synth {
namespace {

using enum Names;

constexpr NamesInfo kInfo[] = {
    {"month", "months", "in", true},        {"quarter", "quarters", "in", true},         {"day", "days", "on", true},
    {"year", "years", "in", true},          {"country", "countries", "in", false},       {"city", "cities", "in", false},
    {"company", "companies", "for", false}, {"product", "products", "for", false},       {"crop", "crops", "for", false},
    {"sport", "sports", "for", false},      {"department", "departments", "for", false}, {"subject", "subjects", "for", false},
    {"animal", "animals", "for", false},    {"drink", "drinks", "for", false},
};

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kQuarters[] = {"Q1", "Q2", "Q3", "Q4"};
constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

constexpr Names kTime[] = {Months, Quarters, Years};
constexpr Names kTimeOrDays[] = {Months, Weekdays, Years};
constexpr Names kMonthsOnly[] = {Months};
constexpr Names kYearsOnly[] = {Years};
constexpr Names kDaysOnly[] = {Weekdays};
constexpr Names kTimeOrCountries[] = {Years, Countries};
constexpr Names kTimeOrCities[] = {Months, Years, Cities};
constexpr Names kTimeOrProducts[] = {Months, Quarters, Years, Products};
constexpr Names kTimeOrDrinks[] = {Months, Weekdays, Drinks};
constexpr Names kYearsOrCrops[] = {Years, Crops};
constexpr Names kYearsOrSports[] = {Years, Sports};
constexpr Names kYearsOrDepartments[] = {Years, Departments};
constexpr Names kYearsOrAnimals[] = {Years, Animals};
constexpr Names kYearsOrSubjects[] = {Years, Subjects};
constexpr Names kCompaniesOnly[] = {Companies};
constexpr Names kCountriesOnly[] = {Countries};
constexpr Names kCitiesOnly[] = {Cities};
constexpr Names kCompaniesOrCities[] = {Companies, Cities};
constexpr Names kCountriesOrCompanies[] = {Countries, Companies};
constexpr Names kDrinksOnly[] = {Drinks};
constexpr Names kSportsOnly[] = {Sports};
constexpr Names kProductsOnly[] = {Products};
constexpr Names kSubjectsOnly[] = {Subjects};
constexpr Names kCropsOnly[] = {Crops};
constexpr Names kDepartmentsOnly[] = {Departments};
constexpr Names kAnimalsOnly[] = {Animals};

constexpr Topic kTopics[] = {
    {"revenue", "million dollars", 4, 95, 0, kTime, kCompaniesOnly},
    {"revenue", "million dollars", 21, 999, 1, kTime, kCompaniesOnly},
    {"profit", "thousand dollars", 12, 480, 0, kTime, kCompaniesOnly},
    {"number of visitors", "", 40, 990, 0, kTimeOrDays, kCitiesOnly},
    {"number of visitors", "thousand", 5, 80, 0, kTimeOrCities, {}},
    {"rainfall", "mm", 8, 160, 0, kMonthsOnly, kCitiesOnly},
    {"average temperature", "degrees", 3, 34, 0, kTimeOrCities, {}},
    {"average temperature", "degrees", 21, 348, 1, kMonthsOnly, kCitiesOnly},
    {"coffee export", "thousand tons", 10, 95, 0, kTimeOrCountries, kCountriesOnly},
    {"steel production", "million tons", 11, 480, 1, kTimeOrCountries, kCountriesOnly},
    {"harvest", "tons", 15, 900, 0, kYearsOrCrops, kCountriesOnly},
    {"number of units sold", "", 20, 980, 0, kTimeOrProducts, kCompaniesOrCities},
    {"price of a ticket", "dollars", 4, 60, 0, kTimeOrCities, {}},
    {"price of bread", "dollars", 105, 620, 2, kTimeOrCountries, {}},
    {"number of members", "", 12, 240, 0, kYearsOrSports, kCitiesOnly},
    {"number of employees", "", 8, 320, 0, kYearsOrDepartments, kCompaniesOnly},
    {"electricity use", "MWh", 20, 750, 0, kTimeOrCities, kCitiesOnly},
    {"number of accidents", "", 3, 88, 0, kTimeOrDays, kCitiesOnly},
    {"number of animals counted", "", 5, 190, 0, kYearsOrAnimals, kCountriesOnly},
    {"average grade", "points", 51, 98, 1, kYearsOrSubjects, {}},
    {"number of cups sold", "", 10, 300, 0, kTimeOrDrinks, {}},
    {"unemployment rate", "%", 21, 148, 1, kTimeOrCountries, kCountriesOnly},
    {"share of households with internet", "%", 20, 97, 0, kTimeOrCountries, kCountriesOnly},
    {"life expectancy", "years", 58, 86, 0, kTimeOrCountries, {}},
    {"population", "million", 11, 940, 1, kTimeOrCountries, {}},
    {"number of passengers", "thousand", 110, 4800, 0, kTime, kCompaniesOrCities},
};

constexpr Topic kTopicsUnseen[] = {
    {"cheese import", "tons", 14, 860, 0, kTimeOrCountries, kCountriesOnly},
    {"number of bicycles rented", "", 12, 640, 0, kTimeOrDays, kCitiesOnly},
    {"snowfall", "cm", 4, 120, 0, kMonthsOnly, kCitiesOnly},
    {"cost of repairs", "thousand dollars", 15, 730, 1, kYearsOrDepartments, kCompaniesOnly},
    {"water level", "m", 12, 96, 1, kTimeOrDays, kCitiesOnly},
    {"number of complaints", "", 4, 90, 0, kTime, kCompaniesOnly},
    {"market value", "billion dollars", 12, 940, 1, kYearsOnly, kCompaniesOnly},
    {"number of late trains", "", 3, 75, 0, kDaysOnly, kCitiesOnly},
    {"literacy rate", "%", 41, 99, 0, kTimeOrCountries, kCountriesOnly},
    {"number of downloads", "thousand", 15, 3900, 0, kTime, kCountriesOrCompanies},
};

constexpr Topic kPies[] = {
    {"share of sales", "%", 3, 60, 0, kProductsOnly, {}},
    {"share of the market", "%", 3, 60, 0, kCompaniesOnly, {}},
    {"share of votes for the favourite drink", "%", 3, 60, 0, kDrinksOnly, {}},
    {"share of members", "%", 3, 60, 0, kSportsOnly, {}},
    {"share of the budget", "%", 3, 60, 0, kDepartmentsOnly, {}},
    {"share of exports", "%", 3, 60, 0, kCountriesOnly, {}},
    {"share of the farmland", "%", 3, 60, 0, kCropsOnly, {}},
};

constexpr Topic kPiesUnseen[] = {
    {"share of complaints", "%", 3, 60, 0, kDepartmentsOnly, {}},
    {"share of sightings", "%", 3, 60, 0, kAnimalsOnly, {}},
    {"share of lessons", "%", 3, 60, 0, kSubjectsOnly, {}},
    {"share of tourists", "%", 3, 60, 0, kCitiesOnly, {}},
};

const Words* words_of(Names names) {
  switch (names) {
    case Countries:
      return &kCountries;
    case Cities:
      return &kCities;
    case Companies:
      return &kCompanies;
    case Products:
      return &kProducts;
    case Crops:
      return &kFruits;
    case Sports:
      return &kSports;
    case Departments:
      return &kDepartments;
    case Subjects:
      return &kSubjects;
    case Animals:
      return &kAnimals;
    case Drinks:
      return &kDrinks;
    default:
      return nullptr;
  }
}

std::span<const std::string_view> ordered_names(Names names) {
  if (names == Months) return kMonths;
  return names == Quarters ? std::span<const std::string_view>(kQuarters) : kWeekdays;
}

constexpr std::int64_t kFirstYear = 1990, kLastYear = 2029;

}  // namespace

const NamesInfo& info_of(Names names) {
  return kInfo[static_cast<std::size_t>(names)];
}

std::size_t most_names(Names names, bool unseen) {
  if (names == Years) return 12;
  const Words* words = words_of(names);
  return words ? words->part(unseen).size() : ordered_names(names).size();
}

std::vector<std::string> draw_names(Rng& rng, Names names, std::size_t count, bool unseen) {
  if (const Words* words = words_of(names)) {
    const auto drawn = rng.pick_some(words->part(unseen), count);
    return {drawn.begin(), drawn.end()};
  }
  std::vector<std::string> out;
  const auto n = static_cast<std::int64_t>(count);
  if (names == Years) {
    const std::int64_t first = rng.integer(kFirstYear, kLastYear + 1 - n);
    for (std::int64_t i = 0; i < n; ++i) out.push_back(std::to_string(first + i));
    return out;
  }
  const auto all = ordered_names(names);
  const auto first = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(all.size()) - n));
  out.assign(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(first + count));
  return out;
}

std::span<const Topic> chart_topics(bool unseen) {
  return unseen ? std::span<const Topic>(kTopicsUnseen) : kTopics;
}

std::span<const Topic> pie_topics(bool unseen) {
  return unseen ? std::span<const Topic>(kPiesUnseen) : kPies;
}

}  // namespace zlens::synth
