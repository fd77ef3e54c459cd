#include "eval/report.h"

#include <gtest/gtest.h>

#include "eval/report_page.h"
#include "eval/summary.h"
#include "io/error.h"
#include "tests/eval/fake_run.h"

namespace zlens {
namespace {

constexpr std::string_view kEvil = "</dd><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b]0;x\x07";

SampleRecord evil_record() {
  SampleRecord record;
  record.id = record.field = record.question = record.prediction = record.prompt_sha256 = std::string(kEvil);
  record.images = {std::string(kEvil)};
  record.references = {std::string(kEvil), std::string(kEvil)};
  record.mix = {{{"expert", kEvil}, {"weight", 1}}, kEvil, {{"weight", kEvil}}};
  record.score = 0.5;
  return record;
}

ReportData evil_data() {
  ReportData data;
  data.records = {evil_record(), evil_record()};
  data.records[1].error = std::string(kEvil);
  data.images = {{}, {}};
  data.config = {{"task", kEvil},
                 {"split", kEvil},
                 {"metric_variant", kEvil},
                 {"answerer", {{std::string(kEvil), kEvil}}},
                 {"seed", {1, kEvil}}};
  data.summary = summarize(kEvil, kEvil, data.records);
  return data;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Report, NothingFromTheRunBecomesMarkup) {
  const std::string page = render_report(evil_data(), {});
  EXPECT_EQ(count(page, "<script"), 1u);
  EXPECT_EQ(count(page, "</script"), 1u);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(count(page, "onerror=alert(2)>"), 0u);
  EXPECT_EQ(count(page, "\x1b"), 0u);
  EXPECT_GE(count(page, "&lt;script&gt;alert(1)"), 10u);
}

TEST(Report, PolicyForbidsRequestsAndForeignScripts) {
  const std::string page = render_report(evil_data(), {});
  EXPECT_TRUE(test::contains(page, "default-src 'none'; img-src data:; style-src 'sha256-"));
  EXPECT_TRUE(test::contains(page, "script-src 'sha256-"));
  EXPECT_FALSE(test::contains(page, "unsafe-inline"));
  EXPECT_FALSE(test::contains(page, " style=\"")) << "the policy would drop it";
  for (const char* word : {"http://", "https://", "innerHTML", "src=\"/", "url("}) EXPECT_FALSE(test::contains(page, word)) << word;
}

TEST(Report, SamplesOfOneImageShareIt) {
  const test::TemporaryFolder folder;
  test::write(folder.path() / "a.png", "\x89PNG\r\n\x1a\n and the rest");
  ReportData data = evil_data();
  data.images = {{folder.path() / "a.png"}, {folder.path() / "a.png"}};
  const std::string page = render_report(data, {});
  EXPECT_EQ(count(page, "<img"), 1u);
  EXPECT_EQ(count(page, "<article"), 1u);
  EXPECT_EQ(count(page, "class=\"sample "), 2u);
  EXPECT_TRUE(test::contains(page, "src=\"data:image/png;base64,iVBORw0KGgog"));
}

TEST(Report, ImagesBeyondTheBudgetAreNamedOnly) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) test::write(folder.path() / name, "\xFF\xD8\xFF" + std::string(1000, 'x'));
  ReportData data;
  for (const char* name : {"a", "b", "c"}) {
    data.records.push_back(evil_record());
    data.records.back().images = {name};
    data.images.push_back({folder.path() / name});
  }
  data.summary = summarize("t", "anls", data.records);
  data.config = Json::object();
  ReportOptions options;
  options.max_image_bytes = 2100;
  const std::string page = render_report(data, options);
  EXPECT_EQ(count(page, "<img"), 2u);
  EXPECT_EQ(count(page, "too large for this page"), 1u);
}

TEST(Report, AThumbnailerIsUsed) {
  ReportData data = evil_data();
  data.images = {{"x.tif"}, {"x.tif"}};
  ReportOptions options;
  options.thumbnailer = [](const std::filesystem::path& file) -> std::optional<EmbeddedImage> {
    EXPECT_EQ(file, "x.tif");
    return EmbeddedImage{"image/jpeg", "hello"};
  };
  EXPECT_TRUE(test::contains(render_report(data, options), "data:image/jpeg;base64,aGVsbG8="));
}

TEST(Report, WritesAFinishedAndAnUnfinishedRun) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  RunOptions options = test::options_for(folder.path());
  options.stop = [&] { return answerer.asked.size() == 2; };
  run_evaluation(test::FakeTask(17), answerer, options);
  write_report(folder.path(), builtin_tasks(), {});
  EXPECT_TRUE(test::contains(test::read(folder.path() / "report.html"), "not finished"));
  run_evaluation(test::FakeTask(17), answerer, test::options_for(folder.path(), true));
  write_report(folder.path(), builtin_tasks(), {});
  const std::string page = test::read(folder.path() / "report.html");
  EXPECT_FALSE(test::contains(page, "not finished"));
  EXPECT_EQ(count(page, "class=\"sample "), 17u);
  EXPECT_TRUE(test::contains(page, ">All 17<"));
  EXPECT_TRUE(test::contains(page, ">Failed 1<"));
  EXPECT_TRUE(test::contains(page, "image file not at hand"));
}

TEST(Report, ShowsWhichExpertAnsweredWhereTheRecordsHaveMixes) {
  ReportData data = evil_data();
  for (SampleRecord& record : data.records) record.mix = Json::array();
  EXPECT_FALSE(test::contains(render_report(data, {}), "Which expert answered"));
  data.records[0].field = "document";
  data.records[0].mix = {{{"expert", "document"}, {"weight", 1}}};
  EXPECT_TRUE(test::contains(render_report(data, {}), "1 of 1 right"));
}

TEST(Report, AFolderWithoutARunIsRefused) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(write_report(folder.path(), builtin_tasks(), {}), InputError);
  for (const char* text : {"", "[]", "{\"task\": "}) {
    test::write(folder.path() / "config.json", text);
    EXPECT_THROW(write_report(folder.path(), builtin_tasks(), {}), InputError);
  }
}

TEST(Base64, EqualsTheStandardsVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) EXPECT_EQ(base64(plain), encoded);
}

}  // namespace
}  // namespace zlens
