// zlens experts: list, verify, merge; the other verbs have files of their own.
#include <ATen/Parallel.h>

#include <array>
#include <charconv>
#include <iostream>
#include <thread>

#include "app/experts_verbs.h"
#include "app/text_table.h"
#include "experts/base_hash.h"
#include "experts/delta_weight.h"
#include "experts/expert_merge.h"
#include "experts/expert_store.h"
#include "io/error.h"
#include "io/json.h"
#include "io/user_folders.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr std::array<Command, 7> kVerbs = {{
    {"list", "the experts that are at hand", experts_list},
    {"show", "what an expert is and which matrices it changes, with a heat map", experts_show},
    {"verify", "check expert files, against a model too", experts_verify},
    {"merge", "several experts made one", experts_merge},
    {"transfer", "carry an expert over to another base with the same matrices", experts_transfer},
    {"import", "read a .pt file of the reference implementation, or a PEFT folder", experts_import},
    {"export", "a merged Hugging Face checkpoint, or a PEFT folder", experts_export},
}};

void print_usage(std::ostream& out) {
  out << "usage: zlens experts <verb> [flags]\n\n";
  for (const Command& verb : kVerbs)
    out << "  " << verb.name << std::string(10 - std::string(verb.name).size(), ' ') << verb.summary << "\n";
  out << "\n'zlens experts <verb> --help' shows every flag with its default. Where FILE is asked for, a name will do with --model: "
         "it\n"
         "is looked up in --experts, then in assets/experts and the user's experts folder, among those of the model.\n";
}

Json list_entry(const StoredExpert& stored, const std::string& base) {
  if (!stored.error.empty()) return {{"file", stored.path.string()}, {"error", stored.error}};
  const Expert& expert = stored.expert;
  Json out = {{"name", expert.name},
              {"description", expert.description},
              {"task", record_value(expert, "task")},
              {"method", record_value(expert, "method")},
              {"parameters", parameter_count(expert)},
              {"base", expert.base},
              {"scores", scores_text(expert)},
              {"sha256", expert.sha256},
              {"file", stored.path.string()}};
  if (!base.empty()) out["fits"] = expert.base == base;
  return out;
}

// FILE or NAME, and behind the last ':' a weight.
std::pair<std::string, double> parse_part(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, 1.0};
  double weight = 0;
  const char *begin = text.data() + colon + 1, *end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, weight);
  if (error != std::errc() || stop != end || colon == 0)
    throw InputError("'" + printable(text) + "': expected FILE:WEIGHT, e.g. document.safetensors:0.5");
  return {text.substr(0, colon), weight};
}

}  // namespace

LoadedBase load_base(const std::string& model) {
  at::set_num_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  LoadedBase out;
  const FamilyRegistry families = vision_families();
  out.model = LanguageModel::load(
      find_model(model), {.dtype = at::kBFloat16, .families = &families, .make_weight = {}, .find_language_model = find_model});
  out.factors =
      std::make_shared<FactorStore>(out.model, base_hash(*out.model, user_cache_folder()), user_cache_folder() / "factors");
  return out;
}

po::options_description expert_lookup_flags() {
  po::options_description flags("Lookup", 110, 60);
  flags.add_options()("experts", po::value<std::string>()->default_value("")->value_name("DIR"),
                      "look here for names first, then in assets/experts and the user's experts folder")(
      "model,m", po::value<std::string>()->default_value("")->value_name("M"), "the base: a folder, a .gguf file, or a name");
  return flags;
}

Expert named_expert(const std::string& text, const po::variables_map& values, const std::string& base) {
  if (is_expert_path(text)) return read_expert(text);
  if (base.empty()) throw InputError("'" + printable(text) + "' is a name: say for which base with --model, or name a file");
  return find_expert(text, ExpertStore(expert_folders(values["experts"].as<std::string>())), base);
}

void expect_new_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) throw InputError(path.string() + ": exists already; name a new file, or remove it");
}

std::string record_value(const Expert& expert, const std::string& key) {
  const auto found = expert.record.find(key);
  return found == expert.record.end() ? std::string() : found->second;
}

std::string scores_text(const Expert& expert) {
  const std::string training = record_value(expert, "training");
  if (training.empty()) return {};
  try {
    const Json record = parse_json(training, "training", {.max_depth = 16});
    char text[64];
    std::snprintf(text, sizeof text, "%.3f → %.3f", record.at("base_score").get<double>(), record.at("best_score").get<double>());
    return text;
  } catch (const std::exception&) {
    return {};  // a record of another maker
  }
}

std::int64_t parameter_count(const Expert& expert) {
  std::size_t count = 0;
  for (const auto& [name, z] : expert.z) count += z.size();
  for (const auto* parts : {&expert.lora_a, &expert.lora_b, &expert.xs})
    for (const auto& [name, matrix] : *parts) count += matrix.values.size();
  return static_cast<std::int64_t>(count);
}

