#include "synth/small_documents.h"

#include <algorithm>
#include <set>
#include <span>

#include "synth/decimal.h"
#include "synth/reading_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;
using Draw = std::string (*)(Rng& rng);

struct Entry {
  View key;
  Draw draw;
  View metric;
};

constexpr View kExact = "exact_match", kNumeric = "numeric";

std::string whole(Rng& rng, std::int64_t low, std::int64_t high) {
  return std::to_string(rng.integer(low, high));
}

constexpr View kPlaces[] = {"Oslo", "Lima", "Paris", "Rome", "Cairo", "Milan", "Perth", "Leeds", "Quito", "Kyoto", "Bern", "Turin"};
constexpr View kNames[] = {"Tom",   "Mara", "Lena", "Omar", "Ines", "Paul", "Nina",
                           "Felix", "Sara", "Ivan", "Ruth", "Leo",  "Mei",  "Karl"};
constexpr View kSizes[] = {"S", "M", "L", "XL"};
constexpr View kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr View kTones[] = {"red", "blue", "green", "black", "white", "gray", "brown", "pink"};
constexpr View kBooks[] = {"Fiction", "Poetry", "Travel", "History", "Comics", "Maps"};

std::string place(Rng& rng) {
  return std::string(rng.pick(kPlaces));
}
std::string person(Rng& rng) {
  return std::string(rng.pick(kNames));
}
std::string size(Rng& rng) {
  return rng.chance(0.5) ? std::string(rng.pick(kSizes)) : whole(rng, 32, 48);
}
std::string weekday(Rng& rng) {
  return std::string(rng.pick(kDays));
}
std::string tone(Rng& rng) {
  return std::string(rng.pick(kTones));
}
std::string shelf(Rng& rng) {
  return std::string(rng.pick(kBooks));
}
std::string word(Rng& rng) {
  return capitalized(draw_word(rng));
}
std::string seat(Rng& rng) {
  return whole(rng, 1, 40) + static_cast<char>('A' + rng.integer(0, 5));
}
std::string gate(Rng& rng) {
  return static_cast<char>('A' + rng.integer(0, 5)) + whole(rng, 1, 30);
}
std::string code(Rng& rng) {
  return draw_string(rng, 3, 5);
}
std::string small_number(Rng& rng) {
  return whole(rng, 1, 30);
}
std::string age(Rng& rng) {
  return whole(rng, 5, 95);
}
std::string room(Rng& rng) {
  return whole(rng, 1, 9) + (rng.chance(0.5) ? "0" : "1") + whole(rng, 1, 9);
}
std::string phone(Rng& rng) {
  return whole(rng, 200, 999) + "-" + whole(rng, 1000, 9999);
}
std::string weight(Rng& rng) {
  return Decimal{rng.integer(2, 99), 1}.text() + " kg";
}
std::string grams(Rng& rng) {
  return whole(rng, 1, 19) + "0 g";
}
std::string minutes(Rng& rng) {
  return whole(rng, 1, 12) + (rng.chance(0.5) ? "0" : "5") + " min";
}
std::string degrees(Rng& rng) {
  return whole(rng, -9, 35) + " C";
}
std::string percent(Rng& rng) {
  return whole(rng, 5, 95) + "%";
}

constexpr Entry kTicket[] = {{"Seat", seat, kExact},   {"Row", small_number, kNumeric}, {"Gate", gate, kExact},
                             {"Start", place, kExact}, {"Stop", place, kExact},         {"Time", draw_time, kExact},
                             {"Day", weekday, kExact}, {"Price", draw_price, kNumeric}, {"Track", small_number, kNumeric}};
constexpr Entry kTag[] = {{"Item", word, kExact}, {"Price", draw_price, kNumeric}, {"Size", size, kExact},
                          {"Code", code, kExact}, {"Color", tone, kExact},         {"Stock", small_number, kNumeric}};
constexpr Entry kSign[] = {{"Open", draw_time, kExact},       {"Close", draw_time, kExact}, {"Room", room, kNumeric},
                           {"Floor", small_number, kNumeric}, {"Day", weekday, kExact},     {"Call", phone, kExact}};
constexpr Entry kForm[] = {{"Name", person, kExact}, {"Age", age, kNumeric},   {"City", place, kExact},    {"Phone", phone, kExact},
                           {"ID", code, kExact},     {"Room", room, kNumeric}, {"Date", draw_date, kExact}};
constexpr Entry kParcel[] = {{"Weight", weight, kNumeric}, {"Zone", gate, kExact},  {"Ship to", place, kExact},
                             {"Sender", person, kExact},   {"Label", code, kExact}, {"Pieces", small_number, kNumeric}};
