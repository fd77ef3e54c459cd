#include "app/command_line.h"

#include <iostream>
#include <memory>

#include "app/interrupt.h"
#include "eval/progress.h"
#include "io/error.h"

namespace zlens {
namespace {

// "ocr:language=deu,psm=4" -> {"ocr", {{"language", "deu"}, {"psm", "4"}}}
Attachment parse_attachment(const std::string& text) {
  const auto colon = text.find(':');
  Attachment out{text.substr(0, colon), {}};
  std::size_t at = colon == std::string::npos ? text.size() : colon + 1;
  while (at < text.size()) {
    const auto comma = std::min(text.find(',', at), text.size());
    const std::string pair = text.substr(at, comma - at);
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw InputError("--attach " + text + ": expected MODALITY or MODALITY:KEY=VALUE,…, got '" + pair + "'");
    out.options[pair.substr(0, equals)] = pair.substr(equals + 1);
    at = comma + 1;
  }
  return out;
}

Input parse_input(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw InputError("--input " + text + ": expected NAME=FILE, e.g. image=receipt.png");
  return {text.substr(0, equals), std::filesystem::path(text.substr(equals + 1))};
}

}  // namespace

std::optional<po::variables_map> parse_arguments(const std::vector<std::string>& arguments, const po::options_description& flags,
                                                 const po::positional_options_description& positional, const Usage& usage) {
  po::options_description all(flags);
  all.add_options()("help,h", "show this text");
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    throw InputError(std::string(error.what()) + " (usage: zlens " + usage.synopsis + "; --help shows every flag)");
  }
  if (!values.contains("help")) return values;
  std::cout << "usage: zlens " << usage.synopsis << "\n\n" << usage.description << "\n\n" << all;
  return std::nullopt;
}

po::options_description model_flags(const char* dtype) {
  po::options_description flags("Model", 110, 60);
  flags.add_options()("model,m", po::value<std::string>()->value_name("M"),
                      "a Hugging Face folder, a .gguf file, or a name from assets or the user's model folder")(
      "dtype", po::value<std::string>()->default_value(dtype)->value_name("T"), "compute in fp32, bf16 or fp16")(
      "device", po::value<std::string>()->default_value("cpu")->value_name("D"), "where to compute: cpu, cuda or cuda:N")(
      "threads", po::value<int>()->default_value(0)->value_name("N"), "threads; 0: one for each core")(
      "attach,a", po::value<std::vector<std::string>>()->composing()->value_name("MODALITY"),
      "give the model a modality: ocr, transcript; with options as ocr:language=deu,psm=4 (repeatable)")(
      "expert", po::value<std::string>()->default_value("none")->value_name("E"),
      "answer with this expert: a name, an expert or mix file; auto: a dispatcher chooses; none: the base")(
      "experts", po::value<std::string>()->default_value("")->value_name("DIR"),
      "a folder of experts, looked at before assets/experts and the user's; auto and adapt look at it alone")(
      "dispatch", po::value<std::string>()->default_value("")->value_name("D"),
      "how auto chooses: prompt, classifier (an expert trained for it) or prototype; default: classifier where such an "
      "expert is, else prompt")(
      "form", po::value<std::string>()->default_value("delta")->value_name("F"),
      "how the expert is computed: delta (keeps the base's bits where z = 1), factored, merged, or auto (the fastest)")(
      "tolerance", po::value<double>()->default_value(0)->value_name("X"),
      "delta: drop small components up to this relative error in each matrix; 0: none");
  return flags;
}

SessionOptions session_options(const po::variables_map& values, const std::string& model) {
  SessionOptions options;
  options.model = model.empty() || values.contains("model") ? required(values, "model") : model;
  options.dtype = values["dtype"].as<std::string>();
  options.device = values["device"].as<std::string>();
  options.threads = values["threads"].as<int>();
  if (options.threads < 0 || options.threads > 1024)
    throw InputError("--threads " + std::to_string(options.threads) + " is out of range (accepted: 0 to 1024)");
  options.expert = values["expert"].as<std::string>();
  options.experts = values["experts"].as<std::string>();
  options.dispatch = values["dispatch"].as<std::string>();
  options.form = values["form"].as<std::string>();
  options.tolerance = values["tolerance"].as<double>();
  options.on_factors = [bar = std::shared_ptr<Progress>()](std::int64_t done, std::int64_t total) mutable {
    if (!bar) bar = std::make_shared<Progress>("factoring the base, once", total, done);
    bar->update(done);
    if (done == total) bar->finish();
    return caught_signal() == 0;
  };
  if (values.contains("attach"))
    for (const std::string& text : values["attach"].as<std::vector<std::string>>())
      options.attachments.push_back(parse_attachment(text));
  return options;
}

SessionOptions base_session_options(const po::variables_map& values) {
  SessionOptions options = session_options(values);
  if (!options.expert.empty() && options.expert != "none")
    throw InputError("--expert " + options.expert +
                     " has no place here: this works on the base (train --init FILE starts from an expert)");
  return options;
}

po::options_description input_flags() {
  po::options_description flags("Input", 110, 60);
  flags.add_options()("image,i", po::value<std::vector<std::string>>()->composing()->value_name("F"),
                      "an image: the same as --input image=F (repeatable)")(
      "input", po::value<std::vector<std::string>>()->composing()->value_name("NAME=FILE"),
      "an input for the modalities that read NAME (repeatable)");
  return flags;
}

std::vector<Input> inputs_of(const po::variables_map& values) {
  std::vector<Input> inputs;
  if (values.contains("image"))
    for (const std::string& file : values["image"].as<std::vector<std::string>>())
      inputs.push_back({"image", std::filesystem::path(file)});
  if (values.contains("input"))
    for (const std::string& text : values["input"].as<std::vector<std::string>>()) inputs.push_back(parse_input(text));
  return inputs;
}

po::options_description generation_flags(std::int64_t max_new_tokens) {
  po::options_description flags("Generation", 110, 60);
  flags.add_options()("max-new-tokens", po::value<std::int64_t>()->default_value(max_new_tokens)->value_name("N"),
                      max_new_tokens ? "longest answer" : "longest answer; 0: the task's own")(
      "temperature", po::value<double>()->default_value(0)->value_name("T"), "0: greedy")(
      "top-p", po::value<double>()->default_value(1)->value_name("P"),
      "sample from the likeliest tokens that reach this probability")(
      "seed", po::value<std::uint64_t>()->default_value(0)->value_name("S"), "of sampling");
  return flags;
}

AnswerOptions answer_options(const po::variables_map& values) {
  AnswerOptions options;
  options.max_new_tokens = values["max-new-tokens"].as<std::int64_t>();
  options.temperature = values["temperature"].as<double>();
  options.top_p = values["top-p"].as<double>();
  options.seed = values["seed"].as<std::uint64_t>();
  if (options.max_new_tokens < 0 || options.max_new_tokens > 1 << 20)
    throw InputError("--max-new-tokens " + std::to_string(options.max_new_tokens) + " is out of range (accepted: 1 to 1048576)");
  return options;
}

std::string text_of(const po::variables_map& values, const char* name) {
  return values.contains(name) ? values[name].as<std::string>() : std::string();
}

std::string required(const po::variables_map& values, const char* name) {
  if (!values.contains(name) || values[name].as<std::string>().empty()) throw InputError(std::string("--") + name + " is missing");
  return values[name].as<std::string>();
}

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace zlens
