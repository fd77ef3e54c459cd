// Variants of real receipts: the same layout with another company, date, amounts and numbers. Free of torch.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "synth/till.h"

namespace zlens::synth {

// A real receipt, and where it prints what.
struct Original {
  std::vector<std::string> lines;
  TillAnswers answers;
  std::size_t company_begin = 0, company_end = 0;  // the lines of the company's name
  std::size_t head_end = 0;                        // the line after company and address
  bool body_is_whole = false;  // date and total stand below the head, which has an address: heads can be exchanged
};

// Finds the parts; `address` may be empty. Nothing where an answer is not printed as such: the company within its first ten lines
// (a few misread characters aside), the date and the total, an amount with two decimals, in one line each.
std::optional<Original> find_parts(std::vector<std::string> lines, TillAnswers answers, std::string_view address);

// A variant of one of `originals` (at least one), its lower part sometimes of another one. Equal amounts stay equal. Some variants
// bear a name of `known`.
Till make_variant(Rng& rng, std::span<const Original> originals, std::span<const std::string> known);
extern const TillNoise kVariantNoise;

}  // namespace zlens::synth
