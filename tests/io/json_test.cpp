#include "io/json.h"

#include <gtest/gtest.h>

#include <chrono>

#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;

TEST(Json, ReadsWhatTheLibraryReads) {
  const std::string text =
      R"( {"a": [1, -2, 3.5, 1e3, true, false, null, "x\u00e9\ud83d\ude00"], "b": {"c": {}, "d": []}, "": 18446744073709551615} )";
  EXPECT_EQ(parse_json(text, "text"), Json::parse(text));
}

TEST(Json, ScalarsStandAlone) {
  EXPECT_EQ(parse_json("7", "text"), Json(7));
  EXPECT_EQ(parse_json("\"木\"", "text"), Json("木"));
  EXPECT_EQ(parse_json("null", "text"), Json());
}

TEST(Json, DumpsParseToThemselves) {
  std::mt19937 random(7);
  std::function<Json(int)> make = [&](int depth) -> Json {
    const unsigned kind = random() % (depth > 5 ? 5 : 7);
    if (kind == 0) return nullptr;
    if (kind == 1) return random() % 2 == 0;
    if (kind == 2) return static_cast<std::int64_t>(random()) - (1LL << 31);
    if (kind == 3) return static_cast<double>(random()) / 1024.0;
    if (kind == 4) return std::string(random() % 9, static_cast<char>(random() % 127 + 1));
    Json value = kind == 5 ? Json::array() : Json::object();
    for (unsigned i = random() % 6; i > 0; --i) {
      if (kind == 5) value.push_back(make(depth + 1));
      if (kind == 6) value[std::to_string(random())] = make(depth + 1);
    }
    return value;
  };
  for (int i = 0; i < 2000; ++i) {
    const Json value = make(0);
    ASSERT_EQ(parse_json(value.dump(), "dump"), value);
  }
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(Json, DepthLimitIsExact) {
  EXPECT_NO_THROW(parse_json(nested(64), "deep"));
  expect_refused("deep", "nested deeper than 64", [] { parse_json(nested(65), "deep"); });
  EXPECT_NO_THROW(parse_json(R"({"a":{"b":1}})", "deep", {.max_depth = 2}));
  expect_refused("deep", "byte 11", [] { parse_json(R"({"a":{"b":[]}})", "deep", {.max_depth = 2}); });
}

struct Hostile {
  const char* kind;
  std::string text;
  const char* fragment;
};

std::vector<Hostile> hostile_texts() {
  return {
      {"empty", "", "byte 0"},
      {"white space only", " \n\t ", "not valid JSON"},
      {"open array", "[1, 2", "byte 5"},
      {"open object", R"({"a": 1)", "byte 7"},
      {"open string", R"("abc)", "missing closing quote"},
      {"key without value", R"({"a"})", "byte 4"},
      {"key without quotes", "{a: 1}", "byte 1"},
      {"single quotes", "{'a': 1}", "byte 1"},
      {"trailing comma in array", "[1,]", "byte 3"},
      {"trailing comma in object", R"({"a":1,})", "byte 7"},
      {"missing comma", "[1 2]", "byte 3"},
      {"missing colon", R"({"a" 1})", "byte 5"},
      {"two values", "{} {}", "byte 3"},
      {"garbage behind", "[] x", "byte 3"},
      {"NUL behind", std::string("{}\0", 3), "byte 2"},
      {"garbage behind NUL", std::string("{}\0{}", 5), "NUL"},
      {"NUL in string", std::string("\"a\0b\"", 5), "NUL"},
      {"comment", "[1 /* x */]", "byte 3"},
      {"control character in string", "\"a\nb\"", "control character"},
      {"bad escape", R"("\x41")", "byte 2"},
      {"short unicode escape", R"("\u12")", "not valid JSON"},
      {"lone high surrogate", R"("\ud800")", "surrogate"},
      {"lone low surrogate", R"("\udc00")", "surrogate"},
      {"high surrogate twice", R"("\ud800\ud800")", "surrogate"},
      {"overlong UTF-8", "\"\xC0\x80\"", "UTF-8"},
      {"torn UTF-8", "\"\xE2\x82\"", "UTF-8"},
      {"surrogate in UTF-8", "\"\xED\xA0\x80\"", "UTF-8"},
      {"beyond Unicode", "\"\xF4\x90\x80\x80\"", "UTF-8"},
      {"bad UTF-8 in key", "{\"\xFF\": 1}", "UTF-8"},
      {"UTF-16", std::string("\xFF\xFE[\0]\0", 6), "NUL"},
      {"overflowing number", "[1e400]", "overflow"},
      {"overflowing negative number", "-1e999999", "overflow"},
      {"NaN", "[NaN]", "byte 1"},
      {"Infinity", "[Infinity]", "byte 1"},
      {"minus Infinity", "[-Infinity]", "byte 2"},
      {"leading zero", "[01]", "byte 2"},
      {"plus sign", "[+1]", "byte 1"},
      {"bare point", "[.5]", "byte 1"},
      {"point without digits", "[1.]", "byte 3"},
      {"exponent without digits", "[1e]", "byte 3"},
      {"hexadecimal", "[0x10]", "byte 2"},
      {"upper-case literal", "[True]", "byte 1"},
      {"torn literal", "[tru", "byte 4"},
      {"duplicate key", R"({"a":1,"b":2,"a":3})", "\"a\" stands twice"},
      {"duplicate key by escape", R"({"a":1,"\u0061":3})", "\"a\" stands twice"},
      {"duplicate empty key", R"({"":1,"":3})", "stands twice"},
      {"duplicate key inside", R"([{"x":{"k":[],"k":{}}}])", "\"k\" stands twice"},
      {"duplicate key with control characters", R"({"\n\u001b":1,"\n\u001b":1})", "stands twice"},
      {"mismatched brackets", "[}", "byte 1"},
      {"closing only", "]", "byte 0"},
      {"a million arrays", std::string(1'000'000, '['), "nested deeper"},
      {"60000 objects",
       [] {
         std::string t;
         for (int i = 0; i < 60000; ++i) t += "{\"a\":";
         return t;
       }(),
       "nested deeper"},
      {"a megabyte of bad literal", "[" + std::string(1 << 20, 'x'), "byte 1"},
      {"a megabyte of open string", "\"" + std::string(1 << 20, 'x'), "not valid JSON"},
  };
}

TEST(Json, HostileTextsAreRefused) {
  const std::vector<Hostile> texts = hostile_texts();
  ASSERT_GE(texts.size(), 50U);
  for (const Hostile& hostile : texts) {
    SCOPED_TRACE(hostile.kind);
    expect_refused("folder/config.json", hostile.fragment, [&] { parse_json(hostile.text, "folder/config.json"); });
  }
}

TEST(Json, SizeLimit) {
  EXPECT_NO_THROW(parse_json("[12]", "text", {.max_bytes = 4}));
  expect_refused("text", "the limit is 4", [] { parse_json("[123]", "text", {.max_bytes = 4}); });
}

TEST(Json, ValueLimit) {
  EXPECT_NO_THROW(parse_json("[1,{\"a\":2}]", "text", {.max_values = 4}));
  expect_refused("text", "more than 4 values", [] { parse_json("[1,{\"a\":2},3]", "text", {.max_values = 4}); });
  // What nests or repeats nothing but brackets takes most memory for its size.
  std::string brackets = "[[]";
  while (brackets.size() < (std::size_t{2} << 20)) brackets += ",[]";
  expect_refused("config.json", "values", [&] { parse_json(brackets + "]", "config.json"); });
  const std::string long_config = "\"" + std::string(std::size_t{5} << 20, 'x') + "\"";
  expect_refused("config.json", "the limit is", [&] { parse_json(long_config, "config.json"); });
  EXPECT_NO_THROW(parse_json(long_config, "tokenizer.json", kTableJson));
}

// As many as the largest published tokenizer.json has, Gemma's.
TEST(Json, TablesHoldTheLargestVocabularies) {
  std::string text = R"({"vocab":{)";
  for (int i = 0; i < 262'144; ++i) text += (i ? ",\"token" : "\"token") + std::to_string(i) + "\":" + std::to_string(i);
  text += R"(},"merges":[)";
  for (int i = 0; i < 514'906; ++i) text += std::string(i ? "," : "") + R"(["abcdefgh","ijklmnop"])";
  text += "]}";
  EXPECT_EQ(parse_json(text, "tokenizer.json", kTableJson)["merges"].size(), 514'906U);
}

TEST(Json, FilesAreNamed) {
  const test::TemporaryFolder folder;
  test::write_bytes(folder / "good.json", "{\"a\": 1}");
  test::write_bytes(folder / "bad.json", "{");
  EXPECT_EQ(read_json_file(folder / "good.json")["a"], 1);
  expect_refused((folder / "bad.json").string(), "byte 1", [&] { read_json_file(folder / "bad.json"); });
  expect_refused((folder / "none.json").string(), "cannot be opened", [&] { read_json_file(folder / "none.json"); });
  expect_refused(folder.path().string(), "folder", [&] { read_json_file(folder.path()); });
  expect_refused("good.json", "larger than the limit of 3", [&] { read_json_file(folder / "good.json", {.max_bytes = 3}); });
}

TEST(Json, ManyKeysTakeNoQuadraticTime) {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += "\"token" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_json(text, "vocabulary", kTableJson).size(), 300'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Json, MutantsLoadOrAreRefused) {
  const std::string valid = R"({"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00木"],"b":{"c":{"d":[[],{}]}},"e":"\n"})";
  test::run_mutants(valid, 20000, [](const std::string& mutant) {
    // What was let in must be a value that JSON can express.
    ASSERT_EQ(Json::parse(parse_json(mutant, "mutant").dump()).dump(), parse_json(mutant, "mutant").dump());
  });
}

}  // namespace
}  // namespace zlens
