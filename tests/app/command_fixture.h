// A tiny model, a small data set, and the zlens command.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/process.h"
#include "support/temporary_folder.h"

namespace zlens {

class CommandTest : public testing::Test {
 protected:
  CommandTest();

  // `zlens <words>`, with caches inside the test's own folder.
  Outcome zlens(const std::vector<std::string>& words, ProcessOptions options = {}) const;
  // The command must end with `code` and say one line on standard error that contains `text`.
  void expect_refused(const std::vector<std::string>& words, const std::string& text, int code = 2) const;
  // Words that train a classifier for dispatch among the experts of folder_/experts, on `data` ("name=folder,...").
  std::vector<std::string> train_router(const std::string& data, const std::vector<std::string>& more) const;
  void write(const std::string& name, const std::string& bytes) const;
  std::string model() const { return folder_ / "model"; }

  TemporaryFolder folder_;
};

}  // namespace zlens
