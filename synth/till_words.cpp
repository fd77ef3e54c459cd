#include "synth/till_words.h"

#include <array>
#include <cctype>

#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kFirstWords[] = {
    "GOLDEN",  "SILVER",  "LUCKY",   "HAPPY",     "SUNNY",   "ROYAL",    "GRAND",   "MEGA",  "SUPER",   "SUN",    "STAR",
    "MOON",    "OCEAN",   "PACIFIC", "ORIENT",    "EASTERN", "NORTHERN", "FRESH",   "GREEN", "BLUE",    "RED",    "WHITE",
    "CRYSTAL", "DIAMOND", "PEARL",   "JADE",      "TIGER",   "DRAGON",   "LION",    "EAGLE", "PHOENIX", "LOTUS",  "ORCHID",
    "BAMBOO",  "MAPLE",   "CEDAR",   "FIRST",     "PRIME",   "ELITE",    "URBAN",   "METRO", "CITY",    "TOWN",   "VILLAGE",
    "PARK",    "HILL",    "RIVER",   "LAKE",      "BAY",     "ISLAND",   "KING",    "QUEEN", "CROWN",   "UNION",  "UNITED",
    "GLOBAL",  "WORLD",   "ASIA",    "NUSANTARA", "SERI",    "SRI",      "INDAH",   "JAYA",  "MAJU",    "MAKMUR", "BAHAGIA",
    "SENTOSA", "PERMAI",  "DAMAI",   "CEMERLANG", "BINTANG", "MUTIARA",  "KENANGA", "MELATI"};
constexpr View kPeoplesNames[] = {
    "TAN",    "LIM",     "LEE",   "WONG", "CHAN",  "HOCK", "SENG",  "HENG",   "HUAT", "SOON", "CHEONG", "KEE",   "LOONG",  "YONG",
    "FATT",   "MEI",     "LING",  "AH",   "BENG",  "CHAI", "WEI",   "SIANG",  "KIAT", "POH",  "SIEW",   "AZIZ",  "RAHMAN", "SALLEH",
    "HASSAN", "IBRAHIM", "MUTHU", "RAJ",  "KUMAR", "DEVI", "SINGH", "YAMADA", "SATO", "NAM",  "KHANH",  "BAKER", "SMITH",  "JONES"};
constexpr View kTrades[] = {"HARDWARE", "STATIONERY", "BOOKSTORE",   "BAKERY",    "CAFE",        "RESTAURANT",  "KOPITIAM",
                            "BISTRO",   "PHARMACY",   "CLINIC",      "MART",      "SUPERMARKET", "MINI MARKET", "ELECTRICAL",
                            "LIGHTING", "MOTOR",      "TYRE",        "PETROLEUM", "FASHION",     "OPTICAL",     "FLORIST",
                            "PRINTING", "DIGITAL",    "FURNITURE",   "SEAFOOD",   "NOODLES",     "SUSHI",       "TEA",
                            "COFFEE",   "DESSERT",    "FROZEN FOOD", "FRUITS",    "VEGETABLES",  "PET",         "TOYS",
                            "SPORTS",   "HOME DECOR", "LAUNDRY",     "PARKING",   "CAR WASH",    "TELECOM",     "COMPUTER"};
constexpr View kOpenings[] = {"RESTORAN",      "PERNIAGAAN", "KEDAI", "SYARIKAT", "PASARAYA", "PASAR MINI", "KLINIK",
                              "STESEN MINYAK", "PERUSAHAAN", "THE",   "MR.",      "MR",       "OLD",        "LITTLE"};
constexpr Weighted kLegalForms[] = {{3, "SDN BHD"},
                                    {1, "SDN. BHD."},
                                    {1, "S/B"},
                                    {1, "ENTERPRISE"},
                                    {1, "TRADING"},
                                    {1, "(M) SDN BHD"},
                                    {1, "(MALAYSIA) SDN BHD"},
                                    {1, "& SONS"},
                                    {1, "CO."},
                                    {1, "CO. (M) BHD"},
                                    {1, "BERHAD"},
                                    {1, "PLT"},
                                    {1, "HOLDINGS SDN BHD"},
                                    {1, "INDUSTRIES SDN BHD"},
                                    {1, "STORE"},
                                    {1, "RESTAURANT SDN BHD"},
                                    {1, "F&B SDN BHD"},
                                    {1, "MARKETING"},
                                    {1, "LTD"},
                                    {1, "INC."},
                                    {1, "GROUP"},
                                    {2, ""}};
constexpr View kStrayLines[] = {"TAX INVOICE",
                                "RECEIPT",
                                "*** COPY ***",
                                "CUSTOMER COPY",
                                "INVOICE",
                                "WELCOME",
                                "CASH SALES",
                                "SIMPLIFIED TAX INVOICE",
                                "DUPLICATE",
                                "ORIGINAL",
                                "LOGO",
                                "GST",
                                "GUEST CHECK",
                                "BILL",
                                "OFFICIAL RECEIPT",
                                "THANK YOU",
                                "TABLE 99",
                                "YOUR ORDER NUMBER IS",
                                "R",
                                "99",
                                "9999999",
                                "_",
                                "_ _",
                                "_ _ _"};
