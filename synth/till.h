// Receipts as tills print them and readers give them: text for training on receipts, without pictures. Free of torch.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "synth/print_noise.h"
#include "synth/rng.h"

namespace zlens::synth {

struct TillAnswers {
  std::string company, date, total;  // as printed; the total with its currency where one stands before it
};

struct Till {
  std::vector<std::string> lines;
  std::vector<std::string> company_parts;  // the company as its lines have it: whole, or in two parts
  TillAnswers answers;
};

// What is done to a receipt's text once it is printed; the rates of each kind are drawn for every receipt anew.
struct TillNoise {
  std::vector<double> drop_rates, misread_rates;  // one of them is taken
  double join_chance;                             // that numbers stand behind their names, as in the rows of a table
};

// A receipt invented from nothing, as printed. `known`: names of companies that it may have, too.
Till invent_till(Rng& rng, std::span<const std::string> known = {});

// Misreads and rearranges. The answers never suffer: date and total stand whole in a line each, the company in one line or over
// two.
void add_noise(Rng& rng, Till& till, const TillNoise& noise);
extern const TillNoise kInventedNoise;

// The lines of the company's name: whole or, where it is long, sometimes in two parts.
std::vector<std::string> company_lines(Rng& rng, const std::string& company);

std::string text_of(const Till& till);  // its lines

}  // namespace zlens::synth
