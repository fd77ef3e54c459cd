#include "synth/till_dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "eval/task.h"
#include "io/error.h"
#include "io/mapped_file.h"
#include "support/synth_options.h"
#include "support/temporary_folder.h"
#include "tests/synth/solvers.h"
#include "tests/synth/till_fixture.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

std::vector<Json> records(const fs::path& file) {
  std::vector<Json> out;
  for (const std::string& line : test::lines_of(read_text_file(file))) out.push_back(parse_json(line, "line"));
  return out;
}

class TillFolder : public testing::Test {
 protected:
  TillFolder() { test::write_receipts(receipts()); }
  fs::path receipts() const { return folder_ / "receipts"; }
  fs::path out() const { return folder_ / "out"; }

  // Refused with a message that holds `expected`, and nothing is written.
  void expect_refused(const TillOptions& options, const std::string& expected) {
    try {
      write_till_dataset(options);
      ADD_FAILURE() << "accepted, expected: " << expected;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(out() / "train.jsonl"));
  }
  TillOptions from_folder(Split split, std::int64_t count) {
    auto options = options_for<TillOptions>(out(), split, count);
    options.from = receipts();
    return options;
  }
  void expect_folder_refused(const std::string& expected) { expect_refused(from_folder(Split::Train, 3), expected); }

  // One record in train.json, made bad by `change`.
  void write_record(const std::function<void(Json&)>& change) {
    Json record = {{"question", "Who?"}, {"image", "documents/000.jpg"}, {"docId", 0}, {"field", "company"}, {"answers", {"A"}}};
    change(record);
    test::write_text(receipts() / "train.json", Json{{"data", {record}}}.dump());
  }

  TemporaryFolder folder_;
};

TEST_F(TillFolder, EveryReceiptIsAskedForThreeFields) {
  const auto counts = write_till_dataset(options_for<TillOptions>(out(), Split::Train, 20));
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->receipts, 20);
  EXPECT_EQ(counts->samples, 60);
  const std::vector<Json> lines = records(out() / "train.jsonl");
  ASSERT_EQ(lines.size(), 60u);
  EXPECT_EQ(lines[4].at("id"), "till-train-000001-date");
  EXPECT_EQ(lines[4].at("images"), Json({"images/till-train-000001.png"}));
  const TillStream stream(5, Split::Train);
  const char* fields[] = {"company", "date", "total"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Till till = stream.make(i / 3);
    EXPECT_EQ(lines[i].at("field"), fields[i % 3]);
    EXPECT_EQ(
        lines[i].at("facts"),
        Json({{"kind", "till"}, {"company", till.answers.company}, {"date", till.answers.date}, {"total", till.answers.total}}));
    EXPECT_EQ(lines[i].at("answers"), Json({lines[i].at("facts").at(fields[i % 3])}));
    EXPECT_EQ(lines[i].at("metric"), "anls");
    EXPECT_EQ(lines[i].at("unseen"), false);
    const std::string name = "till-train-0000" + std::string(i / 3 < 10 ? "0" : "") + std::to_string(i / 3) + ".txt";
    EXPECT_EQ(read_text_file(out() / "transcripts" / name), text_of(till) + "\n");
  }
  const TaskRegistry tasks = builtin_tasks();
  EXPECT_EQ(tasks.get("jsonl").read(out(), "train").size(), 60u);
}

