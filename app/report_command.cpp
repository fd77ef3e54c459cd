#include <iostream>

#include "app/command_line.h"
#include "app/thumbnail.h"
#include "eval/confusion.h"
#include "eval/drawing.h"
#include "eval/report.h"
#include "eval/run_folder.h"
#include "eval/training_page.h"
#include "io/atomic_file.h"
#include "io/error.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr Usage kUsage = {
    "report RUN [--confusion FILE] | --training LOG [LOG…] --out FILE",
    "Writes RUN/report.html: scores, configuration and every sample with its image, in one file that needs no network. With\n"
    "--training a page of training runs: for each task the validation score and the training reward against the base."};

po::options_description report_flags() {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("run", po::value<std::string>()->value_name("RUN"), "the run folder (also as the last argument)")(
      "confusion", po::value<std::string>()->value_name("FILE"),
      "instead write which expert answered which field: .svg a drawing, .md a table")(
      "training", po::value<std::vector<std::string>>()->multitoken()->value_name("LOG…"), "logs that 'zlens train' wrote")(
      "out,o", po::value<std::string>()->value_name("FILE"), "of --training: .html the page, .svg the drawing of one task");
  return flags;
}

fs::path written(const fs::path& file, const std::string& text) {
  write_file_atomically(file, text);
  return file;
}

fs::path write_confusion(const fs::path& run, const fs::path& file) {
  const auto matrix = confusion_of(read_run(run).records);
  if (!matrix) throw InputError(run.string() + ": its records have no mixes to tell apart by field");
  if (file.extension() == ".svg") return written(file, svg_file(confusion_drawing(*matrix)));
  if (file.extension() == ".md") return written(file, confusion_markdown(*matrix));
  throw InputError("--confusion " + file.string() + ": choose a name that ends in .svg or .md");
}

fs::path write_training(const std::vector<std::string>& files, const fs::path& out) {
  std::vector<TrainingLog> logs;
  for (const std::string& file : files) logs.push_back(read_training_log(file));
  if (out.extension() == ".html") return written(out, render_training(logs));
  if (out.extension() != ".svg") throw InputError("--out " + out.string() + ": choose a name that ends in .html or .svg");
  std::vector<const TrainingLog*> drawn;
  for (const TrainingLog& log : logs) {
    if (log.task != logs[0].task)
      throw InputError("--out " + out.string() + ": a drawing takes one task, not " + printable(logs[0].task) + " and " +
                       printable(log.task) + "; write .html, or one drawing for each");
    drawn.push_back(&log);
  }
  return written(out, svg_file(training_chart(drawn)));
}

}  // namespace

int report_command(const std::vector<std::string>& arguments) {
  po::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_arguments(arguments, report_flags(), positional, kUsage);
  if (!values) return 0;
  if (values->contains("training")) {
    if (values->contains("run") || values->contains("confusion")) throw InputError("--training takes no run; give --out");
    std::cout << write_training((*values)["training"].as<std::vector<std::string>>(), required(*values, "out")).string() << "\n";
    return 0;
  }
  const fs::path run = required(*values, "run");
  if (values->contains("out")) throw InputError("--out is for --training; a run's report is written into its folder");
  if (values->contains("confusion")) {
    std::cout << write_confusion(run, (*values)["confusion"].as<std::string>()).string() << "\n";
    return 0;
  }
  write_report(run, builtin_tasks(), {.thumbnailer = thumbnail});
  std::cout << (run / "report.html").string() << "\n";
  return 0;
}

}  // namespace zlens
