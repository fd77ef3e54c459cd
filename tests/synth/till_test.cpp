#include "synth/till.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "support/temporary_folder.h"
#include "synth/amounts.h"
#include "synth/till_dataset.h"
#include "synth/till_dates.h"
#include "synth/till_words.h"
#include "tests/synth/till_fixture.h"

namespace zlens::synth {
namespace {

std::vector<Original> fixture_originals() {
  const TemporaryFolder folder;
  test::write_receipts(folder.path());
  return originals_of(read_receipts(folder.path()));
}

bool a_line_has(const Till& till, std::string_view text) {
  return std::any_of(till.lines.begin(), till.lines.end(), [&](const std::string& line) { return line.find(text) != line.npos; });
}

std::string in_one_line(const Till& till) {
  std::string out;
  for (const std::string& line : till.lines) out += (out.empty() ? "" : " ") + line;
  return out;
}

std::size_t times_printed(const Till& till, std::int64_t cents) {
  std::size_t times = 0;
  for (const std::string& line : till.lines)
    for (const TextSpan amount : find_amounts(line)) times += cents_of(amount.of(line)) == cents;
  return times;
}

void expect_answers_in_text(const Till& till) {
  EXPECT_NE(in_one_line(till).find(till.answers.company), std::string::npos) << text_of(till) << "\n" << till.answers.company;
  EXPECT_TRUE(a_line_has(till, till.answers.date)) << text_of(till) << "\n" << till.answers.date;
  EXPECT_TRUE(a_line_has(till, till.answers.total)) << text_of(till) << "\n" << till.answers.total;
  EXPECT_EQ(find_amounts(till.answers.total).size(), 1u) << till.answers.total;
}

TEST(Till, AnswersOfInventedReceiptsStandInTheText) {
  for (const Split split : {Split::Train, Split::Val}) {
    const TillStream stream(3, split);
    for (std::uint64_t i = 0; i < 500; ++i) expect_answers_in_text(stream.make(i));
  }
}

TEST(Till, AnswersOfVariantsStandInTheText) {
  const TillStream stream(3, Split::Train, fixture_originals(), 1);
  for (std::uint64_t i = 0; i < 1000; ++i) expect_answers_in_text(stream.make(i));
}

std::string draw_text(Rng& rng, std::span<const std::string_view> tokens, std::int64_t most) {
  std::string text;
  for (std::int64_t left = rng.integer(1, most); left > 0; --left) {
    text += rng.pick(tokens);
    if (rng.chance(0.7)) text += " ";
  }
  return text;
}

// Receipts that nobody would print: whatever is taken for an original gives variants with their answers.
TEST(Till, VariantsOfAnythingHaveTheirAnswers) {
  constexpr std::string_view kTokens[] = {"12/11/18", "5.00", "RM5.00", "15.00", "1,234.50", "2018", "201811",   "81100", "ABC",
                                          "SDN BHD",  "MAR",  "DATE",   "-5.00", "$ 5.00",   "0099", "\xC3\xBC", ":",     "RM"};
  constexpr std::string_view kCompanies[] = {"ABC",       "ABC SDN BHD", "MAR",  "2018",
                                             "5.00 MART", "MAR 81100",   "DATE", "ABC  MAR RM  SDN BHD"};
  constexpr std::string_view kDates[] = {"12/11/18", "201811", "MAR 2018", "DATE 2018"};
  constexpr std::string_view kTotals[] = {"5.00",  "RM5.00",       "$ 5.00",    "1,234.50",
                                          "-5.00", "5.00 SDN BHD", "DATE 5.00", "0099 5.00"};
  int accepted = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Rng rng(seed);
    std::vector<std::string> lines;
    for (std::int64_t left = rng.integer(1, 12); left > 0; --left) lines.push_back(draw_text(rng, kTokens, 4));
    TillAnswers answers{std::string(rng.pick(kCompanies)), std::string(rng.pick(kDates)), std::string(rng.pick(kTotals))};
    for (const std::string* answer : {&answers.total, &answers.date, &answers.company})
      if (rng.chance(0.5)) lines.insert(lines.begin(), *answer);
    const auto original = find_parts(lines, std::move(answers), draw_text(rng, kTokens, 4));
    if (!original) continue;
    ++accepted;
    Till till = make_variant(rng, {&*original, 1}, {});
    add_noise(rng, till, kVariantNoise);
    expect_answers_in_text(till);
  }
  EXPECT_GT(accepted, 500);
}

// What the fixture prints three times is three times there, whatever became of it.
TEST(Till, VariantsScaleEqualAmountsAlike) {
  const TillStream stream(4, Split::Train, fixture_originals(), 1);
  std::set<std::int64_t> totals;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Till till = stream.make(i);
    const std::int64_t cents = cents_of(find_amounts(till.answers.total).front().of(till.answers.total));
    totals.insert(cents);
    EXPECT_GE(times_printed(till, cents), 3u) << text_of(till) << "\n" << till.answers.total;
  }
  EXPECT_GT(totals.size(), 150u);
}