TEST_F(TillFolder, HeldOutMerchantsAreTheValSplitAndNeverAnOriginal) {
  const std::vector<FolderReceipt> receipts_read = read_receipts(receipts());
  ASSERT_EQ(receipts_read.size(), 5u);
  EXPECT_EQ(held_out_merchants(receipts_read),
            (std::set<std::string>{merchant_of(test::kHeldOutCompany), merchant_of(test::kValCompany)}));
  for (const Original& original : originals_of(receipts_read)) EXPECT_NE(original.answers.company, test::kHeldOutCompany);
  ASSERT_TRUE(write_till_dataset(from_folder(Split::Val, 0)));
  const std::vector<Json> lines = records(out() / "val.jsonl");
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0].at("id"), "till-val-000000-company");
  EXPECT_EQ(lines[0].at("question"), "Who sold it?");
  EXPECT_EQ(lines[1].at("answers"), Json({"14 MAR 2018"}));
  EXPECT_EQ(lines[2].at("question"), "How much, in all?");
  EXPECT_EQ(read_text_file(out() / "transcripts/till-val-000000.txt"), read_text_file(receipts() / "transcripts/002.txt"));
  EXPECT_EQ(lines[3].at("answers"), Json({test::kValCompany}));
  // Nothing of theirs is in train: neither name nor address.
  TillOptions train = from_folder(Split::Train, 300);
  train.from_share = 1;
  ASSERT_TRUE(write_till_dataset(train));
  for (const auto& file : fs::directory_iterator(out() / "transcripts")) {
    if (file.path().filename().string().starts_with("till-val-")) continue;
    const std::string text = read_text_file(file.path());
    EXPECT_EQ(text.find("TIRENIA"), text.npos) << text;
    EXPECT_EQ(text.find("SELASA"), text.npos) << text;
    EXPECT_EQ(text.find("JALAN ROTI"), text.npos) << text;
  }
}

TEST_F(TillFolder, AMerchantWithManyReceiptsIsForTraining) {
  std::vector<FolderReceipt> many;
  for (const char* spelling : {"TIRENIA BAKERY SDN. BHD.", "Tirenia Bakery Sdn Bhd", "TIRENIA BAKERY (SDN BHD)"})
    many.push_back({spelling, true, "", {{"company", {"Who?", {spelling}}}}});
  many.push_back({"without", true, "", {}});
  many.push_back({"validated", false, "", {{"company", {"Who?", {"TIRENIA BAKERY SDN BHD"}}}}});
  EXPECT_TRUE(held_out_merchants(many).empty());
  many.erase(many.begin());
  EXPECT_EQ(held_out_merchants(many), std::set<std::string>{"TIRENIABAKERYSDNBHD"});
  int held_out = 0;
  std::vector<FolderReceipt> merchants;
  for (char a = 'A'; a <= 'Z'; ++a)
    for (char b = 'A'; b <= 'Z'; ++b)
      merchants.push_back({"x", true, "", {{"company", {"Who?", {std::string("KEDAI ") + a + b}}}}});
  held_out = static_cast<int>(held_out_merchants(merchants).size());
  EXPECT_NEAR(held_out, 26 * 26 / 4, 40);
  for (FolderReceipt& receipt : merchants) receipt.train = false;
  EXPECT_EQ(held_out_merchants(merchants).size(), 26u * 26u);
}

TEST_F(TillFolder, TheShareDecidesHowManyAreVariants) {
  const std::vector<Original> originals = originals_of(read_receipts(receipts()));
  for (const double share : {0.0, 0.3, 1.0}) {
    const TillStream stream(1, Split::Train, originals, share);
    int variants = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
      const std::string text = text_of(stream.make(i));
      variants += text.find("PISANG") != text.npos || text.find("MANGGA") != text.npos || text.find("LAKE ROAD") != text.npos;
    }
    // An eighth of the variants have lost the word to noise.
    EXPECT_NEAR(variants, 435 * share, share == 0 ? 0 : 45) << share;
  }
  EXPECT_THROW(TillStream(1, Split::Train, originals, 1.5), InputError);
  EXPECT_THROW(TillStream(1, Split::Train, originals, std::nan("")), InputError);
}

TEST_F(TillFolder, ReceiptsWhoseAnswersAreNotPrintedAreNoOriginals) {
  const std::vector<std::string> lines = {"SHOP AB", "ROAD", "12/11/2018", "TOTAL 5.00"};
  const TillAnswers answers = {"SHOP AB", "12/11/2018", "5.00"};
  EXPECT_TRUE(find_parts(lines, answers, "ROAD"));
  EXPECT_FALSE(find_parts(lines, {"OTHER NAME", answers.date, answers.total}, ""));
  EXPECT_FALSE(find_parts(lines, {answers.company, "13/11/2018", answers.total}, ""));
  EXPECT_FALSE(find_parts(lines, {answers.company, answers.date, "6.00"}, ""));
  EXPECT_FALSE(find_parts(lines, {answers.company, answers.date, "5"}, ""));
  EXPECT_FALSE(find_parts(lines, {"", "", ""}, ""));
  EXPECT_FALSE(find_parts({}, answers, ""));
  // Part of a longer amount, or only in the company's line.
  EXPECT_FALSE(find_parts({"SHOP AB", "12/11/2018", "15.00"}, answers, ""));
  EXPECT_FALSE(find_parts({"SHOP AB 12/11/2018", "5.00"}, answers, ""));
}

