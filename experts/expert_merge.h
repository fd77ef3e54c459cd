// Several experts made one. Free of torch.
#pragma once

#include <string>
#include <vector>

#include "experts/expert.h"

namespace zlens {

struct MergePart {
  Expert expert;
  double weight = 1;
};

// z = 1 + sum of weight (z_k - 1), low-rank parts joined: what a mix of the parts with these weights computes. The record names the
// parts with their hashes. Throws InputError where the parts have different bases, scopes or lengths, where one matrix would get
// both a LoRA and a LoRA-XS part, on a weight that is not finite or beyond 1000, and without parts.
Expert merge_experts(const std::vector<MergePart>& parts, const std::string& name, const std::string& description);

}  // namespace zlens
