#include "train/trainable.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "experts/delta_weight.h"
#include "experts/mix.h"
#include "experts/scope.h"
#include "io/error.h"
#include "text/model.h"
#include "train/full.h"
#include "train/trainable_methods.h"

namespace zlens {
namespace {

const std::set<std::string> kAttention = {"q_proj", "k_proj", "v_proj", "o_proj", "out_proj"};
const std::set<std::string> kMlp = {"gate_proj", "up_proj", "down_proj", "fc1", "fc2"};

std::string kind_of(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

std::set<std::string> selected_kinds(const std::string& text) {
  if (text == "attention") return kAttention;
  if (text == "mlp") return kMlp;
  std::set<std::string> kinds;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    kinds.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return kinds;
}

}  // namespace

std::int64_t Trainable::count() const {
  std::int64_t total = 0;
  for (const auto& [name, value] : parameters_) total += value.numel();
  return total;
}

void Trainable::check_parts(const Expert& expert) const {
  const auto check = [&](const char* kind, const auto& parts) {
    for (const auto& [name, values] : parts)
      if (!parameters_.contains(kind + name))
        throw InputError(
            "expert '" + expert.name + "' has '" + kind + name +
            "', which this training does not change: choose the --method, --matrices and --layers that it was made with");
  };
  check("z/", expert.z);
  check("lora_a/", expert.lora_a);
  check("lora_b/", expert.lora_b);
  check("xs/", expert.xs);
}

void start_from(const Expert& expert, bool answer_only, const FactorStore& factors, Trainable& trainable) {
  check_fits(expert, factors);
  if (acts_on_answer_only(expert) != answer_only)
    throw InputError("expert '" + expert.name + "' acts on " + (answer_only ? "all" : "the answer") + ", this training on " +
                     (answer_only ? "the answer" : "all") + ": choose the --scope that it was made with");
  trainable.load(expert);
}

std::vector<std::size_t> selected_slots(const LanguageModel& model, const MethodOptions& options) {
  const AdaptableMatrices& matrices = model.matrices();
  const std::set<std::string> kinds = selected_kinds(options.matrices);
  const auto chosen = [&](const std::string& name) {
    const bool language = name.starts_with(model.decoder_name() + ".");
    if (options.matrices == "language" || options.matrices == "vision") return language == (options.matrices == "language");
    return options.matrices == "all" || kinds.contains(kind_of(name));
  };
  std::set<std::string> known;
  std::vector<std::size_t> slots;
  for (std::size_t slot = 0; slot < matrices.size(); ++slot) {
    known.insert(kind_of(matrices[slot].name));
    if (chosen(matrices[slot].name) && layer_of(matrices[slot].name) >= options.first_layer) slots.push_back(slot);
  }
  if (!slots.empty()) return slots;
  std::string listed;
  for (const std::string& kind : known) listed += (listed.empty() ? "" : ", ") + kind;
  throw InputError("--matrices '" + options.matrices + "' from layer " + std::to_string(options.first_layer) +
                   " on selects nothing (known: all, language, vision, attention, mlp, " + listed + ")");
}

std::unique_ptr<Trainable> make_trainable(FactorStore& factors, const MethodOptions& options) {
  if (options.rank < 1) throw InputError("--rank " + std::to_string(options.rank) + " is out of range (accepted: from 1)");
  if (options.method == "svf") return make_svf(factors, options);
  if (options.method == "svf-topk") return make_svf_topk(factors, options);
  if (options.method == "lora-xs") return make_lora_xs(factors, options);
  if (options.method == "lora") return make_lora(factors, options);
  if (options.method == "full") return make_full(factors.model(), options);
  throw InputError("method '" + options.method + "' is unknown (known: svf, svf-topk, lora-xs, lora, full)");
}

}  // namespace zlens
