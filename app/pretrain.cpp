#include "app/pretrain.h"

#include <ATen/ATen.h>

#include <iostream>

#include "app/generated_stream.h"
#include "app/training_run.h"
#include "eval/rewards.h"
#include "experts/export_checkpoint.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "modules/device.h"
#include "modules/dtype.h"
#include "synth/patch_labels.h"
#include "train/initial_weights.h"
#include "train/live_weights.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

const PretrainOptions kDefaults;

struct Start {
  std::shared_ptr<const LanguageModel> model;
  Parameters made;  // weights that no file has
};

// Weights of another checkpoint, of whatever it is a part.
Parameters weights_of(const fs::path& folder, const FamilyRegistry& families) {
  const ModelFiles files = open_model_files(folder, {.families = &families, .find_language_model = find_model});
  StateDict weights = files.weights(at::kFloat);
  Parameters out;
  for (const std::string& name : weights.names()) out[name] = weights.take(name, weights.shape(name)).clone();
  return out;
}

Start start_of(const po::variables_map& values) {
  const SessionOptions session = base_session_options(values);
  const FamilyRegistry families = vision_families();
  const auto seed = values["seed"].as<std::uint64_t>();
  const Parameters known =
      values.contains("start-from") ? weights_of(find_model(text_of(values, "start-from")), families) : Parameters();
  Start out;
  LoadOptions load{
      .dtype = parse_dtype(session.dtype), .families = &families, .make_weight = {}, .find_language_model = find_model};
  if (values.contains("from-scratch") || !known.empty()) {
    load.make_weight = [&](const std::string& name, at::IntArrayRef shape) {
      const auto found = known.find(name);
      const bool fits = found != known.end() && found->second.sizes() == shape;
      return (out.made[name] = fits ? found->second : initial_weight(name, shape, seed)).to(load.dtype);
    };
  }
  out.model = LanguageModel::load(find_model(session.model), load);
  return out;
}

// The decoder's embeddings of the first token of how each label is spelt.
LabelCodes label_embeddings(const LanguageModel& model) {
  std::vector<std::int64_t> ids;
  for (int label = 0; label < synth::kPatchLabels; ++label)
    ids.push_back(model.tokenizer().encode(synth::label_text(label), false).at(0));
  return {model.decoder().embed(at::tensor(ids, at::kLong)).to(at::kFloat), {}};
}

LabelCodes label_codes(const po::variables_map& values, const LanguageModel& model) {
  if (values.contains("label-codes"))
    return read_label_codes(text_of(values, "label-codes"), synth::kPatchLabels, model.decoder().config().hidden_size);
  return values.contains("label-embeddings") ? label_embeddings(model) : LabelCodes();
}

// In the order of the stream's labels.
std::vector<LabelHead> heads_of(const po::variables_map& values, const LanguageModel& model) {
  const auto weight = [&](const char* name) { return values[name].as<double>(); };
  std::vector<LabelHead> out = {{.name = "label", .classes = synth::kPatchLabels, .weight = weight("label-weight")}};
  out[0].codes = label_codes(values, model);
  if (values.contains("label-text")) out[0].blank_weight = 0.5;  // ten or twenty patches of a picture have a character then
  for (std::size_t place = 1; place <= kNamedLetters; ++place)
    out.push_back(
        {.name = "letter" + std::to_string(place), .classes = 1 + synth::kCharacterLabels, .weight = weight("letter-weight")});
  out.push_back({.name = "value", .classes = synth::kValueLabels, .weight = weight("value-weight")});
  return out;
}

PretrainOptions options_of(const po::variables_map& values, const Start& start) {
  const auto count = [&](const char* name) { return values[name].as<std::int64_t>(); };
  const auto number = [&](const char* name) { return values[name].as<double>(); };
  PretrainOptions out;
  out.steps = count("steps");
  out.inputs = count("inputs");
  out.together = count("together");
  out.threads = std::max(1, base_session_options(values).threads);
  out.rate = {number("lr"), count("warmup"), out.steps, text_of(values, "schedule") == "cosine", number("final-lr")};
  out.optimizer = {.beta2 = 0.98, .weight_decay = number("weight-decay"), .clip_norm = number("clip-norm")};
  out.answer_weight = number("answer-weight");
  out.heads = heads_of(values, *start.model);
  out.trained = listed(text_of(values, "trained"));
  out.learn_codes = values.contains("learn-codes");
  out.max_new_tokens = count("max-new-tokens");
  out.validate_every = count("validate-every");
  out.checkpoint_every = count("checkpoint-every");
  out.seed = values["seed"].as<std::uint64_t>();
  return out;
}

GeneratedOptions stream_options(const po::variables_map& values, const PromptTemplate& prompt, synth::Split split) {
  return {.kinds = parse_generated_kinds(text_of(values, "generate")),
          .prompt = &prompt,
          .text_share = values["text-share"].as<double>(),
          .installed_fonts = split == synth::Split::Train,
          .labels =
              values["label-weight"].as<double>() + values["letter-weight"].as<double>() + values["value-weight"].as<double>() > 0,
          .label_text = values.contains("label-text"),
          .spelt_answers = values.contains("spelt-answers"),
          .split = split,
          .seed = values["seed"].as<std::uint64_t>()};
}

