#include <iostream>

#include "app/command_line.h"
#include "app/summary_table.h"
#include "eval/predictions.h"
#include "eval/score.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {"score --task T --data DIR --split S RUN|FILE",
                          "Scores predictions again: of a run folder, of JSON lines with id and prediction, or of a list "
                          "[{\"questionId\", \"answer\"}, …].\n"
                          "Samples without a prediction count 0. Exit code 1: some predictions are missing."};

}  // namespace

int score_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("predictions", po::value<std::string>()->value_name("RUN|FILE"), "what to score (also as the last argument)")(
      "task,t", po::value<std::string>()->value_name("T"), "the task")("data", po::value<std::string>()->value_name("DIR"),
                                                                       "the data set")(
      "split", po::value<std::string>()->default_value("test")->value_name("S"), "which part of the data")(
      "metric", po::value<std::string>()->default_value("")->value_name("NAME"), "another metric than the task's")(
      "json", "print the summary as JSON");
  po::positional_options_description positional;
  positional.add("predictions", 1);
  const auto values = parse_arguments(arguments, flags, positional, kUsage);
  if (!values) return 0;
  const TaskRegistry tasks = builtin_tasks();
  const Task& task = tasks.get(required(*values, "task"));
  const std::string predictions = required(*values, "predictions");
  const auto samples = samples_to_score(task, required(*values, "data"), (*values)["split"].as<std::string>(), predictions);
  const ScoreResult result = score_predictions(task, samples, read_predictions(predictions), (*values)["metric"].as<std::string>());
  if (values->contains("json")) {
    std::cout << result.summary.dump(2) << "\n";
  } else {
    print_summary(std::cout, result.summary);
  }
  if (result.missing.empty()) return 0;
  std::cerr << "zlens: " << result.missing.size() << " samples have no prediction, the first is '" << result.missing.front()
            << "'\n";
  return 1;
}

}  // namespace zlens
