#include "eval/progress.h"

#include <gtest/gtest.h>

#include "tests/eval/support.h"

namespace zlens {
namespace {

TEST(Progress, LineHasRateOfThisSessionAndEta) {
  EXPECT_EQ(progress_line(60, 100, 10, 10), "60/100   60.0%  [##############          ]  5.0/s  ETA 0:08");
  EXPECT_EQ(progress_line(2, 4, 0, 10), "2/4   50.0%  [############            ]  5.0 s each  ETA 0:10");
  EXPECT_EQ(progress_line(4, 4, 0, 2), "4/4  100.0%  [########################]  2.0/s  in 0:02");
  EXPECT_EQ(progress_line(0, 0, 0, 0), "0/0  100.0%  [########################]");
  EXPECT_EQ(progress_line(0, 5, 0, 1), "0/5    0.0%  [                        ]");
}

TEST(Progress, Durations) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(61.2), "1:01");
  EXPECT_EQ(duration_text(3723), "1:02:03");
  EXPECT_EQ(duration_text(-1), "0:00");
  EXPECT_EQ(duration_text(1 / 0.0), "0:00");
}

TEST(Progress, PlainLinesWhereThereIsNoTerminal) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "log";
  std::FILE* file = std::fopen(path.c_str(), "w");
  {
    Progress progress("eval", 3, 0, file);
    for (int i = 1; i <= 3; ++i) progress.update(i);
    progress.finish();
    progress.finish();
  }
  std::fclose(file);
  const std::string text = test::read(path);
  EXPECT_TRUE(text.starts_with("eval  3/3  100.0%")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_FALSE(test::contains(text, "\r"));
}

}  // namespace
}  // namespace zlens
