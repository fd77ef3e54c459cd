#include <iostream>

#include "app/command_line.h"
#include "app/thumbnail.h"
#include "eval/report.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "report RUN",
    "Writes RUN/report.html: scores, configuration and every sample with its image, in one file that needs no network."};

}  // namespace

int report_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("run", po::value<std::string>()->value_name("RUN"), "the run folder (also as the last argument)");
  po::positional_options_description positional;
  positional.add("run", 1);
  const auto values = parse_arguments(arguments, flags, positional, kUsage);
  if (!values) return 0;
  const std::filesystem::path run = required(*values, "run");
  write_report(run, builtin_tasks(), {.thumbnailer = thumbnail});
  std::cout << (run / "report.html").string() << "\n";
  return 0;
}

}  // namespace zlens
