#include "modules/config_reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "io/error.h"

namespace zlens {
namespace {

TEST(ConfigReader, AbsentAndNullTakeTheDefault) {
  const Json json = {{"a", nullptr}, {"b", 3}};
  const ConfigReader reader(json, "f");
  EXPECT_EQ(reader.integer("a", {1, 9}, 5), 5);
  EXPECT_EQ(reader.integer("c", {1, 9}, 5), 5);
  EXPECT_EQ(reader.integer("b", {1, 9}, 5), 3);
  EXPECT_THROW(reader.integer("c", {1, 9}), InputError);
  EXPECT_FALSE(reader.has("a"));
}

TEST(ConfigReader, RangesAreInclusiveAndNamed) {
  const Json json = {{"n", 10}, {"x", 0.5}, {"big", 18446744073709551615ULL}, {"s", "text"}};
  const ConfigReader reader(json, "file.json");
  EXPECT_EQ(reader.integer("n", {10, 10}), 10);
  EXPECT_THROW(reader.integer("n", {11, 20}), InputError);
  EXPECT_THROW(reader.integer("big", {0, std::numeric_limits<std::int64_t>::max()}), InputError);
  EXPECT_THROW(reader.number("x", 0.6, 1), InputError);
  EXPECT_THROW(reader.number("s", 0, 1), InputError);
  EXPECT_THROW(reader.boolean("n"), InputError);
  EXPECT_THROW(reader.string("n"), InputError);
  EXPECT_THROW(reader.child("n"), InputError);
  EXPECT_THROW(ConfigReader(json["n"], "x"), InputError);
  try {
    reader.integer("n", {11, 20});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "file.json: n is 10 (accepted: 11 to 20)");
  }
}

TEST(ConfigReader, ListsAndSingles) {
  const Json json = {{"one", 4}, {"many", {4, 5}}, {"bad", {4, "5"}}};
  const ConfigReader reader(json, "f");
  EXPECT_EQ(reader.integers("one", {0, 9}), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(reader.integers("many", {0, 9}), (std::vector<std::int64_t>{4, 5}));
  EXPECT_TRUE(reader.integers("none", {0, 9}).empty());
  EXPECT_THROW(reader.integers("bad", {0, 9}), InputError);
  EXPECT_THROW(reader.integers("many", {0, 4}), InputError);
}

}  // namespace
}  // namespace zlens
