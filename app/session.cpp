#include "app/session.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>

#include "app/builtin.h"
#include "app/expert_selection.h"
#include "app/request_preparer.h"
#include "experts/mix.h"
#include "io/error.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "io/stopwatch.h"
#include "modules/device.h"
#include "modules/dtype.h"
#include "modules/registry.h"
#include "text/answer_evidence.h"
#include "text/answer_text.h"
#include "text/model.h"
#include "vision/families.h"

namespace zlens {
namespace {

const char* finish_text(FinishReason reason) {
  switch (reason) {
    case FinishReason::Stop:
      return "stop";
    case FinishReason::Length:
      return "length";
    case FinishReason::Cancelled:
      return "cancelled";
  }
  return "";
}

double mean_probability(const std::vector<float>& logprobs) {
  double sum = 0;
  for (const float value : logprobs) sum += std::exp(static_cast<double>(value));
  return logprobs.empty() ? 0 : sum / static_cast<double>(logprobs.size());
}

int thread_count(int wanted) {
  return wanted > 0 ? wanted : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

struct Session::State {
  SessionOptions options;
  std::shared_ptr<LanguageModel> model;
  std::unique_ptr<const RequestPreparer> preparer;
  mutable Caches caches;
  std::unique_ptr<const ExpertSelection> experts;

  Reply reply(const PreparedRequest& request, const Generation& generation, const ExpertSelection::Choice& choice) const;
};

Session::Session(const SessionOptions& options) : state_(std::make_unique<State>()) {
  at::set_num_threads(thread_count(options.threads));
  State& state = *state_;
  state.options = options;
  const FamilyRegistry families = vision_families();
  state.model = LanguageModel::load(find_model(options.model), {.dtype = parse_dtype(options.dtype),
                                                                .device = parse_device(options.device),
                                                                .families = &families,
                                                                .make_weight = {},
                                                                .find_language_model = find_model});
  const ModalityRegistry builtin = builtin_modalities();
  const ModalityRegistry& registry = options.registry ? *options.registry : builtin;
  std::map<std::string, std::string> reads;  // modality name -> kind of input
  if (state.model->own_modality()) reads[LanguageModel::kOwnModality] = "image";
  for (const Attachment& attachment : options.attachments) {
    state.model->attach(attachment.modality, registry.create(attachment.modality, {attachment.options}));
    for (const ModalityEntry* entry : registry.all())
      if (entry->name == attachment.modality) reads[entry->name] = entry->input;
  }
  state.preparer = std::make_unique<RequestPreparer>(state.model, std::move(reads));
  state.experts = std::make_unique<ExpertSelection>(state.model, options);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;

Reply Session::State::reply(const PreparedRequest& request, const Generation& generation,
                            const ExpertSelection::Choice& choice) const {
  Reply out;
  out.answer = answer_text(model->tokenizer(), generation.ids, request.one_line);
  out.found = !is_not_found(out.answer);
  out.confidence = mean_probability(generation.logprobs);
  out.finish = finish_text(generation.reason);
  for (const PreparedInput& input : request.inputs) {
    if (!out.found || !out.evidence.empty()) break;
    out.evidence = find_evidence(out.answer, input.prepared->evidence());
  }
  out.prompt = request.text;
  out.prompt_sha256 = sha256_hex(request.text);
  out.mix = zlens::describe(choice.mix);
  out.why = choice.why;
  out.first_pass_s = choice.seconds;
  out.prompt_tokens = generation.prompt_tokens;
  out.reused_tokens = generation.reused_tokens;
  out.new_tokens = static_cast<std::int64_t>(generation.ids.size());
  return out;
}

std::vector<Reply> Session::ask(const std::vector<Request>& requests, const AnswerOptions& options) const {
  const State& state = *state_;
  std::vector<Reply> replies(requests.size());
  std::vector<PreparedRequest> prepared;
  std::vector<TokenPrompt> prompts;
  std::vector<std::size_t> owners;  // of each prompt: its request
  std::vector<ExpertSelection::Choice> choices;
  std::vector<Mix> mixes;
  const std::int64_t room = state.model->decoder().config().max_position_embeddings;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Stopwatch start;
    try {
      PreparedRequest one = state.preparer->prepare(requests[i], state.caches);
      const auto length = static_cast<std::int64_t>(one.prompt.ids.size());
      if (length + options.max_new_tokens > room)
        throw InputError("the prompt has " + std::to_string(length) + " tokens, which with " +
                         std::to_string(options.max_new_tokens) + " new ones exceeds the model's context of " +
                         std::to_string(room) + ": shorten the question or its inputs");
      choices.push_back(state.experts->choose(one, state.caches));
      mixes.push_back(choices.back().mix);
      prompts.push_back(one.prompt);
      prepared.push_back(std::move(one));
      owners.push_back(i);
    } catch (const InputError& error) {
      replies[i].error = error.what();
    }
    const double first_pass_s = owners.empty() || owners.back() != i ? 0 : choices.back().seconds;
    replies[i].prepare_s = start.seconds() - first_pass_s;
  }
  std::vector<GrowingAnswer> rows;
  for (const std::size_t owner : owners) rows.emplace_back(state.model->tokenizer(), one_line(requests[owner]));
  const TokenCallback on_token = [&](std::size_t row, const Choice& choice) {
    const std::string piece = rows[row].push(choice.id);
    if (options.on_text && !options.on_text(owners[row], piece)) return Next::EndAll;
    return rows[row].complete() ? Next::EndRow : Next::Continue;
  };
  const GenerateOptions generation{.max_new_tokens = options.max_new_tokens,
                                   .sampling = {options.temperature, options.top_p, options.seed},
                                   .stop_ids = state.model->stop_ids()};
  const Stopwatch start;
  const auto active = state.experts->resolve(mixes, state.caches);
  if (active && state.model->changes_encoding(*active))
    for (std::size_t row = 0; row < prompts.size(); ++row)
      prompts[row] = state.model->under_mix(
          prompts[row], active->by_row() ? state.experts->resolve({mixes[row]}, state.caches) : active, state.caches);
  const auto generated = generate(state.model->decoder(), prompts, generation, active, state.caches, on_token);
  const double share = prompts.empty() ? 0 : start.seconds() / static_cast<double>(prompts.size());
  for (std::size_t row = 0; row < generated.size(); ++row) {
    const double prepare_s = replies[owners[row]].prepare_s;
    replies[owners[row]] = state.reply(prepared[row], generated[row], choices[row]);
    replies[owners[row]].prepare_s = prepare_s;
    replies[owners[row]].generate_s = share;
  }
  return replies;
}

Reply Session::ask(const Request& request, const AnswerOptions& options) const {
  Reply reply = std::move(ask(std::vector<Request>{request}, options).front());
  if (!reply.error.empty()) throw InputError(reply.error);
  return reply;
}

void Session::write_logits(const Request& request, const std::filesystem::path& out) const {
  const State& state = *state_;
  const PreparedRequest prepared = state.preparer->prepare(request, state.caches);
  const at::Tensor ids = at::tensor(at::ArrayRef<std::int32_t>(prepared.prompt.ids), at::kLong);
  const auto active = state.experts->resolve({state.experts->choose(prepared, state.caches).mix}, state.caches);
  const TokenPrompt prompt = state.model->under_mix(prepared.prompt, active, state.caches);
  const at::Tensor logits = prompt_logits(state.model->decoder(), prompt, active).contiguous();
  const auto entry = [](const char* name, const at::Tensor& tensor) {
    const std::span bytes(static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes());
    return TensorToWrite{name, file_dtype(tensor.scalar_type()), tensor.sizes().vec(), bytes};
  };
  std::vector<TensorToWrite> tensors = {entry("input_ids", ids), entry("logits", logits)};
  at::Tensor features;
  if (prompt.embeddings.defined()) {
    features = prompt.embeddings.to(at::kCPU, at::kFloat).contiguous();
    tensors.push_back(entry("image_features", features));
  }
  const std::map<std::string, at::Tensor> seen = state.model->processed(prepared.inputs);
  for (const auto& [name, tensor] : seen) tensors.push_back(entry(name.c_str(), tensor));
  write_safetensors(out, tensors, {});
}

const RequestPreparer& Session::preparer() const {
  return *state_->preparer;
}

std::shared_ptr<const LanguageModel> Session::model() const {
  return state_->model;
}

Json Session::describe() const {
  const State& state = *state_;
  Json attachments = Json::array();
  for (const Attachment& attachment : state.options.attachments)
    attachments.push_back({{"modality", attachment.modality}, {"options", attachment.options}});
  Json out = {{"model", state.model->path().filename().string()},
              {"model_type", state.model->model_type()},
              {"dtype", dtype_label(state.model->dtype())},
              {"attach", attachments},
              {"threads", at::get_num_threads()}};
  out.update(state.experts->describe());
  return out;
}

}  // namespace zlens