constexpr Entry kRecipe[] = {{"Flour", grams, kNumeric},
                             {"Sugar", grams, kNumeric},
                             {"Butter", grams, kNumeric},
                             {"Bake", minutes, kNumeric},
                             {"Serves", small_number, kNumeric}};
constexpr Entry kWeather[] = {{"Temp", degrees, kNumeric},
                              {"Rain", percent, kNumeric},
                              {"Sunrise", draw_time, kExact},
                              {"Place", place, kExact},
                              {"Cloud", percent, kNumeric}};
constexpr Entry kLoan[] = {{"Title", word, kExact},
                           {"Due", draw_date, kExact},
                           {"Shelf", shelf, kExact},
                           {"Reader", person, kExact},
                           {"Copies", small_number, kNumeric}};

constexpr View kTicketHeads[] = {"TICKET", "Bus ticket", "TRAIN", "Cinema", "FLIGHT", "Concert"};
constexpr View kTagHeads[] = {"SALE", "Price", "NEW", "Offer", "Shop 24", "OUTLET"};
constexpr View kSignHeads[] = {"OFFICE", "Library", "MUSEUM", "Doctor", "INFO", "Bank"};
constexpr View kFormHeads[] = {"FORM", "Guest", "MEMBER", "Visitor", "ID card", "STUDENT"};
constexpr View kParcelHeads[] = {"PARCEL", "Express", "CARGO"};
constexpr View kRecipeHeads[] = {"Recipe", "CAKE", "Cookies"};
constexpr View kWeatherHeads[] = {"WEATHER", "Forecast", "Today"};
constexpr View kLoanHeads[] = {"LOAN", "Book slip", "BOOKS"};
constexpr View kShopHeads[] = {"CAFE", "Mini shop", "MARKET", "Kiosk", "BAKERY", "Deli"};
constexpr View kGoods[] = {"Milk", "Bread", "Tea", "Coffee", "Eggs", "Rice", "Soap", "Cake", "Juice", "Apples", "Pen", "Salt"};

constexpr double kOtherKeys = 0.35;

struct Sort {
  std::span<const View> headings;
  std::span<const Entry> entries;  // none: a receipt
};
constexpr Sort kSorts[] = {{kShopHeads, {}}, {kTicketHeads, kTicket}, {kTagHeads, kTag}, {kSignHeads, kSign}, {kFormHeads, kForm}};
constexpr Sort kSortsUnseen[] = {{kParcelHeads, kParcel}, {kRecipeHeads, kRecipe}, {kWeatherHeads, kWeather}, {kLoanHeads, kLoan}};

bool is_unseen_key(View word) {
  return std::any_of(std::begin(kSortsUnseen), std::end(kSortsUnseen), [&](const Sort& sort) {
    return std::any_of(sort.entries.begin(), sort.entries.end(), [&](const Entry& entry) { return entry.key == word; });
  });
}

// A word that is not among `taken`, which gets it, and no key of an unseen sort.
std::string other_key(Rng& rng, std::set<std::string>& taken) {
  for (;;) {
    std::string key = capitalized(draw_word(rng));
    if (!is_unseen_key(key) && taken.insert(key).second) return key;
  }
}

void add_line(SmallDocument& out, View key, std::string value, View metric) {
  out.note.lines.push_back({std::string(key), std::move(value)});
  out.metrics.emplace_back(metric);
}

// Goods with prices and their exact sum.
void add_receipt(Rng& rng, SmallDocument& out) {
  Decimal total{0, 2};
  for (const View item : rng.pick_some(kGoods, static_cast<std::size_t>(rng.integer(1, 4)))) {
    const Decimal price{rng.integer(30, rng.chance(0.7) ? 950 : 2500), 2};
    add_line(out, item, price.text(), kNumeric);
    total = total + price;
  }
  add_line(out, "Total", total.text(), kNumeric);
}

}  // namespace

SmallDocument draw_small_document(Rng& rng, bool unseen) {
  const Sort& sort = unseen ? rng.pick(kSortsUnseen) : rng.pick(kSorts);
  SmallDocument out;
  out.note.field = "document";
  out.note.heading = rng.pick(sort.headings);
  if (sort.entries.empty()) {
    add_receipt(rng, out);
    return out;
  }
  const bool other_keys = !unseen && rng.chance(kOtherKeys);  // so that a key is read, not recognized
  std::set<std::string> keys;
  const auto most = std::min<std::int64_t>(5, static_cast<std::int64_t>(sort.entries.size()));
  for (const Entry& entry : rng.pick_some(sort.entries, static_cast<std::size_t>(rng.integer(2, most)))) {
    add_line(out, other_keys ? other_key(rng, keys) : std::string(entry.key), entry.draw(rng), entry.metric);
  }
  return out;
}

}  // namespace zlens::synth