TEST(Till, VariantsKeepTheFormOfTheirOriginal) {
  const std::vector<Original> originals = fixture_originals();
  std::map<std::string, int> prefixes;
  int renamed = 0, old_codes = 0, old_dates = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    const Till till = make_variant(rng, std::span(originals).first(1), {});
    ++prefixes[till.answers.total.substr(0, find_amounts(till.answers.total).front().begin)];
    const bool same_company = till.answers.company == originals[0].answers.company;
    renamed += !same_company;
    EXPECT_EQ(a_line_has(till, "VELTIA"), same_company) << text_of(till);
    old_codes += a_line_has(till, "00012345");
    old_dates += till.answers.date == originals[0].answers.date;
    EXPECT_TRUE(a_line_has(till, "JALAN PISANG 5")) << text_of(till);
    EXPECT_TRUE(a_line_has(till, "GOODS SOLD BY " + till.answers.company + " ARE")) << text_of(till);
    // The registration number stays at the end of the company's name, with other digits or not.
    EXPECT_TRUE(a_line_has(till, till.company_parts.back() + " (")) << text_of(till);
  }
  EXPECT_EQ(prefixes.size(), 1u);
  EXPECT_EQ(prefixes.begin()->first, "RM");
  EXPECT_NEAR(renamed, 340, 30);
  EXPECT_NEAR(old_dates, 60, 30);
  EXPECT_LT(old_codes, 3);
}

TEST(Till, VariantsExchangeBodies) {
  const std::vector<Original> originals = fixture_originals();
  ASSERT_EQ(originals.size(), 3u);
  int exchanged = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const Till till = make_variant(rng, originals, {});
    exchanged += a_line_has(till, "JALAN PISANG") && a_line_has(till, "AMOUNT DUE");
    EXPECT_NE(a_line_has(till, "AMOUNT DUE"), a_line_has(till, "SUBTOTAL") || a_line_has(till, "SUM ")) << text_of(till);
  }
  EXPECT_GT(exchanged, 5);
}

TEST(Till, EqualPlacesGiveEqualReceipts) {
  const TillStream a(5, Split::Train, fixture_originals(), 0.5), b(5, Split::Train, fixture_originals(), 0.5),
      other(6, Split::Train, fixture_originals(), 0.5);
  int same = 0;
  for (std::uint64_t i = 50; i-- > 0;) {
    EXPECT_EQ(text_of(a.make(i)), text_of(b.make(i)));
    same += text_of(a.make(i)) == text_of(other.make(i));
  }
  EXPECT_EQ(same, 0);
}

// Pinned, because a data set is named by its seed.
TEST(Till, TextsNeverChange) {
  const Till till = TillStream(7, Split::Train).make(0);
  EXPECT_EQ(text_of(till) + "\n" + till.answers.company + "|" + till.answers.date + "|" + till.answers.total,
            "DEVI KAGALUTO SUN'S\n(M) SDN BHD\nNO.06, JALAN SS2 07\nSEKSYEN JAYA, 59151 KAJANG,\nJOHOR\n"
            "DATE : 01/12/18 8:03:10 AM\nDINE IN\nINVOICE NO : CS62691480\nTABLE : 65\nINVOICE NO : CS74722381\n"
            "SLIP NO. : 8806768930\nCASHIR : FFF\nSERVED BY : SIANG\nQTY\nDESCRIPTION\nPRICE\nAMOUNT\nBOX SCREW 7PCS 3.50\n"
            "CUP 1,429.00\nNOODLE 341.00\nTABLET FILE RICE 47.80\nMASK TEA 1.90\nBOX BULB 9.95\nPLATE SUGAR (0S) 2.70\n"
            "FRIES 3MM 194.20\nAMOUNT\n$2,030.05\nTOTAL\n$2,030.05\nCREDIT CARD\n$2,030.05\nCHANGE DUE\n$0.00\n"
            "WIFI PASSWORD: CAR WASH\nSTRICTLY NO CASH REFUND\nTHANK YOU\n"
            "DEVI KAGALUTO SUN'S (M) SDN BHD|01/12/18|$2,030.05");
}

