// What pictures for reading say: words, strings and numbers. Free of torch and OpenCV.
#pragma once

#include <string>

#include "synth/rng.h"

namespace zlens::synth {

// A common English word or an invented one that can be pronounced, two to nine small letters.
std::string draw_word(Rng& rng);
// The same in small letters, in capitals or with a capital.
std::string draw_cased_word(Rng& rng);

// `low` to `high` random characters: large or small letters, digits, or letters with digits; none that look like others (O, I, l).
std::string draw_string(Rng& rng, int low, int high);

// A number as shops and forms print it, and how answers that give it are scored.
struct PrintedNumber {
  std::string text;    // "-12", "3.75", "$4.99", "12:45"
  std::string metric;  // numeric, or exact_match for dates and times
};
PrintedNumber draw_number(Rng& rng);

std::string draw_price(Rng& rng);  // "4.99", "12.50"
std::string draw_time(Rng& rng);   // "9:05", "14:30"
std::string draw_date(Rng& rng);   // "05/03/2019", "3 May 2021", …

}  // namespace zlens::synth
