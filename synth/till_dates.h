// How tills print dates and times. Free of torch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

std::string printed_date(Rng& rng);  // of 2013 to 2020, in one of 13 forms: 05/03/2018, 5 MAR 2018, Mar 5, 2018, 05MAR2018, …
std::string printed_time(Rng& rng);  // 18:05, 6:05:33 PM, …

// What stands on a receipt for machines: numbers of tills, orders and cashiers.
std::string till_code(Rng& rng);

// `date` as a receipt shows it, in one to four lines: with or without a label, its time and codes around it. The date stands whole
// in one of them. `separator` follows labels.
std::vector<std::string> date_lines(Rng& rng, std::string_view date, std::string_view time, std::string_view separator);

}  // namespace zlens::synth