// What shapes the training. Steps and schedule are part of it: they say how fast the rate falls.
Json identity_of(const po::variables_map& values, const Start& start, const PromptTemplate& prompt) {
  Json flags = Json::object();
  for (const char* name :
       {"generate", "text-share", "answer-weight", "label-weight", "letter-weight", "value-weight", "trained", "schedule", "lr",
        "final-lr", "warmup", "weight-decay", "clip-norm", "steps", "inputs", "together", "seed", "dtype"}) {
    const boost::any& value = values[name].value();
    if (const auto* text = boost::any_cast<std::string>(&value)) flags[name] = *text;
    if (const auto* number = boost::any_cast<double>(&value)) flags[name] = *number;
    if (const auto* count = boost::any_cast<std::int64_t>(&value)) flags[name] = *count;
    if (const auto* seed = boost::any_cast<std::uint64_t>(&value)) flags[name] = *seed;
  }
  return {{"model", start.model->path().filename().string()},
          {"label_embeddings", values.contains("label-embeddings")},
          {"learn_codes", values.contains("learn-codes")},
          {"label_text", values.contains("label-text")},
          {"spelt_answers", values.contains("spelt-answers")},
          {"prompt_variant", prompt.name() + "@" + prompt.sha256()},
          {"flags", flags}};
}

}  // namespace

po::options_description pretrain_flags() {
  po::options_description flags("Pre-training (method full, on generated data)", 110, 60);
  const auto count = [](std::int64_t value) { return po::value<std::int64_t>()->default_value(value)->value_name("N"); };
  const auto number = [](double value, const char* shown) {
    return po::value<double>()->default_value(value, shown)->value_name("X");
  };
  flags.add_options()(
      "generate", po::value<std::string>()->value_name("KIND[/F+F][:W],…"),
      "train all weights on endless data of these kinds of 'zlens synth', W times as often; F: of these fields alone")(
      "from-scratch", "start from random weights: --model needs no weights then")(
      "start-from", po::value<std::string>()->value_name("M"),
      "start from the weights of another model where names and shapes are equal, from random ones elsewhere")(
      "inputs", count(kDefaults.inputs), "pictures or texts a step")(
      "together", count(kDefaults.together), "of these, in one pass")("text-share", number(0, "0"),
                                                                      "how many inputs come as text instead of a picture, 0 to 1")(
      "answer-weight", number(kDefaults.answer_weight, "1"),
      "of the answers; 0: the decoder is left out, for a tower's first steps")(
      "label-weight", number(1, "1"), "of naming what each patch shows, beside the answers; 0: without")(
      "letter-weight", number(0, "0"), "the same for each of the first three letters of the word that a patch is part of")(
      "value-weight", number(0, "0"), "the same for the value of a small chart that a patch shows or names")(
      "label-embeddings", "draw what the tower gives for a patch to the decoder's embedding of what it shows")(
      "label-codes", po::value<std::string>()->value_name("FILE"), "the same to codes that --learn-codes wrote")(
      "learn-codes", "learn, instead of a tower, codes from which the decoder would read best, and write them to --out")(
      "label-text", "name each character on one patch of its line, not on all that it covers")(
      "spelt-answers",
      "teach answers to pictures a token a character, for a decoder that stays as it is: it can copy what it sees")(
      "trained", po::value<std::string>()->default_value("")->value_name("P,…"), "only weights whose names begin so; default: all")(
      "final-lr", number(0.02, "0.02"), "where the cosine ends, as a part of --lr")("validation-inputs", count(200),
                                                                                    "drawn for validation, of all kinds together");
  return flags;
}

bool is_pretraining(const po::variables_map& values) {
  return values.contains("generate");
}

int pretrain_generated(const po::variables_map& values) {
  const fs::path out = required(values, "out");
  if (text_of(values, "method") != "full") throw InputError("--generate trains whole models: --method full");
  if (fs::exists(out)) throw InputError(out.string() + ": is there already; a checkpoint gets a new folder");
  const Start start = start_of(values);
  const PretrainOptions options = options_of(values, start);
  const PromptTemplate prompt =
      PromptTemplate::load(values.contains("prompt") ? text_of(values, "prompt") : "question", assets_folder() / "prompts");
  const GeneratedStream train(start.model, stream_options(values, prompt, synth::Split::Train)),
      validation(start.model, stream_options(values, prompt, synth::Split::Val));
  const MetricReward reward("exact_match");
  PretrainData data{&train, {}, &reward, start.model->own_modality() && values["text-share"].as<double>() < 1};
  for (std::int64_t i = 0; i < values["validation-inputs"].as<std::int64_t>(); ++i)
    data.validation.push_back(validation.at(static_cast<std::uint64_t>(i)));
  TrainingRun run(values, identity_of(values, start, prompt));
  const PretrainResult result = pretrain(start.model, start.made, data, options, run.get());
  run.finish(result.steps, result.interrupted);
  if (result.interrupted) return 1;
  if (options.learn_codes) {
    write_label_codes(out, result.codes);
  } else if (start.made.empty()) {
    const auto change = [&](const std::string& name, const at::Tensor& tensor) {
      const auto trained = result.weights.find(name);
      return trained == result.weights.end() ? tensor : trained->second.detach();
    };
    export_checkpoint(*start.model, change, out, {.dtype = start.model->dtype()});
  } else {
    Parameters all = start.made;
    for (const auto& [name, value] : result.weights) all[name] = value.detach();
    export_weights(*start.model, all, out, {.dtype = start.model->dtype()});
  }
  std::cout << "score " << result.score << " (step " << result.steps << "): " << out.string() << "\n";
  return 0;
}

}  // namespace zlens
