#include "app/command_line.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {"logits --model DIR --prompt TEXT [--image F] [--raw] --out F.safetensors",
                          "Writes input_ids [T] int64 and logits [T, V] float32 of a prompt, for comparisons with other "
                          "implementations; with embedded inputs\n"
                          "also image_features. --raw: the prompt as it is, with the tokenizer's own special tokens; without it: "
                          "one user message through the\n"
                          "chat template."};

}  // namespace

int logits_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("prompt", po::value<std::string>()->value_name("TEXT"), "the prompt")("raw", "no chat template")(
      "out,o", po::value<std::string>()->value_name("F"), "the safetensors file to write");
  flags.add(model_flags("fp32")).add(input_flags());
  const auto values = parse_arguments(arguments, flags, {}, kUsage);
  if (!values) return 0;
  const Request request{.question = required(*values, "prompt"), .inputs = inputs_of(*values), .raw = values->contains("raw")};
  const std::string out = required(*values, "out");
  Session(session_options(*values)).write_logits(request, out);
  return 0;
}

}  // namespace zlens
