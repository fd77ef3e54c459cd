#include <iostream>

#include "app/command_line.h"
#include "eval/task.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {"tasks", "Lists the tasks: what --data must hold, the metric, the default prompt."};

}  // namespace

int tasks_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("json", "print a JSON list");
  const auto values = parse_arguments(arguments, flags, {}, kUsage);
  if (!values) return 0;
  const TaskRegistry tasks = builtin_tasks();
  Json list = Json::array();
  for (const Task* task : tasks.all()) {
    if (!values->contains("json"))
      std::cout << task->name() << "\n  " << task->description() << "\n  metric " << task->metric() << ", prompt " << task->prompt()
                << ", up to " << task->max_new_tokens() << " new tokens\n";
    list.push_back({{"name", task->name()},
                    {"description", task->description()},
                    {"metric", task->metric()},
                    {"prompt", task->prompt()},
                    {"max_new_tokens", task->max_new_tokens()}});
  }
  if (values->contains("json")) std::cout << list.dump(2) << "\n";
  return 0;
}

}  // namespace zlens
