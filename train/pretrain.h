// Training of whole models on endless streams of inputs with questions: what an adapted model starts from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experts/sample_stream.h"
#include "text/model.h"
#include "train/adamw.h"
#include "train/label_codes.h"
#include "train/trainer.h"

namespace zlens {

// An input with questions about it. Prompts name their inputs (TokenPrompt::inputs), but hold no embeddings yet.
struct PretrainSample {
  std::vector<TrainingSample> questions;
  // For every head of the options: what each embedding of the input shows, 0: nothing; empty: unknown.
  std::vector<std::vector<std::int64_t>> labels;
};

// Equal numbers give equal samples. Thread-safe.
class PretrainStream {
 public:
  virtual ~PretrainStream() = default;
  virtual PretrainSample at(std::uint64_t index) const = 0;
};

// An auxiliary loss beside the answers': a linear head on the embeddings of inputs tells what each shows.
struct LabelHead {
  std::string name;
  std::int64_t classes = 0;
  double weight = 1;          // of its loss against the answers'; 0: the head is left out
  double blank_weight = 0.2;  // of an embedding that shows nothing, in it
  // Where defined, embeddings are drawn to these (mean squared error) instead of to what a linear head of their own tells apart:
  // how a tower is joined to a language model that stays as it is.
  LabelCodes codes = {};
};

struct PretrainOptions {
  std::int64_t steps = 1000;
  std::int64_t inputs = 64;   // a step
  std::int64_t together = 8;  // inputs whose pass is one batch; shapes the sums, so equal values give equal bits
  int threads = 2;            // without influence on the result
  LearningRate rate;
  AdamWOptions optimizer = {.beta2 = 0.98, .clip_norm = 1};
  double answer_weight = 1;  // 0: the decoder is not run: a tower that cannot read yet has nothing to tell it
  std::vector<LabelHead> heads;
  std::vector<std::string> trained;  // beginnings of the names of the weights that are; empty: all
  // The codes of the first head are learnt, nothing else: they themselves stand where a tower's embeddings would, as if it saw
  // everything. An answer to what a decoder reads best before any tower is trained, and a hundred times cheaper to learn than
  // through one that still errs.
  bool learn_codes = false;
  std::int64_t max_new_tokens = 24;
  std::int64_t log_every = 20, validate_every = 1000, checkpoint_every = 200;  // steps
  std::uint64_t seed = 0;
};

struct PretrainData {
  const PretrainStream* train = nullptr;
  std::vector<PretrainSample> validation;
  const Reward* reward = nullptr;
  bool pictures = true;  // false: the stream has texts alone
};

struct PretrainResult {
  std::int64_t steps = 0;
  double score = 0;  // of the last validation
  bool interrupted = false;
  Parameters weights;  // by canonical name: those that were trained
  LabelCodes codes;    // with learn_codes
};

// Trains `model` on the likelihood of the first references; beside it, where there are labels, heads on the inputs' embeddings name
// what each shows, which is what makes small towers learn to read at all. `made`: weights that the model's files
// do not have or that stand in for theirs (float32, by canonical name). Weights are rounded to the model's dtype for each step;
// masters, moments and sums of gradients are float32. Works in a folder as `train` does: interrupted and resumed, a run ends with
// the same bits. Sets libtorch's threads to one: its parallelism is over inputs. Throws InputError on options out of range
// and where no loss can ever reach a weight that is trained.
PretrainResult pretrain(std::shared_ptr<const LanguageModel> model, const Parameters& made, const PretrainData& data,
                        const PretrainOptions& options, const TrainRun& run);

}  // namespace zlens
