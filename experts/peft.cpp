#include "experts/peft.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "experts/scope.h"
#include "io/atomic_file.h"
#include "io/atomic_folder.h"
#include "io/error.h"
#include "io/floats.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/sha256.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

// What does not change what an adapter computes, or is read below.
constexpr std::array<std::string_view, 24> kKnown = {
    "peft_type",      "r",          "lora_alpha",        "rank_pattern",      "alpha_pattern",   "use_rslora",
    "task_type",      "revision",   "auto_mapping",      "inference_mode",    "exclude_modules", "base_model_name_or_path",
    "target_modules", "bias",       "lora_dropout",      "init_lora_weights", "megatron_core",   "layers_to_transform",
    "layers_pattern", "eva_config", "qalora_group_size", "runtime_config",    "peft_version",    "ensure_weight_tying"};
// Values of init_lora_weights that leave the base as it is.
constexpr std::array<std::string_view, 3> kHarmlessStarts = {"gaussian", "eva", "orthogonal"};

bool is_off(const Json& value) {
  return value.is_null() || value == false || ((value.is_object() || value.is_array() || value.is_string()) && value.empty());
}

class Config {
 public:
  explicit Config(const fs::path& path) : subject_(path.string()), json_(read_json_file(path, {.max_bytes = 1 << 24})) {
    if (!json_.is_object() || json_.value("peft_type", Json()) != "LORA") fail("peft_type", "must be \"LORA\"");
    for (const auto& [key, value] : json_.items())
      if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end() && !is_off(value)) fail(key, "is not supported");
    if (const Json bias = json_.value("bias", Json("none")); bias != "none") fail("bias", "is not supported (known: none)");
    const Json start = json_.value("init_lora_weights", Json(true));
    const bool harmless = start.is_boolean() || start.is_null() ||
                          std::any_of(kHarmlessStarts.begin(), kHarmlessStarts.end(), [&](auto known) { return start == known; });
    if (!harmless) fail("init_lora_weights", start.dump(-1, ' ', true) + " rewrites the base, which is not supported");
  }

  // The rank that a module must have, and its scaling.
  std::int64_t rank(const std::string& module) const {
    const Json value = pattern("rank_pattern", module, "r");
    if (!value.is_number_integer() || value < 1 || value > 65536) fail("r", "must be an integer from 1 to 65536");
    return value.get<std::int64_t>();
  }
  double scaling(const std::string& module) const {
    const Json alpha = pattern("alpha_pattern", module, "lora_alpha");
    if (!alpha.is_number() || !(std::abs(alpha.get<double>()) <= 1e6)) fail("lora_alpha", "must be a number up to 10^6");
    const bool rslora = json_.value("use_rslora", Json(false)) == true;
    const auto r = static_cast<double>(rank(module));
    return alpha.get<double>() / (rslora ? std::sqrt(r) : r);
  }

 private:
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw InputError(subject_ + ": '" + printable(key) + "' " + what);
  }

  // PEFT matches the keys of a pattern as regular expressions at the end of the module's path; names and '.' are all that is read.
  Json pattern(const char* key, const std::string& module, const char* fallback) const {
    const Json patterns = json_.value(key, Json::object());
    if (!patterns.is_object() && !patterns.is_null()) fail(key, "must be an object");
    Json found;
    for (const auto& [name, value] : patterns.items()) {
      const bool anchored = name.starts_with('^');
      const std::string path = anchored ? name.substr(1) : name;
      const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_'; };
      if (path.empty() || !std::all_of(path.begin(), path.end(), plain))
        fail(key, "holds '" + printable(name) + "', which is more than a name");
      if (module != path && (anchored || !module.ends_with("." + path))) continue;
      if (!found.is_null() && found != value) fail(key, "holds several values for '" + printable(module) + "'");
      found = value;
    }
    return found.is_null() ? json_.value(fallback, Json(8)) : found;  // 8: PEFT's default of both
  }

  std::string subject_;
  Json json_;
};

Matrix read_matrix(const Safetensors& file, const std::string& name, const TensorInfo& info) {
  if (info.shape.size() != 2 || !is_floating(info.dtype) || info.shape[0] < 1 || info.shape[1] < 1)
    throw InputError(file.file()->path().string() + ": '" + printable(name) + "' is no matrix of floating-point numbers");
  Matrix out{info.shape[0], info.shape[1], {}};
  out.values.resize(static_cast<std::size_t>(out.rows * out.columns));
  to_floats(info.dtype, file.data(info), out.values);
  return out;
}

struct AdapterTensor {
  std::string module;
  bool down = false;  // lora_A
};

