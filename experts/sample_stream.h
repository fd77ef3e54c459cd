// What training learns from, as interfaces: samples in, a reward for each answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "text/generate.h"

namespace zlens {

struct TrainingSample {
  std::string id;
  std::string group;   // samples of one group have the same input (an image, a text), whose reading they share; may be empty
  std::string field;   // what scores are broken down by; may be empty
  TokenPrompt prompt;  // up to where the answer starts
  bool one_line = false;
  std::vector<std::string> references;  // acceptable answers; the first is what supervised training imitates
  std::vector<std::string> choices;     // multiple choice
  std::vector<std::int32_t> spelling;   // the tokens that supervised training imitates instead of the tokenizer's; may be empty
  std::string metric;                   // what the data set asks for; may be empty
};

// Samples by number: equal numbers give equal samples, so that a resumed training sees what an uninterrupted one would have seen.
// Thread-safe.
class SampleStream {
 public:
  virtual ~SampleStream() = default;
  virtual std::size_t size() const = 0;  // endless streams give a large number
  virtual TrainingSample at(std::size_t index) const = 0;
  // Samples [i, group_end(i)) share their input.
  virtual std::size_t group_end(std::size_t index) const { return index + 1; }
};

// How good an answer is, 0 (wrong) to 1. Pure and thread-safe.
class Reward {
 public:
  virtual ~Reward() = default;
  virtual double score(const TrainingSample& sample, const std::string& answer) const = 0;
};

}  // namespace zlens
