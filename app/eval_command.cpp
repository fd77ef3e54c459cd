#include <iomanip>
#include <iostream>
#include <memory>

#include "app/command_line.h"
#include "app/interrupt.h"
#include "app/session_answerer.h"
#include "app/summary_table.h"
#include "app/thumbnail.h"
#include "eval/progress.h"
#include "eval/report.h"
#include "eval/runner.h"
#include "io/error.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "eval --model M [--attach ocr] --task T --data DIR --split S --out RUN [--resume]",
    "Asks the model every question of a data set and scores the answers. The run folder gets config.json, samples.jsonl,\n"
    "summary.json and report.html. A run that was interrupted or killed goes on with --resume. Exit code 1: some samples failed."};

po::options_description eval_flags() {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("task,t", po::value<std::string>()->value_name("T"), "a task ('zlens tasks' lists them)")(
      "data", po::value<std::string>()->value_name("DIR"), "the data set as its authors distribute it")(
      "split", po::value<std::string>()->default_value("test")->value_name("S"), "which part of the data")(
      "out,o", po::value<std::string>()->value_name("RUN"), "the run folder")(
      "prompt", po::value<std::string>()->value_name("NAME"),
      "prompt template: a name in assets/prompts, or a file; default: the task's")("resume", "go on with an unfinished run")(
      "limit", po::value<std::int64_t>()->default_value(0)->value_name("N"), "only the first N samples; 0: all")(
      "exclude", po::value<std::string>()->value_name("MIX.json"), "leave out the samples that this mix was made with")(
      "batch-size,b", po::value<std::int64_t>()->default_value(8)->value_name("N"), "samples answered at once")(
      "no-report", "do not write report.html");
  return flags;
}

// Shots and selection samples of a mix file.
std::set<std::string> ids_of_mix(const std::filesystem::path& path) {
  const Json file = read_json_file(path);
  std::set<std::string> ids;
  for (const std::string list : {"shots", "selection", "unused"}) {
    const Json::json_pointer place("/record/" + list);
    if (list == "unused" && !file.contains(place)) continue;  // older files have none
    if (!file.contains(place) || !file.at(place).is_array())
      throw InputError(path.string() + ": no mix of 'zlens adapt' (record/" + list + " is missing)");
    for (const Json& id : file.at(place))
      if (id.is_string()) ids.insert(id.get<std::string>());
  }
  return ids;
}

RunOptions run_options(const po::variables_map& values) {
  RunOptions options;
  options.data = required(values, "data");
  options.split = values["split"].as<std::string>();
  options.out = required(values, "out");
  options.resume = values.contains("resume");
  if (values.contains("exclude")) options.exclude = ids_of_mix(values["exclude"].as<std::string>());
  options.limit = values["limit"].as<std::int64_t>();
  options.batch_size = values["batch-size"].as<std::int64_t>();
  options.seed = values["seed"].as<std::uint64_t>();
  options.stop = [] { return caught_signal() != 0; };
  return options;
}

}  // namespace

int eval_command(const std::vector<std::string>& arguments) {
  po::options_description flags = eval_flags();
  flags.add(model_flags()).add(generation_flags(0));
  const auto values = parse_arguments(arguments, flags, {}, kUsage);
  if (!values) return 0;
  const TaskRegistry tasks = builtin_tasks();
  const Task& task = tasks.get(required(*values, "task"));
  RunOptions run = run_options(*values);
  AnswerOptions answers = answer_options(*values);
  if (answers.max_new_tokens == 0) answers.max_new_tokens = task.max_new_tokens();
  const std::string prompt_name = values->contains("prompt") ? (*values)["prompt"].as<std::string>() : std::string(task.prompt());
  const PromptTemplate prompt = PromptTemplate::load(prompt_name, assets_folder() / "prompts");
  run.prompt_name = prompt.name();
  run.prompt_sha256 = prompt.sha256();
  SessionOptions session_settings = session_options(*values);
  session_settings.expected_questions = 1000;  // nominal, so that a resumed run's is the same
  const Session session(session_settings);
  SessionAnswerer answerer(session, prompt, answers);
  std::unique_ptr<Progress> progress;
  run.progress = [&](std::int64_t done, std::int64_t total, std::int64_t already) {
    if (!progress) progress = std::make_unique<Progress>(std::string(task.name()), total, already);
    progress->update(done);
  };
  const RunResult result = run_evaluation(task, answerer, run);
  progress.reset();
  if (result.interrupted) {
    std::cerr << "zlens: stopped after " << result.samples << " samples; the same command with --resume goes on\n";
    return 1;
  }
  print_summary(std::cout, result.summary);
  if (!values->contains("no-report")) {
    write_report(run.out, tasks, {.thumbnailer = thumbnail});
    std::cerr << "report: " << (run.out / "report.html").string() << "\n";
  }
  if (result.failed)
    std::cerr << "zlens: " << result.failed << " of " << result.samples << " samples failed (see 'error' in samples.jsonl)\n";
  return result.failed ? 1 : 0;
}

}  // namespace zlens
