// A folder of four invented receipts in the format of the task `docvqa`.
#pragma once

#include <filesystem>
#include <string>

namespace zlens::test {

inline constexpr const char* kHeldOutCompany =
    "TIRENIA BAKERY SDN. BHD.";  // of 002, in train.json; the hash of its name holds it out

// 000 to 002 in train.json, 003 in val.json; in each the total is printed three times, as TOTAL, CASH and among the items' sums.
// test.json is no JSON.
void write_receipts(const std::filesystem::path& folder);

// Overwrites a file of the folder.
void write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace zlens::test