constexpr View kLegalMarks[] = {"BHD", "S/B", "ENTERPRISE", "TRADING", "PLT", "LTD", "INC"};
constexpr View kTowns[] = {"KLANG", "PUCHONG", "IPOH", "MALURI", "KEPONG", "USJ", "JB", "CHERAS"};
constexpr View kConjunctions[] = {"&", "AND", "@", "N'"};
constexpr View kSyllableEnds[] = {"", "N", "S", "K", "NG", "TO", ""};

std::string capitals(Rng& rng, View from, std::int64_t count) {
  std::string out;
  while (count-- > 0) out += rng.pick(from);
  return out;
}

std::string syllables(Rng& rng) {
  std::string out;
  for (std::int64_t left = rng.integer(1, 3); left > 0; --left) {
    out += rng.pick(View("BCDFGHJKLMNPRSTVWYZ"));
    out += rng.pick(View("AEIOU"));
  }
  return out.append(rng.pick(kSyllableEnds));
}

// The words before the legal form.
std::vector<std::string> core_words(Rng& rng) {
  std::vector<std::string> words;
  if (rng.chance(0.25)) words.emplace_back(rng.pick(kOpenings));
  for (std::int64_t left = rng.pick(std::to_array({1, 1, 2, 2, 3})); left > 0; --left) words.push_back(shop_word(rng));
  if (rng.chance(0.15)) words.back() += "'S";
  if (rng.chance(0.12)) {
    words.emplace_back(rng.pick(kConjunctions));
    words.push_back(shop_word(rng));
  }
  if (rng.chance(0.5)) words.push_back(trade_word(rng));
  if (rng.chance(0.08)) words.push_back(std::to_string(rng.integer(1, 99)));
  return words;
}

std::string invented_company(Rng& rng) {
  std::vector<std::string> words = core_words(rng);
  const View form = pick_weighted(rng, kLegalForms);
  if (!form.empty()) {
    words.emplace_back(form);
  } else if (words.size() < 2) {
    words.push_back(trade_word(rng));
  }
  if (rng.chance(0.06)) words.push_back("(" + std::string(rng.pick(kTowns)) + ")");
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
  return rng.chance(0.06) ? titled(name) : name;
}

}  // namespace

std::string_view pick_weighted(Rng& rng, std::span<const Weighted> table) {
  std::int64_t total = 0;
  for (const Weighted& row : table) total += row.weight;
  std::int64_t left = rng.integer(1, total);
  std::size_t at = 0;
  while ((left -= table[at].weight) > 0) ++at;
  return table[at].text;
}

std::string stamped(Rng& rng, std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '9') {
      out += static_cast<char>('0' + rng.integer(0, 9));
    } else if (c == '^') {
      out += static_cast<char>('A' + rng.integer(0, 25));
    } else if (c == '_') {
      out += shop_word(rng);
    } else {
      out += c;
    }
  }
  return out;
}

std::string shop_word(Rng& rng) {
  const double kind = rng.real();
  if (kind < 0.4) return std::string(rng.pick(kFirstWords));
  if (kind < 0.65) return std::string(rng.pick(kPeoplesNames));
  if (kind < 0.8) return syllables(rng);
  if (kind < 0.9) return capitals(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", rng.integer(2, 3));
  return trade_word(rng);
}

std::string trade_word(Rng& rng) {
  return std::string(rng.pick(kTrades));
}

std::string brand_name(Rng& rng) {
  std::string name = shop_word(rng);
  if (rng.chance(0.5)) name += " " + shop_word(rng);
  if (rng.chance(0.6)) name += " " + trade_word(rng);
  return name;
}

bool names_a_company(std::string_view name) {
  const std::string capitals = upper(std::string(name));
  for (const View mark : kLegalMarks)
    if (capitals.find(mark) != capitals.npos) return true;
  return false;
}

std::string titled(std::string_view text) {
  std::string out;
  bool inside = false;  // a word
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte < 0x80 && std::isalpha(byte);
    out += letter ? static_cast<char>(inside ? std::tolower(byte) : std::toupper(byte)) : c;
    inside = letter;
  }
  return out;
}

std::string company_name(Rng& rng, std::span<const std::string> known) {
  if (!known.empty() && rng.chance(0.2)) return rng.pick(known);
  return invented_company(rng);
}

std::string stray_line(Rng& rng) {
  return stamped(rng, rng.pick(kStrayLines));
}

void add_lines(std::vector<std::string>& lines, std::string_view text) {
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

void insert_lines(std::vector<std::string>& lines, std::size_t at, const std::vector<std::string>& more) {
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
}

}  // namespace zlens::synth
