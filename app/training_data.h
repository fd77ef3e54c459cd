// What a training reads, from the command line. Internal to app/: shows torch.
#pragma once

#include <memory>
#include <string>

#include "app/command_line.h"
#include "app/task_stream.h"
#include "eval/rewards.h"
#include "io/json.h"

namespace zlens {

// --task, --data, the splits, prompts and the reward.
po::options_description training_data_flags();

struct TrainingData {
  std::unique_ptr<const PromptTemplate> prompt, warm_prompt;  // prompt: nullptr for the task dispatch
  std::string prompt_variant;                                 // for records: name@hash, or "dispatch"
  std::unique_ptr<const Reward> reward;
  std::unique_ptr<const TaskStream> train, warm, validation;  // warm and validation may be nullptr
  std::string data_sha256;                                    // of the training samples
  Json seen;  // hashes of all else that it reads: a resumed training must find the same
};

// Throws InputError on unknown names, unreadable data and an empty split. `session` must outlive the result.
TrainingData gather_training_data(const po::variables_map& values, const Session& session);

}  // namespace zlens
