// A user's own receipts: a folder in the format of the task `docvqa`, with transcripts. Free of torch and OpenCV.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace zlens::synth {

struct AskedField {
  std::string question;
  std::vector<std::string> answers;  // at least one
};

struct FolderReceipt {
  std::string name;                          // of its picture, without folder and extension
  bool train;                                // from train.json
  std::string text;                          // its transcript, without the last line ends
  std::map<std::string, AskedField> fields;  // company, date, total, address: those that have an answer

  std::string answer(const std::string& field) const;  // the first one; empty where the field has none
  std::vector<std::string> lines() const;
};

// The receipts of `folder`/train.json and val.json, in the files' order, with `folder`/transcripts/<name>.txt; test.json is never
// opened. A field's first record counts. Throws InputError naming the file: missing, no such JSON, larger than 64 MB or 100,000
// records, a transcript that is missing, no UTF-8 or larger than 64 kB (256 MB together).
std::vector<FolderReceipt> read_receipts(const std::filesystem::path& folder);

// Who sold: the letters of a company's name as capitals; bytes beyond ASCII are letters.
std::string merchant_of(std::string_view company);

// The merchants that training never sees: of those with at most two receipts in train.json all that val.json names, and of the
// others a quarter, which a hash of the name chooses. Receipts without a company are nobody's.
std::set<std::string> held_out_merchants(const std::vector<FolderReceipt>& receipts);

}  // namespace zlens::synth
