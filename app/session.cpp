#include "app/session.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <cstring>
#include <mutex>
#include <span>
#include <thread>

#include "app/builtin.h"
#include "app/expert_selection.h"
#include "app/request_preparer.h"
#include "experts/base_hash.h"
#include "experts/mix.h"
#include "io/error.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "io/stopwatch.h"
#include "io/user_folders.h"
#include "modules/device.h"
#include "modules/dtype.h"
#include "modules/parallel_rows.h"
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

// The requests that go on to the model, row by row.
struct Session::Batch {
  std::vector<PreparedRequest> requests;
  std::vector<std::size_t> owners;  // index of the request as asked
  std::vector<ExpertSelection::Choice> choices;
};

struct Session::State {
  SessionOptions options;
  std::shared_ptr<LanguageModel> model;
  std::unique_ptr<const RequestPreparer> preparer;
  mutable Caches caches;
  std::unique_ptr<const ExpertSelection> experts;

  PreparedRequest prepare(const Request& request, std::int64_t new_tokens) const;
  // The first pass; who cannot be dispatched drops out with a reply that says why.
  void choose(Batch& batch, std::vector<Reply>& replies) const;
  // The second pass.
  std::vector<Generation> answer(const Batch& batch, GenerateOptions generation, const TokenCallback& on_token) const;
  std::vector<TokenPrompt> prompts_under(const std::vector<TokenPrompt>& prompts, const std::vector<Mix>& mixes,
                                         const std::shared_ptr<const ActiveMix>& active) const;
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

PreparedRequest Session::State::prepare(const Request& request, std::int64_t new_tokens) const {
  PreparedRequest out = preparer->prepare(request);
  const std::int64_t room = model->decoder().config().max_position_embeddings;
  const auto length = static_cast<std::int64_t>(out.prompt.ids.size());
  if (length + new_tokens > room)
    throw InputError("the prompt has " + std::to_string(length) + " tokens, which with " + std::to_string(new_tokens) +
                     " new ones exceeds the model's context of " + std::to_string(room) + ": shorten the question or its inputs");
  return out;
}

void Session::State::choose(Batch& batch, std::vector<Reply>& replies) const {
  try {
    batch.choices = experts->choose(batch.requests, caches);
    return;
  } catch (const InputError&) {
    // Each alone, to find whose mistake it is.
  }
  Batch kept;
  for (std::size_t row = 0; row < batch.requests.size(); ++row) {
    try {
      kept.choices.push_back(experts->choose(std::span(&batch.requests[row], 1), caches).front());
      kept.requests.push_back(std::move(batch.requests[row]));
      kept.owners.push_back(batch.owners[row]);
    } catch (const InputError& error) {
      replies[batch.owners[row]].error = error.what();
    }
  }
  batch = std::move(kept);
}

std::vector<TokenPrompt> Session::State::prompts_under(const std::vector<TokenPrompt>& prompts, const std::vector<Mix>& mixes,
                                                       const std::shared_ptr<const ActiveMix>& active) const {
  if (!active || !active->by_row() || !model->changes_encoding(*active)) return model->under_mix(prompts, active, caches);
  std::vector<std::shared_ptr<const ActiveMix>> own;
  for (const Mix& mix : mixes) own.push_back(experts->resolve({mix}, caches));
  std::vector<TokenPrompt> out(prompts.size());
  for_each_row(static_cast<std::int64_t>(prompts.size()), model->device().is_cpu(), [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    out[i] = model->under_mix(prompts[i], own[i], caches);
  });
  return out;
}

std::vector<Generation> Session::State::answer(const Batch& batch, GenerateOptions generation,
                                               const TokenCallback& on_token) const {
  std::vector<Mix> mixes;
  for (const ExpertSelection::Choice& choice : batch.choices) mixes.push_back(choice.mix);
  std::vector<Generation> out(mixes.size());
  bool cancelled = false;
  for (const std::vector<std::size_t>& rows : experts->passes(mixes)) {
    std::vector<TokenPrompt> prompts;
    std::vector<Mix> own;
    generation.streams.clear();
    for (const std::size_t row : rows) {
      prompts.push_back(batch.requests[row].prompt);
      own.push_back(mixes[row]);
      generation.streams.push_back(row);
      out[row].reason = FinishReason::Cancelled;
    }
    if (cancelled) continue;
    const auto active = experts->resolve(own, caches);
    const TokenCallback to_row = [&](std::size_t i, const Choice& choice) {
      const Next next = on_token(rows[i], choice);
      cancelled |= next == Next::EndAll;
      return next;
    };
    auto generated = generate(model->decoder(), prompts_under(prompts, own, active), generation, active, caches, to_row);
    for (std::size_t i = 0; i < rows.size(); ++i) out[rows[i]] = std::move(generated[i]);
  }
  return out;
}

std::vector<Reply> Session::ask(const std::vector<Request>& requests, const AnswerOptions& options) const {
  const State& state = *state_;
  std::vector<Reply> replies(requests.size());
  Batch batch;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Stopwatch start;
    try {
      batch.requests.push_back(state.prepare(requests[i], options.max_new_tokens));
      batch.owners.push_back(i);
    } catch (const InputError& error) {
      replies[i].error = error.what();
    }
    replies[i].prepare_s = start.seconds();
  }
  state.choose(batch, replies);
  std::vector<GrowingAnswer> rows;
  for (const std::size_t owner : batch.owners) rows.emplace_back(state.model->tokenizer(), one_line(requests[owner]));
  const TokenCallback on_token = [&](std::size_t row, const Choice& choice) {
    const std::string piece = rows[row].push(choice.id);
    if (options.on_text && !options.on_text(batch.owners[row], piece)) return Next::EndAll;
    return rows[row].complete() ? Next::EndRow : Next::Continue;
  };
  const GenerateOptions generation{.max_new_tokens = options.max_new_tokens,
                                   .sampling = {options.temperature, options.top_p, options.seed},
                                   .stop_ids = state.model->stop_ids()};
  const Stopwatch start;
  const auto generated = state.answer(batch, generation, on_token);
  const double share = generated.empty() ? 0 : start.seconds() / static_cast<double>(generated.size());
  for (std::size_t row = 0; row < generated.size(); ++row) {
    Reply& reply = replies[batch.owners[row]];
    const double prepare_s = reply.prepare_s;
    reply = state.reply(batch.requests[row], generated[row], batch.choices[row]);
    reply.prepare_s = prepare_s;
    reply.generate_s = share;
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
  const PreparedRequest prepared = state.preparer->prepare(request);
  const at::Tensor ids = at::tensor(at::ArrayRef<std::int32_t>(prepared.prompt.ids), at::kLong);
  const auto chosen = state.experts->choose(std::span(&prepared, 1), state.caches);
  const auto active = state.experts->resolve({chosen.front().mix}, state.caches);
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
              {"base", state.experts->base().empty() ? base_hash(*state.model, user_cache_folder()) : state.experts->base()},
              {"dtype", dtype_label(state.model->dtype())},
              {"attach", attachments},
              {"threads", at::get_num_threads()}};
  out.update(state.experts->describe());
  return out;
}

}  // namespace zlens
