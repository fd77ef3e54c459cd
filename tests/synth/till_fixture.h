// A folder of five invented receipts in the format of the task `docvqa`.
#pragma once

#include <filesystem>
#include <string>

namespace zlens::test {

inline constexpr const char* kHeldOutCompany =
    "TIRENIA BAKERY SDN. BHD.";  // of 002, in train.json; the hash of its name holds it out
inline constexpr const char* kValCompany = "WARUNG SELASA";  // of 004, the one in val.json

// 000 to 003 in train.json, 004 in val.json; in each the total is printed three times, as TOTAL, CASH and among the items' sums.
// test.json is no JSON.
void write_receipts(const std::filesystem::path& folder);

// Overwrites a file of the folder.
void write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace zlens::test
