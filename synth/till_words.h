// The words of till receipts: names of shops, and patterns of what tills print. All names are invented. Free of torch.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

// A text of a table and how often it comes, relative to its neighbours.
struct Weighted {
  int weight;
  std::string_view text;
};
std::string_view pick_weighted(Rng& rng, std::span<const Weighted> table);

// `pattern` with a random digit for every 9, a capital for every ^ and a word for every _; what stands in braces stays for `fill`.
std::string stamped(Rng& rng, std::string_view pattern);

std::string shop_word(Rng& rng);              // one word of a name: GOLDEN, HUAT, VASEN, KLC, BAKERY
std::string trade_word(Rng& rng);             // BAKERY, MINI MARKET
std::string brand_name(Rng& rng);             // what stands above the name of the company that runs the shop
bool names_a_company(std::string_view name);  // has a legal form (SDN BHD, TRADING, …), so a brand may stand above it
std::string titled(std::string_view text);    // "ABC SDN. BHD." -> "Abc Sdn. Bhd."; ASCII letters

// The name of a company. One in five is one of `known`, where there are any.
std::string company_name(Rng& rng, std::span<const std::string> known = {});

// What may stand above everything else: a title, words of a logo, a number.
std::string stray_line(Rng& rng);

// Appends the lines of `text`.
void add_lines(std::vector<std::string>& lines, std::string_view text);
// Puts `more` before the line `at`.
void insert_lines(std::vector<std::string>& lines, std::size_t at, const std::vector<std::string>& more);

}  // namespace zlens::synth