// "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" -> {"model.layers.0.self_attn.q_proj", true}
AdapterTensor parse_name(const std::string& name, const std::string& subject) {
  constexpr std::string_view prefix = "base_model.model.", a = ".lora_A.weight", b = ".lora_B.weight";
  const bool down = name.ends_with(a), fits = name.starts_with(prefix) && (down || name.ends_with(b));
  if (!fits || name.size() <= prefix.size() + a.size())
    throw InputError(subject + ": tensor '" + printable(name) +
                     "' is not supported (known: lora_A.weight and lora_B.weight of modules)");
  return {name.substr(prefix.size(), name.size() - prefix.size() - a.size()), down};
}

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

// Short names where they select just the expert's matrices, else full paths.
Json target_modules(const Expert& expert, const std::vector<std::string>& matrices) {
  std::set<std::string> kinds;
  for (const auto& [name, a] : expert.lora_a) kinds.insert(last_part(name));
  const bool whole = std::all_of(matrices.begin(), matrices.end(), [&](const std::string& name) {
    return expert.lora_a.contains(name) == kinds.contains(last_part(name));
  });
  if (whole && !matrices.empty()) return kinds;
  Json out = Json::array();
  for (const auto& [name, a] : expert.lora_a) out.push_back(name);
  return out;
}

// Scaling is 1 in every module: alpha = r.
Json adapter_config(const Expert& expert, const std::vector<std::string>& matrices, const std::string& base_name) {
  std::map<std::int64_t, std::size_t> ranks;
  for (const auto& [name, a] : expert.lora_a) ++ranks[a.rows];
  const auto common =
      std::max_element(ranks.begin(), ranks.end(), [](const auto& x, const auto& y) { return x.second < y.second; });
  Json pattern = Json::object();
  for (const auto& [name, a] : expert.lora_a)
    if (a.rows != common->first) pattern[name] = a.rows;
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", base_name.empty() ? Json() : Json(base_name)},
          {"inference_mode", true},
          {"r", common->first},
          {"lora_alpha", common->first},
          {"lora_dropout", 0.0},
          {"rank_pattern", pattern},
          {"alpha_pattern", pattern},
          {"target_modules", target_modules(expert, matrices)},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"init_lora_weights", true},
          {"modules_to_save", nullptr},
          {"use_dora", false},
          {"use_rslora", false}};
}

}  // namespace

Expert read_peft(const fs::path& folder) {
  const Config config(folder / "adapter_config.json");
  const fs::path weights = folder / "adapter_model.safetensors";
  const auto file = Safetensors::open(weights);
  const std::string subject = weights.string();
  Expert out;
  for (const auto& [name, info] : file->tensors()) {
    const AdapterTensor tensor = parse_name(name, subject);
    Matrix matrix = read_matrix(*file, name, info);
    const std::int64_t rank = config.rank(tensor.module), stored = tensor.down ? matrix.rows : matrix.columns;
    if (stored != rank)
      throw InputError(subject + ": '" + printable(name) + "' has rank " + std::to_string(stored) + ", the config says " +
                       std::to_string(rank));
    const double scaling = tensor.down ? 1 : config.scaling(tensor.module);
    for (float& value : matrix.values) value = static_cast<float>(scaling * static_cast<double>(value));
    (tensor.down ? out.lora_a : out.lora_b)[tensor.module] = std::move(matrix);
  }
  Sha256 hash;
  hash.update(file->file()->bytes());
  out.record = {{"method", "lora"}, {"scope", "all"}, {"imported", Json{{"peft", hash.hex()}}.dump()}};
  return out;
}

void write_peft(const fs::path& folder, const Expert& expert, const std::vector<std::string>& matrices,
                const std::string& base_name) {
  if (!expert.z.empty() || !expert.xs.empty() || expert.lora_a.empty())
    throw InputError("expert '" + expert.name + "' is no LoRA expert: export it as a merged checkpoint");
  if (acts_on_answer_only(expert))
    throw InputError("expert '" + expert.name + "' acts on the answer only (scope answer): an adapter cannot say so");
  check_expert(expert, "expert '" + expert.name + "'");
  std::vector<TensorToWrite> tensors;
  const auto add = [&](const std::string& module, const char* kind, const Matrix& matrix) {
    tensors.push_back(
        {"base_model.model." + module + kind, Dtype::F32, {matrix.rows, matrix.columns}, std::as_bytes(std::span(matrix.values))});
  };
  for (const auto& [module, a] : expert.lora_a) {
    add(module, ".lora_A.weight", a);
    add(module, ".lora_B.weight", expert.lora_b.at(module));
  }
  AtomicFolder out(folder);
  write_safetensors(out.path() / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_file_atomically(out.path() / "adapter_config.json", adapter_config(expert, matrices, base_name).dump(2) + "\n");
  out.commit();
}

}  // namespace zlens
