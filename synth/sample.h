// What every generator gives: a text, a question about it, and the exact answer. Free of torch.
#pragma once

#include <string>
#include <vector>

#include "synth/decimal.h"

namespace zlens::synth {

struct Sample {
  std::string field = {};  // kind of question: what scores are broken down by
  std::string text = {};   // the text twin: the picture's facts as text
  std::string question = {};
  std::vector<std::string> answers = {};  // all are right; the first is written as the text writes it
  std::string metric = {};                // a name of eval/metrics.h
  bool unseen = false;                    // uses words, topics or wordings that no train or val sample has
};

// Further questions about one picture, for training that shares its reading among them.
inline constexpr int kMoreQuestions = 3;

// The numbers that a question is about, as the answer `value` may be written: as printed, and without zeros at the end.
std::vector<std::string> number_answers(Decimal value);

}  // namespace zlens::synth
