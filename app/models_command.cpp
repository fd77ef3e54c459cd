#include <iostream>

#include "app/builtin.h"
#include "app/command_line.h"
#include "app/model_card.h"
#include "io/error.h"
#include "text/decoder_config.h"
#include "vision/families.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "models [show M]",
    "Without arguments: the model families and modalities that zlens knows. 'show M': what a checkpoint is, its sizes, and\n"
    "which of its matrices experts can adapt. Weights are not computed with."};

int list_families() {
  std::cout << "families (model_type in config.json):\n";
  for (const std::string& name : decoder_model_types()) std::cout << "  " << name << "\n";
  std::cout << "\nvision-language families:\n";
  const FamilyRegistry families = vision_families();
  for (const ModelFamily& family : families.all()) std::cout << "  " << family.model_type << ": " << family.description << "\n";
  std::cout << "\nfiles: Hugging Face folders (safetensors, sharded or not; tokenizer.json or tokenizer.model), GGUF v2 and "
               "v3\n\nmodalities (--attach):\n";
  const ModalityRegistry modalities = builtin_modalities();
  for (const ModalityEntry* entry : modalities.all()) {
    std::cout << "  " << entry->name << ": " << entry->description;
    if (!entry->option_names.empty()) std::cout << "; options:";
    for (const std::string& option : entry->option_names) std::cout << " " << option;
    std::cout << "\n";
  }
  return 0;
}

}  // namespace

int models_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("words", po::value<std::vector<std::string>>()->value_name("show M"), "also as plain arguments")(
      "json", "print a JSON object");
  po::positional_options_description positional;
  positional.add("words", -1);
  const auto values = parse_arguments(arguments, flags, positional, kUsage);
  if (!values) return 0;
  if (!values->contains("words")) return list_families();
  const auto& words = (*values)["words"].as<std::vector<std::string>>();
  if (words.size() != 2 || words[0] != "show") throw InputError(std::string("expected: zlens ") + kUsage.synopsis);
  const Json card = model_card(find_model(words[1]));
  if (values->contains("json")) {
    std::cout << card.dump(2) << "\n";
  } else {
    print_model_card(std::cout, card);
  }
  return 0;
}

}  // namespace zlens
