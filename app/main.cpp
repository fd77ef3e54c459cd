#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/interrupt.h"
#include "io/error.h"

namespace {

using zlens::Command;

constexpr Command kCommands[] = {
    {"ask", "one answer about an image or a text, or many from JSON lines", zlens::ask_command},
    {"eval", "evaluate a model on a task, into a run folder", zlens::eval_command},
    {"train", "train an expert: reinforcement learning or supervised, resumable", zlens::train_command},
    {"adapt", "search the mix of experts that answers a few examples best", zlens::adapt_command},
    {"score", "score a run or a file of predictions again", zlens::score_command},
    {"report", "write a run's report: one HTML file with its images", zlens::report_command},
    {"compare", "compare runs sample by sample: intervals, tests, what changed", zlens::compare_command},
    {"decompose", "factor a model's matrices into the cache, ahead of experts", zlens::decompose_command},
    {"experts", "list, show, verify, merge, transfer, import and export experts", zlens::experts_command},
    {"models", "families supported; what a checkpoint is", zlens::models_command},
    {"tasks", "tasks, their data formats and metrics", zlens::tasks_command},
    {"synth", "generate questions with exact answers, as text and as pictures", zlens::synth_command},
    {"logits", "write a prompt's token ids and logits, for comparisons", zlens::logits_command},
};

void print_usage(std::ostream& out) {
  out << "usage: zlens <sub-command> [flags]\n\n";
  for (const Command& command : kCommands)
    out << "  " << command.name << std::string(10 - std::string(command.name).size(), ' ') << command.summary << "\n";
  out << "\n'zlens <sub-command> --help' shows every flag with its default. zlens --version shows the version.\n";
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    print_usage(std::cerr);
    return 2;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_usage(std::cout);
    return 0;
  }
  if (words[0] == "--version") {
    std::cout << "zlens " ZLENS_VERSION "\n";
    return 0;
  }
  for (const Command& command : kCommands)
    if (words[0] == command.name) return command.run({words.begin() + 1, words.end()});
  throw zlens::InputError("unknown sub-command '" + words[0] + "' (zlens --help lists them)");
}

// A library's message may go over many lines; the first says what is wrong.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

int main(int argc, char** argv) {
  zlens::watch_signals();
  int code = 1;
  try {
    code = run({argv + 1, argv + argc});
    std::cout.flush();
    if (!std::cout) throw zlens::Error("could not write to standard output");
  } catch (const zlens::InputError& error) {
    std::cerr << "zlens: " << error.what() << "\n";
    code = 2;
  } catch (const std::exception& error) {
    std::cerr << "zlens: " << first_line(error.what()) << "\n";
    code = 1;
  }
  return zlens::caught_signal() ? 128 + zlens::caught_signal() : code;
}
