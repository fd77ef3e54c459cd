#include "train/label_codes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "io/error.h"
#include "io/mapped_file.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

class LabelCodesTest : public testing::Test {
 protected:
  void expect_refused(const LabelCodes& codes, const std::string& reason) {
    write_label_codes(folder_ / "bad", codes);
    try {
      read_label_codes(folder_ / "bad", 3, 4);
      FAIL() << "not refused: " << reason;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
  }

  TemporaryFolder folder_;
  LabelCodes codes_{at::arange(12, at::kFloat).view({3, 4}), at::full({2, 4}, 100, at::kFloat)};
};

TEST_F(LabelCodesTest, APlaceIsAddedInEveryPicture) {
  codes_.places[1] += 100;
  const at::Tensor shown = codes_.shown({2, 0, 1, 1});  // two pictures
  EXPECT_TRUE(at::equal(shown.select(1, 0), at::tensor({108.F, 200.F, 104.F, 204.F})));
  EXPECT_TRUE(at::equal(LabelCodes{codes_.classes}.shown({2, 0, 1}).select(1, 0), at::tensor({8.F, 0.F, 4.F})));
  EXPECT_THROW(codes_.shown({1, 2, 0}), InputError);
}

TEST_F(LabelCodesTest, SavedAndRead) {
  write_label_codes(folder_ / "codes", codes_);
  const LabelCodes read = read_label_codes(folder_ / "codes", 3, 4);
  EXPECT_TRUE(at::equal(read.classes, codes_.classes));
  EXPECT_TRUE(at::equal(read.places, codes_.places));
  EXPECT_EQ(digest_of(read), digest_of(codes_));
  codes_.places[0][0] += 1;
  EXPECT_NE(digest_of(read), digest_of(codes_));
}

TEST_F(LabelCodesTest, WhatDoesNotFitIsRefused) {
  expect_refused({at::zeros({2, 4}), codes_.places}, "2 classes");
  expect_refused({at::zeros({3, 5}), at::zeros({2, 5})}, "width of 5");
  expect_refused({codes_.classes, at::zeros({2, 3})}, "needed are 3 and 4");
  expect_refused({codes_.classes, at::zeros({0, 4})}, "label codes");
  expect_refused({at::zeros({12}), codes_.places}, "'classes' is not a matrix");
  expect_refused({codes_.classes, at::full({2, 4}, std::numeric_limits<float>::quiet_NaN())}, "'places' has a number");
  std::ofstream(folder_ / "text") << "no safetensors";
  EXPECT_THROW(read_label_codes(folder_ / "text", 3, 4), InputError);
}

}  // namespace
}  // namespace zlens
