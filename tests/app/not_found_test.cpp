#include <gtest/gtest.h>

#include "app/session.h"

namespace zlens {
namespace {

TEST(NotFound, WaysToSayIt) {
  for (const char* answer :
       {"", "  ", "Not found.", "not found in the receipt", "N/A", "None", "unknown", "Unanswerable.", "(none)", "?"})
    EXPECT_TRUE(is_not_found(answer)) << answer;
  for (const char* answer : {"9.00", "None of these", "The Unknown Company", "NOTA", "notable", "東京"})
    EXPECT_FALSE(is_not_found(answer)) << answer;
}

}  // namespace
}  // namespace zlens
