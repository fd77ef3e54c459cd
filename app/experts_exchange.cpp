// zlens experts: import, export, transfer.
#include <iomanip>
#include <iostream>

#include "app/experts_verbs.h"
#include "experts/delta_weight.h"
#include "experts/export_checkpoint.h"
#include "experts/peft.h"
#include "experts/reference_import.h"
#include "experts/transfer.h"
#include "io/error.h"
#include "modules/dtype.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

po::positional_options_description one_file() {
  po::positional_options_description positional;
  positional.add("file", 1);
  return positional;
}

Expert read_foreign(const fs::path& path, const po::variables_map& values, const LoadedBase& base) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored))
    return import_reference(*TorchFile::open(path), *base.factors,
                            {.max_mult = values["max-mult"].as<double>(), .rescale = values["rescale"].as<bool>()});
  Expert expert = read_peft(path);
  expert.base = base.factors->base_hash();
  check_fits(expert, *base.factors);
  return expert;
}

void print_drift(const TransferReport& report) {
  std::cout << std::fixed << std::setprecision(4) << "alignment  unweighted  spectrum  effect  matrix\n";
  for (const MatrixDrift& one : report.matrices)
    std::cout << std::setw(9) << one.alignment << std::setw(12) << one.plain_alignment << std::setw(10) << one.spectrum
              << std::setw(8) << one.effect << "  " << one.name << "\n";
  std::cout << std::setw(9) << report.alignment << std::setw(30) << report.effect << "  all, weighted by what the expert changes\n";
}

}  // namespace

int experts_import(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {
      "experts import FILE.pt|FOLDER --model M --out FILE [--name N]",
      "FILE.pt: z-vectors of the reference implementation (SakanaAI/self-adaptive-llms), learnable_params.pt or policy_params.pt;\n"
      "nothing in it is executed. FOLDER: a LoRA adapter of PEFT. The expert is bound to the model."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("file", po::value<std::string>()->value_name("FILE.pt|FOLDER"), "what to read (also as the last argument)")(
      "out,o", po::value<std::string>()->value_name("FILE"), "the expert file to write")(
      "name", po::value<std::string>()->value_name("N"), "its name; default: the file's")(
      "description", po::value<std::string>()->default_value("")->value_name("TEXT"), "what dispatch reads")(
      "max-mult", po::value<double>()->default_value(1)->value_name("X"), ".pt: max_mult of the policy that was trained")(
      "rescale", po::value<bool>()->default_value(true)->value_name("BOOL"),
      ".pt: keep the nuclear norm of every matrix, as the reference does; false: z is the mask alone");
  const auto values = parse_arguments(arguments, flags, one_file(), usage);
  if (!values) return 0;
  const fs::path out = required(*values, "out");
  expect_new_file(out);
  const std::string file = required(*values, "file");
  Expert expert = read_foreign(file, *values, load_base(required(*values, "model")));
  expert.name = values->contains("name") ? text_of(*values, "name") : out.stem().string();
  expert.description = text_of(*values, "description");
  write_expert(out, expert);
  std::cout << out.string() << "\n";
  return 0;
}

int experts_export(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {"experts export FILE --model M --out FOLDER [--format hf|peft] [--dtype bf16]",
                           "hf: a checkpoint that holds the expert in its weights, for transformers and everything that reads its "
                           "format. peft: LoRA and\n"
                           "LoRA-XS experts as an adapter."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("file", po::value<std::string>()->value_name("FILE"), "the expert (also as the last argument)")(
      "out,o", po::value<std::string>()->value_name("FOLDER"), "the folder to write")(
      "format", po::value<std::string>()->default_value("hf")->value_name("F"), "hf or peft")(
      "dtype", po::value<std::string>()->default_value("bf16")->value_name("T"), "hf: fp32, bf16 or fp16");
  const auto values = parse_arguments(arguments, flags, one_file(), usage);
  if (!values) return 0;
  const fs::path out = required(*values, "out");
  const std::string file = required(*values, "file"), format = text_of(*values, "format");
  if (format != "hf" && format != "peft") throw InputError("--format '" + printable(format) + "' is unknown (known: hf, peft)");
  const at::ScalarType dtype = parse_dtype(text_of(*values, "dtype"));
  const LoadedBase base = load_base(required(*values, "model"));
  const Expert expert = named_expert(file, *values, base.factors->base_hash());
  if (format == "hf") {
    export_checkpoint(expert, *base.factors, out, {.dtype = dtype});
    if (base.model->path().extension() == ".gguf")
      std::cerr << "the base is a GGUF file: weights and configuration are written, its tokenizer is not\n";
  } else {
    std::vector<std::string> matrices;
    for (const AdaptableMatrix& matrix : base.model->matrices()) matrices.push_back(matrix.name);
    write_peft(out, with_lora_for_xs(expert, *base.factors), matrices, base.model->path().string());
  }
  std::cout << out.string() << "\n";
  return 0;
}

int experts_transfer(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {"experts transfer FILE --model M --to N --out FILE [--min-alignment A]",
                           "Binds an expert of model M to model N, whose matrices must have the same names and shapes, and reports "
                           "how far the singular\n"
                           "bases have drifted apart. Refuses below --min-alignment."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("file", po::value<std::string>()->value_name("FILE"), "the expert (also as the last argument)")(
      "to", po::value<std::string>()->value_name("N"), "the model that the expert is to act on")(
      "out,o", po::value<std::string>()->value_name("FILE"), "the expert file to write")(
      "name", po::value<std::string>()->value_name("N"), "its name; default: the same")(
      "min-alignment", po::value<double>()->default_value(0.8, "0.8")->value_name("A"),
      "least mean |u·u'| |v·v'| of the singular directions that the expert scales; 0 accepts anything")(
      "json", "print the report as a JSON object");
  const auto values = parse_arguments(arguments, flags, one_file(), usage);
  if (!values) return 0;
  const fs::path out = required(*values, "out");
  expect_new_file(out);
  const std::string file = required(*values, "file");
  const LoadedBase from = load_base(required(*values, "model")), to = load_base(required(*values, "to"));
  Transfer transfer = transfer_expert(named_expert(file, *values, from.factors->base_hash()), *from.factors, *to.factors);
  if (values->contains("json")) {
    std::cout << to_json(transfer.report).dump(2) << "\n";
  } else {
    print_drift(transfer.report);
  }
  const double least = (*values)["min-alignment"].as<double>();
  if (transfer.report.alignment < least) {
    char text[160];
    std::snprintf(text, sizeof text, "the singular bases have drifted apart (alignment %.4f, least %.4f): nothing is written",
                  transfer.report.alignment, least);
    throw Error(text);
  }
  if (values->contains("name")) transfer.expert.name = text_of(*values, "name");
  write_expert(out, transfer.expert);
  return 0;
}

}  // namespace zlens
