// The verbs of `zlens experts`, and what they share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "experts/expert.h"
#include "experts/factors.h"
#include "text/model.h"

namespace zlens {

int experts_list(const std::vector<std::string>& arguments);
int experts_show(const std::vector<std::string>& arguments);
int experts_verify(const std::vector<std::string>& arguments);
int experts_merge(const std::vector<std::string>& arguments);
int experts_transfer(const std::vector<std::string>& arguments);
int experts_import(const std::vector<std::string>& arguments);
int experts_export(const std::vector<std::string>& arguments);

// A base for work on its weights.
struct LoadedBase {
  std::shared_ptr<const LanguageModel> model;
  std::shared_ptr<FactorStore> factors;
};

// A model by name or path. Computes with all cores.
LoadedBase load_base(const std::string& model);

// --experts, --model.
po::options_description expert_lookup_flags();

// The expert that `text` names: a path, or a name among the experts of `base` (a hash; needed for a name).
Expert named_expert(const std::string& text, const po::variables_map& values, const std::string& base);

// Refuses to write over a file that exists.
void expect_new_file(const std::filesystem::path& path);

// What is recorded of scores: "0.02 → 0.82" (validation: base, expert); empty where nothing is.
std::string scores_text(const Expert& expert);

// Values of all parts.
std::int64_t parameter_count(const Expert& expert);

std::string record_value(const Expert& expert, const std::string& key);  // empty where absent

}  // namespace zlens
