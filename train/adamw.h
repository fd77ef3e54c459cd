// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), its state open to checkpoints.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

namespace zlens {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  double clip_norm = 0;  // bound on the norm of all gradients together; 0: none
};

// Not thread-safe. Parameters without a gradient are left alone.
class AdamW {
 public:
  AdamW(std::map<std::string, at::Tensor>& parameters, const AdamWOptions& options);

  // One step with the gradients that the parameters hold, which are then cleared. Returns their norm before clipping.
  // A norm that is not finite changes nothing.
  double step(double learning_rate);

  // First and second moments by "m/<name>" and "v/<name>"; the tensors are the state itself.
  const std::map<std::string, at::Tensor>& moments() const { return moments_; }
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  std::map<std::string, at::Tensor>& parameters_;
  AdamWOptions options_;
  std::map<std::string, at::Tensor> moments_;
  std::int64_t steps_ = 0;
};

}  // namespace zlens
