// Weights under training: float32 masters, and the model that they make.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/model.h"
#include "train/train_state.h"

namespace zlens {

// Not thread-safe; what `make` gives may be used by any number of threads.
class LiveWeights {
 public:
  // `made`: weights that the model's files do not have, or that stand in for theirs, by canonical name, float32. `trained`: what
  // the names of the trained weights begin with; without: all are. The others stay as they are. Throws InputError where a beginning
  // fits no weight.
  LiveWeights(std::shared_ptr<const LanguageModel> model, const Parameters& made,
              const std::optional<std::vector<std::string>>& trained);

  // What else is trained beside the model may be added.
  Parameters& masters() { return masters_; }
  const Parameters& masters() const { return masters_; }

  // The model with its weights as they stand, rounded to its dtype. `leaves`: the rounded values of masters(), which get gradients.
  struct Made {
    std::shared_ptr<const LanguageModel> model;
    Parameters leaves;
  };
  Made make(bool gradients) const;

 private:
  std::shared_ptr<const LanguageModel> model_;
  Parameters masters_, frozen_;  // frozen_: in the model's dtype
};

}  // namespace zlens
