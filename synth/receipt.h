// Receipts of invented shops and questions about them. Free of torch and OpenCV.
#pragma once

#include <string>
#include <vector>

#include "synth/sample.h"
#include "synth/split.h"
#include "synth/words.h"

namespace zlens::synth {

// How the fields of a receipt are asked for.
extern const Words kCompanyQuestions, kDateQuestions, kTotalQuestions;

struct ReceiptItem {
  std::string name;
  Decimal price;  // two places, like every amount here
};

struct Receipt {
  std::string shop;
  std::vector<std::string> address;  // lines
  std::string date;                  // as printed
  std::string currency;              // before the total: "RM", "$" or empty
  std::vector<ReceiptItem> items;    // at least two, of different names
  Decimal cash;
  bool shows_total = true, shows_change = true;
  std::string note;  // a line at the end, mostly empty

  Decimal total() const;
};

// A printed line: a name and what stands at the right margin, which may be empty.
struct ReceiptLine {
  std::string left, right;
};
std::vector<ReceiptLine> lines_of(const Receipt& receipt);
std::string describe(const Receipt& receipt);  // the lines, name and amount with a space between

enum class ReceiptQuestions {
  Fields,  // company, date, total: what stands there (anls)
  Table    // item sum, item difference, table sum, change: what must be computed (numeric)
};

struct ReceiptOptions {
  ReceiptQuestions questions = ReceiptQuestions::Table;
  bool note_question = false;  // the question also stands at the end of the receipt
};

struct ReceiptSample {
  Receipt receipt;
  Sample sample;
  std::string key;  // the facts, for split_of
};

ReceiptSample make_receipt(Rng& rng, Split split, const ReceiptOptions& options = {});

}  // namespace zlens::synth
