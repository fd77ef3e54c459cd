// What the forms of Linear cost, from a table of measured rates, and which is the cheapest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "modules/linear_form.h"

namespace zlens {

// Seconds. Of products with few rows (decoding) the slower of memory and arithmetic counts; many rows (prompts) are arithmetic.
struct DtypeCosts {
  double product = 0;    // of any product, however small
  double weight = 0;     // to read one weight from memory
  double few_mac = 0;    // a multiply-add with few rows
  double many_mac = 0;   // a multiply-add with many rows
  double build_mac = 0;  // a multiply-add in building W'
};

// assets/linear-costs.json, made by bench/linear_costs. Immutable.
class LinearCosts {
 public:
  // Throws InputError naming path and key where the file is not such a table.
  static LinearCosts load(const std::filesystem::path& path);

  const DtypeCosts& of(const std::string& dtype) const;  // "bf16", "fp16", "fp32"
  const std::string& sha256() const { return sha256_; }  // of the file, for records

 private:
  std::map<std::string, DtypeCosts> dtypes_;
  std::string sha256_;
};

struct MatrixShape {
  std::int64_t rows = 0, columns = 0;
};

// What is to be computed with a mix.
struct FormWork {
  double prompt_tokens = 0;  // of all rows together
  double decode_steps = 0;   // each with `batch` rows
  std::int64_t batch = 1;
  std::int64_t experts = 1;  // different ones among the rows
  std::int64_t kept = -1;    // components of a truncated delta in each matrix; -1: all
  bool base_rows = false;    // some rows have no expert, and shall keep the base's bits
  bool copies_fit = true;    // merged copies of all experts can be held at once
};

// Seconds that the form takes for the matrix. Merged: one copy and one pass an expert, building them included.
double form_seconds(LinearForm form, const MatrixShape& shape, const FormWork& work, const DtypeCosts& costs);

// The cheapest form for all matrices together. Never Factored where there are rows without an expert; Merged for several experts,
// each of which then answers its rows in a pass of its own, only where their copies fit. Pure: equal input, equal choice.
LinearForm choose_form(std::span<const MatrixShape> shapes, const FormWork& work, const DtypeCosts& costs);

// "delta", "factored", "merged". The parser throws InputError on anything else.
const char* form_name(LinearForm form);
LinearForm parse_form(const std::string& name);

}  // namespace zlens
