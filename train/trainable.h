// What training changes: the parameters of one method, and the mix that they stand for.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experts/expert.h"
#include "experts/factors.h"
#include "modules/linear.h"

namespace zlens {

struct MethodOptions {
  std::string method = "svf";  // svf | svf-topk | lora-xs | lora | full
  // all | language (the decoder) | vision (tower and projector) | attention | mlp, or kinds joined by commas: q_proj,v_proj,…
  std::string matrices = "all";
  std::int64_t first_layer = 0;         // layers before it keep the base
  std::int64_t rank = 16;               // svf-topk: leading singular values that are scaled; lora-xs, lora: rank
  double lora_alpha = 32;               // lora: y += alpha / rank ∘ B (A x)
  LinearForm form = LinearForm::Delta;  // svf: how z acts while training
  double trust = 0;                     // svf: bound on ‖S (z - 1)‖ / ‖S‖ of each matrix; 0: none
  std::uint64_t seed = 0;               // of what does not start at zero (LoRA's A)
};

// Trainable values in float32, whatever the model computes in. Before the first step the model is the base. Not thread-safe.
class Trainable {
 public:
  virtual ~Trainable() = default;

  // By name; leaves that require grad. Their names are those of the expert file's tensors without the leading kind.
  std::map<std::string, at::Tensor>& parameters() { return parameters_; }
  const std::map<std::string, at::Tensor>& parameters() const { return parameters_; }
  std::int64_t count() const;  // numbers that are trained

  // Differentiable in the parameters.
  virtual std::shared_ptr<ActiveMix> mix() const = 0;
  // Back into the bounds, after a step.
  virtual void project() {}
  // Puts the values into an expert. Method full has none: InputError (train/full.h writes a checkpoint).
  virtual void store(Expert& expert) const = 0;
  // Takes the values of an expert of the same method; throws InputError where it does not fit: a matrix, a part or a rank that is
  // not trained here.
  virtual void load(const Expert& expert) = 0;

 protected:
  // Throws InputError where the expert has a part that no parameter stands for.
  void check_parts(const Expert& expert) const;

  std::map<std::string, at::Tensor> parameters_;
};

// Throws InputError on an unknown method, kinds that select no matrix, or a value out of range.
std::unique_ptr<Trainable> make_trainable(FactorStore& factors, const MethodOptions& options);

// Lets the training begin with what the expert does. Throws InputError on an expert of another base, scope or method, or where
// `Trainable::load` does.
void start_from(const Expert& expert, bool answer_only, const FactorStore& factors, Trainable& trainable);

// The slots that the options select, in order.
std::vector<std::size_t> selected_slots(const LanguageModel& model, const MethodOptions& options);

}  // namespace zlens
