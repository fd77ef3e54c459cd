#include "eval/task.h"

#include "eval/data_entry.h"
#include "io/error.h"

namespace zlens {

void TaskRegistry::add(std::unique_ptr<const Task> task) {
  std::string name(task->name());
  if (tasks_.contains(name)) throw InputError("the task '" + name + "' is registered already");
  tasks_.emplace(std::move(name), std::move(task));
}

const Task& TaskRegistry::get(std::string_view name) const {
  const auto found = tasks_.find(name);
  if (found != tasks_.end()) return *found->second;
  std::vector<std::string> known;
  for (const auto& [key, unused] : tasks_) known.push_back(key);
  throw InputError("unknown task '" + printable(name) + "'; known: " + joined(known));
}

std::vector<const Task*> TaskRegistry::all() const {
  std::vector<const Task*> out;
  for (const auto& [unused, task] : tasks_) out.push_back(task.get());
  return out;
}

}  // namespace zlens
