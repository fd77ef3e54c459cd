#include "synth/till_head.h"

#include <array>

#include "synth/till_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kRegistrations[] = {"(99999-^)",
                                   "(999999-^)",
                                   "(9999999-^)",
                                   "CO. REG. NO. 999999-^",
                                   "ROC NO: 999999-^",
                                   "999999999-^",
                                   "REG NO. 99999999",
                                   "COMPANY REG. NO.: 9999999",
                                   "",
                                   "",
                                   "",
                                   "",
                                   ""};
constexpr View kOtherNames[] = {"FORMERLY KNOWN AS ", "LICENSEE OF ", "(", "OPERATED BY "};

constexpr View kHousePrefixes[] = {"NO.", "NO ", "LOT ", "", "G-", "UNIT "};
constexpr View kHouses[] = {"9", "99", "999", "99 & 99", "99-9", "P.T. 9999", "9999-^ & 9999-^"};
constexpr View kRoadKinds[] = {"JALAN", "JLN", "LORONG", "PERSIARAN", "LEBUH"};
constexpr View kRoads[] = {"AMPANG", "BESAR",         "IPOH",      "PUDU",   "TEMPUA", "KENARI", "MAJU", "PUTRA",
                           "SAGU",   "BUKIT BINTANG", "AIR PANAS", "PERMAS", "RADIN",  "PJS",    "SS2",  "TUN RAZAK"};
constexpr View kRoadNumbers[] = {"", " 9", " 99", " 9/99", " 99/99", " 99/99^"};
constexpr View kQuarterKinds[] = {"TAMAN", "BANDAR", "KAWASAN PERINDUSTRIAN", "DESA", "PUSAT", "TMN", "SEKSYEN"};
constexpr View kQuarters[] = {"MALURI", "CHERAS",  "SETIA", "JAYA",     "MEGAH",   "INDAH",  "UTAMA",  "PUCHONG",
                              "DAYA",   "PERLING", "MOLEK", "BERKELEY", "SENTOSA", "KEPONG", "MAYANG", "SERDANG"};
constexpr View kBuildings[] = {"GROUND FLOOR",   "LEVEL 6",         "BLOCK B",     "LG FLOOR",
                               "SUNWAY PYRAMID", "MID VALLEY CITY", "PLAZA IDAMAN"};
constexpr View kTowns[] = {"KUALA LUMPUR", "PETALING JAYA",  "JOHOR BAHRU", "KLANG", "SHAH ALAM",
                           "SUBANG JAYA",  "SERI KEMBANGAN", "KAJANG",      "IPOH",  "PENANG",
                           "SEREMBAN",     "BATU CAVES",     "RAWANG",      "MELAKA"};
constexpr View kStates[] = {"SELANGOR", "JOHOR", "SELANGOR DARUL EHSAN", "W.P.", "MALAYSIA", "KL", "PERAK"};

constexpr View kContacts[] = {"TEL{sep}03-99999999",
                              "TEL{sep}07-9999999",
                              "TEL NO. 03-9999-9999  FAX{sep}03-99999999",
                              "GST ID{sep}999999999999",
                              "GST NO{sep}999999999999",
                              "(GST ID NO{sep}999999999999)",
                              "GST REG #999999999999",
                              "EMAIL{sep}_@GMAIL.COM",
                              "WWW._.COM.MY",
                              "CO-REG{sep}999999-^",
                              "(_ _)",
                              "1-300-99-9999",
                              "BRANCH{sep}_",
                              "HP{sep}019-9999999"};

void add_company(Rng& rng, TillHead& head) {
  std::string registration = stamped(rng, rng.pick(kRegistrations));
  head.company_parts = company_lines(rng, head.company);
  head.lines.insert(head.lines.end(), head.company_parts.begin(), head.company_parts.end());
  if (!registration.empty() && rng.chance(0.25)) {
    head.lines.back() += " " + registration;
    registration.clear();
  }
  head.company_end = head.lines.size();
  if (!registration.empty()) head.lines.push_back(registration);
}

std::vector<std::string> address_parts(Rng& rng) {
  std::string house = std::string(rng.pick(kHousePrefixes));
  house += stamped(rng, rng.pick(kHouses));
  std::string road = std::string(rng.pick(kRoadKinds)) + " ";
  road += rng.pick(kRoads);
  road += stamped(rng, rng.pick(kRoadNumbers));
  std::string quarter = std::string(rng.pick(kQuarterKinds)) + " ";
  quarter += rng.pick(kQuarters);
  std::string town = stamped(rng, "99999 ");
  town += rng.pick(kTowns);
  std::vector<std::string> parts = {house, road, quarter, town, std::string(rng.pick(kStates))};
  if (rng.chance(0.4)) parts.insert(parts.begin() + 1, std::string(rng.pick(kBuildings)));
  return parts;
}

// The parts between commas, broken into lines of different lengths.
void add_address(Rng& rng, std::vector<std::string>& lines) {
  std::string line;
  for (const std::string& part : address_parts(rng)) {
    line += (line.empty() ? "" : ", ") + part;
    if (line.size() <= static_cast<std::size_t>(rng.integer(12, 34))) continue;
    lines.push_back(line + std::string(rng.pick(std::to_array<View>({",", "", "."}))));
    line.clear();
  }
  if (!line.empty()) lines.push_back(line);
}

}  // namespace

TillHead draw_head(Rng& rng, std::string_view separator, std::span<const std::string> known) {
  TillHead head;
  head.company = company_name(rng, known);
  if (rng.chance(0.35)) head.lines.push_back(stray_line(rng));
  if (names_a_company(head.company) && rng.chance(0.35)) head.lines.push_back(brand_name(rng));
  add_company(rng, head);
  if (rng.chance(0.1)) {
    const std::string before(rng.pick(kOtherNames));
    head.lines.push_back(before + company_name(rng) + (before == "(" ? ")" : ""));
  }
  add_address(rng, head.lines);
  const Filling separated[] = {{"sep", separator}};
  for (std::int64_t left = rng.integer(0, 4); left > 0; --left)
    head.lines.push_back(fill(stamped(rng, rng.pick(kContacts)), separated));
  return head;
}

}  // namespace zlens::synth
