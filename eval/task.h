// A task: where its samples come from, how they are asked and scored. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace zlens {

struct Sample {
  std::string id;     // unique in its data set
  std::string field;  // what the score is broken down by; may be empty
  std::string question;
  std::vector<std::filesystem::path> images;  // absolute or relative to the working directory, ready to open
  std::vector<std::string> image_names;       // as the data set names them
  std::vector<std::string> references;        // acceptable answers; empty where the split has none
  std::vector<std::string> choices;           // multiple choice: the options, else empty
  std::string metric;                         // per-sample metric where the data set names one, else empty
};

// Immutable; safe to share between threads.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view description() const = 0;  // one line for `zlens tasks`: layout of --data, metric
  virtual std::string_view metric() const = 0;       // default metric, e.g. "anls"
  virtual std::string_view prompt() const = 0;       // name of the default prompt template
  virtual std::int64_t max_new_tokens() const = 0;

  // All samples of a split in the data set's order. Throws InputError naming file, entry and key where they are not as the authors
  // distribute them. Image files are not opened here.
  virtual std::vector<Sample> read(const std::filesystem::path& data, const std::string& split) const = 0;
};

// The tasks by name; a plain object without global state.
class TaskRegistry {
 public:
  void add(std::unique_ptr<const Task> task);    // throws InputError on a name that is taken
  const Task& get(std::string_view name) const;  // throws InputError listing the known names
  std::vector<const Task*> all() const;          // by name

 private:
  std::map<std::string, std::unique_ptr<const Task>, std::less<>> tasks_;
};

TaskRegistry builtin_tasks();

}  // namespace zlens
