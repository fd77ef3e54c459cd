#include "train/train_state.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cstring>

#include "io/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/sha256.h"

namespace zlens {
namespace {

// Every tensor of a checkpoint, each under the name that it has in the file.
Parameters all_tensors(const TrainState& state, const Parameters& parameters, const AdamW& optimizer) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, value] : parameters) out["parameters/" + name] = value.detach();
  for (const auto& [name, value] : optimizer.moments()) out[name] = value;
  for (const auto& [name, value] : state.best) out["best/" + name] = value;
  return out;
}

std::string digest(const Parameters& tensors, const std::string& state) {
  Sha256 hash;
  hash.update(state);
  for (const auto& [name, value] : tensors) {
    hash.update("\n" + name + "\n");
    hash.update(std::span(static_cast<const std::byte*>(value.const_data_ptr()), value.nbytes()));
  }
  return hash.hex();
}

Json to_json(const TrainState& state, const AdamW& optimizer) {
  return {{"step", state.step},
          {"position", state.position},
          {"best_step", state.best_step},
          {"base_score", state.base_score},
          {"best_score", state.best_score},
          {"probed", state.probed},
          {"log_bytes", state.log_bytes},
          {"optimizer_steps", optimizer.steps()}};
}

void fill(const Safetensors& file, const std::string& name, at::Tensor& to, const std::string& subject) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end()) throw InputError(subject + ": the checkpoint lacks '" + name + "'");
  if (found->second.dtype != Dtype::F32 || at::IntArrayRef(found->second.shape) != to.sizes())
    throw InputError(subject + ": '" + name + "' does not fit this training");
  const auto bytes = file.data(found->second);
  at::Tensor read = at::empty(to.sizes());
  std::memcpy(read.mutable_data_ptr(), bytes.data(), bytes.size());
  const c10::NoGradGuard no_grad;
  to.copy_(read);
}

}  // namespace

std::string digest_of(const Parameters& parameters) {
  return digest(parameters, {});
}

void TrainState::keep_best(const Parameters& parameters) {
  best.clear();
  for (const auto& [name, value] : parameters) best[name] = value.detach().clone();
}

void TrainState::restore_best(Parameters& parameters) const {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, value] : best) parameters.at(name).copy_(value);
}

void write_checkpoint(const std::filesystem::path& path, const std::string& identity, const TrainState& state,
                      const Parameters& parameters, const AdamW& optimizer) {
  std::map<std::string, at::Tensor> tensors = all_tensors(state, parameters, optimizer);
  std::vector<TensorToWrite> entries;
  for (auto& [name, value] : tensors) {
    value = value.to(at::kCPU).contiguous();
    entries.push_back(
        {name, Dtype::F32, value.sizes().vec(), std::span(static_cast<const std::byte*>(value.const_data_ptr()), value.nbytes())});
  }
  const std::string text = to_json(state, optimizer).dump();
  write_safetensors(path, entries, {{"identity", identity}, {"state", text}, {"sha256", digest(tensors, text)}});
}

void read_checkpoint(const std::filesystem::path& path, const std::string& identity, TrainState& state, Parameters& parameters,
                     AdamW& optimizer) {
  const std::string subject = path.string();
  const auto file = Safetensors::open(path);
  const auto entry = [&](const char* key) {
    const auto found = file->metadata().find(key);
    if (found == file->metadata().end()) throw InputError(subject + ": no training checkpoint ('" + key + "' is missing)");
    return found->second;
  };
  if (entry("identity") != identity)
    throw InputError(subject + ": belongs to another training (model, data or options differ); use another folder");
  const Json read = parse_json(entry("state"), subject);
  try {
    state.step = read.at("step").get<std::int64_t>();
    state.position = read.at("position").get<std::uint64_t>();
    state.best_step = read.at("best_step").get<std::int64_t>();
    state.base_score = read.at("base_score").get<double>();
    state.best_score = read.at("best_score").get<double>();
    state.probed = read.at("probed").get<bool>();
    state.log_bytes = read.at("log_bytes").get<std::uintmax_t>();
    optimizer.set_steps(read.at("optimizer_steps").get<std::int64_t>());
  } catch (const Json::exception&) {
    throw InputError(subject + ": the checkpoint's state is damaged");
  }
  state.keep_best(parameters);
  if (!file->tensors().contains("best/" + parameters.begin()->first)) state.best.clear();
  std::map<std::string, at::Tensor> targets = all_tensors(state, parameters, optimizer);
  for (auto& [name, value] : targets) fill(*file, name, value, subject);
  if (digest(targets, entry("state")) != entry("sha256"))
    throw InputError(subject + ": the checksum does not match: the checkpoint is damaged");
}

}  // namespace zlens
