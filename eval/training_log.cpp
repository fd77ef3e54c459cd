#include "eval/training_log.h"

#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxLog = std::size_t{1} << 30;

double number_at(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) throw InputError("key '" + std::string(key) + "' is missing or no number");
  return found->get<double>();
}

std::int64_t step_of(const Json& line) {
  const auto found = line.find("step");
  if (found == line.end() || !found->is_number_integer()) throw InputError("key 'step' is missing or no whole number");
  return found->get<std::int64_t>();
}

std::string text_at(const Json& config, const char* key, const std::string& otherwise) {
  const auto found = config.find(key);
  return found != config.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

Validation validation_of(const Json& line) {
  Validation out;
  out.step = step_of(line);
  out.score = number_at(line, "score");
  if (line.contains("base_score")) out.base_score = number_at(line, "base_score");
  out.best = line.contains("best") && line["best"] == true;
  if (!line.contains("by_field")) return out;
  if (!line["by_field"].is_object()) throw InputError("key 'by_field' is no object");
  for (const auto& [field, score] : line["by_field"].items())
    if (score.is_number()) out.by_field.emplace(field, score.get<double>());
  return out;
}

bool imitates(const Json& line) {
  return text_at(line, "phase", "rl") != "rl";
}

std::map<std::string, double> numbers_of(const Json& line) {
  std::map<std::string, double> out;
  for (const auto& [key, value] : line.items())
    if (key != "step" && !key.ends_with("_s") && value.is_number()) out.emplace(key, value.get<double>());
  if (!imitates(line)) return out;
  for (const char* key : {"reward", "kl", "signal", "drift"}) out.erase(key);
  return out;
}

std::string name_of(const std::filesystem::path& file) {
  if (file.filename() != "log.jsonl") return file.stem().string();
  std::filesystem::path folder = std::filesystem::absolute(file).parent_path().filename();
  if (folder.extension() == ".train") folder = folder.stem();
  return folder.stem().string();
}

std::string task_of(const Json& config) {
  const auto flags = config.find("flags");
  const std::string of_flags = flags != config.end() && flags->is_object() ? text_at(*flags, "task", "training") : "training";
  return text_at(config, "task", of_flags);
}

// Takes lines one after another.
class LogReader {
 public:
  explicit LogReader(TrainingLog& log) : log_(log) {}

  void take(const Json& line) {
    if (!line.is_object()) throw InputError("is no object");
    const std::string kind = text_at(line, "kind", "");
    if (first_ && kind != "config") throw InputError("the first line's kind is '" + printable(kind) + "', not 'config'");
    if (first_) log_.config = line;
    first_ = false;
    if (kind == "step") {
      const std::int64_t step = step_of(line);
      log_.steps[step] = numbers_of(line);
      imitated_[step] = imitates(line);
    }
    if (kind == "validation") {
      Validation validation = validation_of(line);
      validations_[validation.step] = std::move(validation);
    }
  }

  void finish() {
    if (first_) throw InputError("holds no whole line");
    for (const auto& [step, imitated] : imitated_) log_.imitated += imitated ? 1 : 0;
    for (auto& [step, validation] : validations_) log_.validations.push_back(std::move(validation));
    log_.config.erase("kind");
  }

 private:
  TrainingLog& log_;
  bool first_ = true;
  std::map<std::int64_t, Validation> validations_;
  std::map<std::int64_t, bool> imitated_;
};

}  // namespace

TrainingLog read_training_log(const std::filesystem::path& file) {
  const std::string text = read_text_file(file, kMaxLog);
  TrainingLog log;
  LogReader reader(log);
  int number = 1;
  try {
    for (std::size_t begin = 0; begin < text.size(); ++number) {
      const std::size_t end = text.find('\n', begin);
      if (end == std::string::npos) break;
      reader.take(parse_json(std::string_view(text).substr(begin, end - begin), "record"));
      begin = end + 1;
    }
    reader.finish();
  } catch (const InputError& error) {
    throw InputError(file.string() + ": line " + std::to_string(number) + ": " + error.what() +
                     "; name the log that `zlens train` wrote");
  }
  log.name = text_at(log.config, "name", name_of(file));
  log.task = task_of(log.config);
  return log;
}

const Validation* best_validation(const TrainingLog& log) {
  const Validation* best = nullptr;
  for (const Validation& validation : log.validations) {
    const bool better = best == nullptr || (validation.best != best->best ? validation.best : validation.score > best->score);
    if (better || (validation.best && best->best)) best = &validation;
  }
  return best;
}

}  // namespace zlens