TEST_F(TillFolder, BadFoldersAreRefused) {
  fs::remove(receipts() / "transcripts/001.txt");
  expect_folder_refused("001.txt");
  test::write_text(receipts() / "transcripts/001.txt", "\xff\xfe");
  expect_folder_refused("001.txt");
  test::write_text(receipts() / "transcripts/001.txt", std::string(70'000, 'x'));
  expect_folder_refused("001.txt");
  test::write_receipts(receipts());
  fs::remove(receipts() / "val.json");
  expect_folder_refused("val.json");
  for (const char* text : {"", "[]", "{\"data\": 3}", "{\"data\": [3]}", "{\"data\": [", "{}"}) {
    test::write_text(receipts() / "val.json", text);
    expect_folder_refused("val.json");
  }
  expect_refused(
      [&] {
        TillOptions options = from_folder(Split::Train, 3);
        options.from = folder_ / "none";
        return options;
      }(),
      "train.json");
}

TEST_F(TillFolder, BadRecordsAreRefused) {
  for (const char* key : {"question", "image", "field", "answers"}) {
    write_record([&](Json& record) { record.erase(key); });
    expect_folder_refused("'" + std::string(key) + "' is missing");
    write_record([&](Json& record) { record[key] = 3; });
    expect_folder_refused("data[0]: '" + std::string(key) + "'");
  }
  write_record([](Json& record) { record["answers"] = {3}; });
  expect_folder_refused("is not a string");
  write_record([](Json& record) { record["answers"] = {std::string(3000, 'x')}; });
  expect_folder_refused("3000 bytes");
  write_record([](Json& record) { record["image"] = "documents/../../secret\n.jpg"; });
  expect_folder_refused("names no picture");
  write_record([](Json& record) { record["image"] = "documents/nowhere.jpg"; });
  expect_folder_refused("nowhere.txt");
}

TEST_F(TillFolder, BadOptionsAreRefused) {
  expect_refused(options_for<TillOptions>(out(), Split::Train, 0), "0 samples");
  expect_refused(options_for<TillOptions>(out(), Split::Train, 1'000'001), "1000001 samples");
  expect_refused(options_for<TillOptions>(out(), Split::Test, 3), "train and val");
  expect_refused(from_folder(Split::Test, 3), "train and val");
  expect_refused(from_folder(Split::Val, 3), "2 receipts of held-out merchants");
  TillOptions options = from_folder(Split::Train, 3);
  options.from_share = -0.1;
  expect_refused(options, "accepted: 0 to 1");
  fs::remove_all(out());
  test::write_text(receipts() / "train.json", "{\"data\": []}");
  test::write_text(receipts() / "val.json", "{\"data\": []}");
  expect_refused(from_folder(Split::Val, 0), "held out");
}

TEST_F(TillFolder, StoppedItLeavesNoSplit) {
  auto options = options_for<TillOptions>(out(), Split::Train, 10);
  int asked = 0;
  options.stop = [&] { return ++asked > 4; };
  EXPECT_FALSE(write_till_dataset(options));
  EXPECT_FALSE(fs::exists(out() / "train.jsonl"));
  options.stop = nullptr;
  std::int64_t done = 0;
  options.progress = [&](std::int64_t now, std::int64_t of) {
    done = now;
    EXPECT_EQ(of, 10);
  };
  EXPECT_TRUE(write_till_dataset(options));
  EXPECT_EQ(done, 10);
  EXPECT_THROW(write_till_dataset(options), InputError);
}

}  // namespace
}  // namespace zlens::synth
