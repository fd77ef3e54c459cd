// Factoring from the command line: once, resumable after a signal.
#include <gtest/gtest.h>

#include "app/command_fixture.h"
#include "io/json.h"

namespace zlens {
namespace {

using DecomposeCommand = CommandTest;

TEST_F(DecomposeCommand, ComputesOnceAndSaysWhatItDid) {
  const Outcome first = zlens({"decompose", "--model", model()});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("|W - USV'|"), std::string::npos) << first.out;
  EXPECT_NE(first.err.find("decompose"), std::string::npos) << "progress";
  const Json again = parse_json(zlens({"decompose", "--model", model(), "--json"}).out, "summary");
  EXPECT_EQ(again.at("computed"), 0);
  EXPECT_LT(again.at("error").get<double>(), 1e-5);
  EXPECT_GT(again.at("matrices").get<int>(), 0);
}

TEST_F(DecomposeCommand, RefusesWhatMakesNoSense) {
  expect_refused({"decompose"}, "--model");
  expect_refused({"decompose", "--model", model(), "--memory", "0"}, "--memory");
  expect_refused({"decompose", "--model", model(), "--expert", "document"}, "--expert document");
}

}  // namespace
}  // namespace zlens