int experts_list(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {
      "experts list [--experts DIR] [--model M]",
      "The experts in --experts, assets/experts and the user's experts folder. With --model: which of them fit it."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("json", "print a JSON array");
  const auto values = parse_arguments(arguments, flags, {}, usage);
  if (!values) return 0;
  const std::string model = (*values)["model"].as<std::string>();
  const std::string base = model.empty() ? "" : load_base(model).factors->base_hash();
  const auto folders = expert_folders((*values)["experts"].as<std::string>());
  Json entries = Json::array();
  for (const StoredExpert& stored : ExpertStore(folders).list()) entries.push_back(list_entry(stored, base));
  if (values->contains("json")) {
    std::cout << entries.dump(2) << "\n";
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"name", "task", "method", "parameters", "base", "base → expert", "file", "description"}};
  for (const Json& entry : entries) {
    if (entry.contains("error")) continue;
    const auto text = [&](const char* key) {
      const std::string value = entry[key].get<std::string>();
      return value.empty() ? "–" : printable(value, 200);
    };
    const std::string fits = base.empty() ? text("base").substr(0, 12) : entry["fits"] == true ? "fits" : "another";
    rows.push_back({text("name"), text("task"), text("method"), std::to_string(entry["parameters"].get<std::int64_t>()), fits,
                    text("scores"), text("file"), text("description")});
  }
  if (rows.size() > 1) print_table(std::cout, rows, rows.front().size());
  if (entries.empty()) {
    std::cerr << "no experts in";
    for (const fs::path& folder : folders) std::cerr << " " << folder.string();
    std::cerr << "\n";
  }
  for (const Json& entry : entries)
    if (entry.contains("error")) std::cerr << "zlens: " << entry["error"].get<std::string>() << "\n";
  return 0;
}

int experts_verify(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {"experts verify [--model M] FILE…",
                           "Checks format, checksum, shapes and values of each file; with --model also its base, names and sizes.\n"
                           "Exit code 1: one of them fails."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("files", po::value<std::vector<std::string>>()->value_name("FILE…"), "expert files (also as arguments)");
  po::positional_options_description positional;
  positional.add("files", -1);
  const auto values = parse_arguments(arguments, flags, positional, usage);
  if (!values) return 0;
  if (!values->contains("files")) throw InputError(std::string("nothing to verify (usage: zlens ") + usage.synopsis + ")");
  const std::string model = (*values)["model"].as<std::string>();
  std::optional<LoadedBase> base;
  if (!model.empty()) base = load_base(model);
  int failed = 0;
  for (const std::string& file : (*values)["files"].as<std::vector<std::string>>()) {
    try {
      const Expert expert = named_expert(file, *values, base ? base->factors->base_hash() : "");
      if (base) check_fits(expert, *base->factors);
      std::cout << "ok      " << file << "  " << expert.name << "  " << expert.sha256 << "\n";
    } catch (const InputError& error) {
      ++failed;
      std::cout << "failed  " << error.what() << "\n";
    }
  }
  return failed > 0 ? 1 : 0;
}

int experts_merge(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {
      "experts merge FILE:WEIGHT FILE:WEIGHT … --out FILE",
      "z = 1 + the sum of weight (z - 1), low-rank parts joined: one expert that answers as the mix of its parts."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("parts", po::value<std::vector<std::string>>()->value_name("FILE:WEIGHT…"),
                      "also as arguments; weight 1 may be left out")("out,o", po::value<std::string>()->value_name("FILE"),
                                                                     "the expert file to write")(
      "name", po::value<std::string>()->value_name("N"), "its name; default: the file's")(
      "description", po::value<std::string>()->default_value("")->value_name("TEXT"), "what dispatch reads");
  po::positional_options_description positional;
  positional.add("parts", -1);
  const auto values = parse_arguments(arguments, flags, positional, usage);
  if (!values) return 0;
  const fs::path out = required(*values, "out");
  expect_new_file(out);
  const std::string model = (*values)["model"].as<std::string>();
  const std::string base = model.empty() ? "" : load_base(model).factors->base_hash();
  std::vector<MergePart> parts;
  if (values->contains("parts"))
    for (const std::string& text : (*values)["parts"].as<std::vector<std::string>>()) {
      const auto [file, weight] = parse_part(text);
      parts.push_back({named_expert(file, *values, base), weight});
    }
  const std::string name = values->contains("name") ? (*values)["name"].as<std::string>() : out.stem().string();
  write_expert(out, merge_experts(parts, name, (*values)["description"].as<std::string>()));
  std::cout << out.string() << "\n";
  return 0;
}

int experts_command(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    print_usage(arguments.empty() ? std::cerr : std::cout);
    return arguments.empty() ? 2 : 0;
  }
  for (const Command& verb : kVerbs)
    if (arguments[0] == verb.name) return verb.run({arguments.begin() + 1, arguments.end()});
  throw InputError("unknown verb '" + printable(arguments[0]) + "' (zlens experts --help lists them)");
}

}  // namespace zlens
