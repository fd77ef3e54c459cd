#include "synth/reading_words.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "synth/decimal.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kEnglish =
    "able acid also army away baby back ball band bank barn base bath bean bear beat bed bell belt bend best bike bird blue "
    "boat body bold bone book boot born boss both bowl box boy bread brick bridge bright bring brown brush build bus busy "
    "butter cake call calm camp candle cap car card care cart case castle cat chair chalk change cheap check cheese chicken "
    "child circle city class clean clear clock cloud coat coffee coin cold cook cool copper corn corner cotton count "
    "country cover cow cream cross cup dark day deep deer desk dinner dish doctor dog door double dream dress drink drive "
    "dry duck dust early earth east easy egg eight empty end engine evening exit eye face fact fair fall family far farm "
    "fast father feather fence field fifty film find fine finger fire fish five flag flat floor flower fly fog food foot "
    "forest fork four fox free fresh friend frog front fruit full game garden gate ghost giant gift girl glad glass globe "
    "glove goat gold good grape grass gray green ground group guitar hair half hall hammer hand happy harbor hard hat head "
    "heart heavy help hill hold hole home honey hook horse hot hotel hour house ice idea inch ink iron island jacket jam "
    "jar job join joke juice jump june jungle keep key king kitchen kite knee knife lady lake lamp large last late laugh "
    "leaf learn left leg lemon letter light lime line lion list little long lost loud love low luck lunch machine magic "
    "mail maple market mask match meal meat metal middle milk mill mind minute mirror model monday money monkey month moon "
    "morning mother mountain mouse mouth music nail name narrow near neck needle nest never new night nine noise north nose "
    "note nurse oak ocean offer office oil old olive onion open orange oven over owl page paint pair paper parcel park part "
    "party path peach pear pen pencil people pepper piano picture piece pilot pink pipe place plain plane plant plate play "
    "please pocket point pond pony post potato powder price prize public purple queen quick quiet rabbit radio rain rare "
    "ready red rice rich ride right ring rise river road rock roof room root rope rose round row ruler run sad safe sail "
    "salad salt sand school sea season second seed seven shadow sharp sheep shelf ship shirt shoe shop short show silver "
    "simple sing sister six skin sky sleep slow small smile smoke snow soap sock soft song sound soup south spoon spring "
    "square stamp star start steam step stick stone store storm story street strong sugar summer sun sweet swim table tail "
    "tall tea team ten tent test thick thing three ticket tiger time tin tired toast today tomato tower town toy train "
    "travel tree trip truck true tulip turn twelve two uncle under useful valley velvet village violin visit voice wagon "
    "walk wall warm wash watch water wave weather week weight west wheat wheel white wide wild wind window wine winter wise "
    "wolf wood wool word work world yard year yellow yes young zebra zero";

std::vector<View> split_words(View text) {
  std::vector<View> out;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out;
}

constexpr View kOnsets[] = {"b", "d", "f", "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",  "r",
                            "s", "t", "v", "br", "cl", "dr", "fl", "gr", "pl", "sh", "st", "tr"};
constexpr View kVowels[] = {"a", "e", "i", "o", "u", "ai", "ea", "oo"};
constexpr View kCodas[] = {"", "", "l", "m", "n", "r", "s", "t", "nd", "rk"};
constexpr View kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Characters of one string. Without I, O and l, which a string alone does not tell from 1 and 0.
constexpr View kAlphabets[] = {"ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "0123456789",
                               "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", "abcdefghijkmnpqrstuvwxyz23456789"};

std::string invented_word(Rng& rng) {
  std::string out;
  const std::int64_t syllables = rng.integer(1, 3);
  for (std::int64_t i = 0; i < syllables; ++i) {
    out += rng.pick(kOnsets);
    out += rng.pick(kVowels);
    if (i + 1 == syllables) out += rng.pick(kCodas);
  }
  return out.substr(0, 9);
}

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

// 1 to 4 digits, short ones as often as long ones.
std::int64_t some_number(Rng& rng) {
  constexpr std::int64_t kLimits[] = {9, 99, 999, 9999};
  const std::int64_t most = rng.pick(kLimits);
  return rng.integer(most == 9 ? 0 : most / 10 + 1, most);
}

}  // namespace

std::string draw_word(Rng& rng) {
  static const std::vector<View> kWords = split_words(kEnglish);
  return rng.chance(0.65) ? std::string(rng.pick(kWords)) : invented_word(rng);
}

std::string draw_cased_word(Rng& rng) {
  const std::string word = draw_word(rng);
  const double look = rng.real();
  return look < 0.4 ? word : look < 0.7 ? upper(word) : capitalized(word);
}

std::string draw_string(Rng& rng, int low, int high) {
  const View alphabet = rng.pick(kAlphabets);
  std::string out(static_cast<std::size_t>(rng.integer(low, high)), ' ');
  for (char& c : out) c = rng.pick(alphabet);
  return out;
}

std::string draw_price(Rng& rng) {
  constexpr std::int64_t kEnds[] = {0, 5, 9, 10, 20, 25, 40, 50, 60, 75, 80, 90, 95, 99};
  const std::int64_t whole = rng.integer(0, rng.chance(0.7) ? 9 : 99);
  return Decimal{whole * 100 + (rng.chance(0.6) ? rng.pick(kEnds) : rng.integer(0, 99)), 2}.text();
}

std::string draw_time(Rng& rng) {
  const std::int64_t hour = rng.integer(0, 23), minute = rng.chance(0.5) ? rng.integer(0, 11) * 5 : rng.integer(0, 59);
  return (rng.chance(0.5) ? std::to_string(hour) : two_digits(hour)) + ":" + two_digits(minute);
}

std::string draw_date(Rng& rng) {
  const std::int64_t day = rng.integer(1, 28), month = rng.integer(1, 12), year = rng.integer(1990, 2029);
  const std::string y = std::to_string(year), m = two_digits(month), d = two_digits(day);
  switch (rng.integer(0, 4)) {
    case 0:
      return d + "/" + m + "/" + y;
    case 1:
      return y + "-" + m + "-" + d;
    case 2:
      return d + "." + m + "." + y;
    case 3:
      return std::to_string(day) + " " + std::string(kMonthNames[month - 1]) + " " + y;
    default:
      break;
  }
  return std::string(kMonthNames[month - 1]) + " " + std::to_string(day);
}

PrintedNumber draw_number(Rng& rng) {
  const std::int64_t kind = rng.integer(0, 11);
  if (kind == 0) return {draw_date(rng), "exact_match"};
  if (kind == 1) return {draw_time(rng), "exact_match"};
  std::string text;
  if (kind < 6) {
    text = std::to_string(some_number(rng));
  } else if (kind < 8) {
    text = (rng.chance(0.75) ? "-" : "+") + std::to_string(some_number(rng));
  } else if (kind == 8) {
    text = Decimal{some_number(rng), static_cast<int>(rng.integer(1, 3))}.text();
  } else if (kind == 9) {
    text = "$" + draw_price(rng);
  } else if (kind == 10) {
    text = std::to_string(rng.integer(0, 100)) + "%";
  } else {
    text = std::to_string(rng.integer(1, 99)) + "," + std::to_string(rng.integer(100, 999));
  }
  return {text, "numeric"};
}

}  // namespace zlens::synth