TEST(Till, SplitsShareNoReceipt) {
  std::map<std::string, Split> owner;
  for (const Split split : {Split::Train, Split::Val}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const TillStream stream(seed, split);
      for (std::uint64_t i = 0; i < 400; ++i) {
        const TillAnswers answers = stream.make(i).answers;
        const std::string key = answers.company + "|" + answers.date + "|" + answers.total;
        EXPECT_EQ(split_of(key), split);
        EXPECT_EQ(owner.emplace(key, split).first->second, split);
      }
    }
  }
}

TEST(Till, ReceiptsVary) {
  const TillStream stream(1, Split::Train);
  int labelled = 0, prefixed = 0, split_names = 0, first = 0;
  std::size_t shortest = 1000, longest = 0;
  constexpr int kReceipts = 1000;
  for (std::uint64_t i = 0; i < kReceipts; ++i) {
    const Till till = stream.make(i);
    for (const std::string& line : till.lines) labelled += line.starts_with("DATE") && line.ends_with(till.answers.date);
    prefixed += !till.answers.total.empty() && (till.answers.total[0] < '0' || till.answers.total[0] > '9');
    split_names += till.company_parts.size() == 2;
    first += till.lines[0].starts_with(till.company_parts[0]);
    shortest = std::min(shortest, till.lines.size());
    longest = std::max(longest, till.lines.size());
  }
  EXPECT_NEAR(labelled, 0.11 * kReceipts, 60);
  EXPECT_NEAR(prefixed, 0.51 * kReceipts, 60);
  EXPECT_NEAR(split_names, 0.22 * kReceipts, 60);
  EXPECT_NEAR(first, 0.5 * kReceipts, 80);
  EXPECT_LT(shortest, 18u);
  EXPECT_GT(longest, 70u);
}

TEST(TillWords, KnownNamesAreUsedNowAndThen) {
  const std::vector<std::string> known = {"KEDAI LANORA"};
  Rng rng(2);
  int used = 0;
  for (int i = 0; i < 1000; ++i) used += company_name(rng, known) == known[0];
  EXPECT_NEAR(used, 200, 50);
}

TEST(TillWords, PatternsAreFilledIn) {
  Rng rng(2);
  const std::string text = stamped(rng, "A99-^{sep}");
  ASSERT_EQ(text.size(), 10u);
  EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(text[1])) && std::isdigit(static_cast<unsigned char>(text[2])));
  EXPECT_TRUE(std::isupper(static_cast<unsigned char>(text[4])));
  EXPECT_EQ(text.substr(5), "{sep}");
  EXPECT_EQ(titled("ABC'S (M) SDN. BHD."), "Abc'S (M) Sdn. Bhd.");
}

TEST(TillDates, StandWholeInOneLineWithoutGaps) {
  std::set<std::string> forms;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    const std::string date = printed_date(rng), time = printed_time(rng);
    std::string form = date + " " + time;
    for (char& c : form)
      if (std::isalnum(static_cast<unsigned char>(c))) c = std::isdigit(static_cast<unsigned char>(c)) ? '9' : 'a';
    forms.insert(form);
    int holding = 0;
    for (const std::string& line : date_lines(rng, date, time, ": ")) {
      holding += line.find(date) != line.npos;
      EXPECT_EQ(line.find('{'), line.npos) << line;
    }
    EXPECT_EQ(holding, 1) << date;
  }
  EXPECT_GT(forms.size(), 60u);
}

}  // namespace
}  // namespace zlens::synth
