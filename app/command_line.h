// What the sub-commands share: options that mean the same everywhere, and how they are parsed.
#pragma once

#include <boost/program_options.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "app/session.h"

namespace zlens {

namespace po = boost::program_options;

// A sub-command: its arguments without its name, its exit code.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(const std::vector<std::string>& arguments);
};

// Usage line, description and flags of a sub-command.
struct Usage {
  const char* synopsis;     // "ask --model M [--image F] QUESTION"
  const char* description;  // one or two sentences
};

// Parses; on --help prints `usage` and the flags on stdout and returns nothing. Throws InputError on wrong usage.
std::optional<po::variables_map> parse_arguments(const std::vector<std::string>& arguments, const po::options_description& flags,
                                                 const po::positional_options_description& positional, const Usage& usage);

// --model, --dtype (default `dtype`), --device, --threads, --attach, --expert, --experts, --dispatch, --form, --tolerance.
po::options_description model_flags(const char* dtype = "bf16");
// `model` is taken where --model is not given; throws InputError where neither names one.
SessionOptions session_options(const po::variables_map& values, const std::string& model = "");
// The same for what works on the base alone. Throws InputError where --expert names one.
SessionOptions base_session_options(const po::variables_map& values);

// --input NAME=FILE and --image FILE.
po::options_description input_flags();
std::vector<Input> inputs_of(const po::variables_map& values);

// --max-new-tokens (default `max_new_tokens`; 0: left to the task), --temperature, --top-p, --seed.
po::options_description generation_flags(std::int64_t max_new_tokens);
AnswerOptions answer_options(const po::variables_map& values);

// The value of a text flag; empty where it has none.
std::string text_of(const po::variables_map& values, const char* name);

// A required option's value; throws InputError naming the flag where it is missing.
std::string required(const po::variables_map& values, const char* name);

// The parts of a list "a,b,c"; empty ones are passed over.
std::vector<std::string> listed(const std::string& text);

int adapt_command(const std::vector<std::string>& arguments);
int train_command(const std::vector<std::string>& arguments);
int ask_command(const std::vector<std::string>& arguments);
int decompose_command(const std::vector<std::string>& arguments);
int eval_command(const std::vector<std::string>& arguments);
int score_command(const std::vector<std::string>& arguments);
int report_command(const std::vector<std::string>& arguments);
int compare_command(const std::vector<std::string>& arguments);
int logits_command(const std::vector<std::string>& arguments);
int experts_command(const std::vector<std::string>& arguments);
int models_command(const std::vector<std::string>& arguments);
int tasks_command(const std::vector<std::string>& arguments);
int synth_command(const std::vector<std::string>& arguments);

}  // namespace zlens
