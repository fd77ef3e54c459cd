// What every page and drawing must keep, whatever is in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/eval/support.h"

namespace zlens::test {

inline constexpr std::string_view kEvil = "</title></text><script>alert(1)</script>\"'& onload=alert(2) \x1b]0;x\x07";

inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Every element that opens closes, in order; attributes are quoted.
inline void expect_well_formed(std::string_view markup) {
  std::vector<std::string> open;
  for (std::size_t at = markup.find('<'); at != markup.npos; at = markup.find('<', at + 1)) {
    const std::size_t end = markup.find('>', at);
    ASSERT_NE(end, markup.npos);
    const std::string_view tag = markup.substr(at + 1, end - at - 1);
    ASSERT_EQ(count(tag, "\"") % 2, 0u) << tag;
    ASSERT_EQ(count(tag, "<"), 0u) << tag;
    if (tag.ends_with("/")) continue;
    const std::string name(tag.substr(0, tag.find_first_of(" \n")));
    if (!name.starts_with("/")) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    ASSERT_EQ("/" + open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

inline void expect_self_contained(std::string_view page) {
  EXPECT_TRUE(contains(page, "default-src 'none'"));
  EXPECT_EQ(count(page, "<script"), 1u);
  EXPECT_EQ(count(page, "\x1b"), 0u);
  EXPECT_FALSE(contains(page, " style=\"")) << "the policy would drop it";
  for (const char* word : {"http://", "https://", "url(", "href=", "@import", "nan", "inf\""})
    EXPECT_FALSE(contains(page, word)) << word;
}

}  // namespace zlens::test
