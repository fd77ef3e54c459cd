#include "eval/run_folder.h"

#include <unordered_map>

#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr int kGroup = 32;  // records a sync
constexpr std::chrono::seconds kGroupTime{1};
constexpr std::size_t kMaxListed = 20;  // differences in one message
constexpr std::size_t kMaxLog = std::size_t{8} << 30;

SampleRecord parse_line(std::string_view line, const fs::path& file, std::size_t offset) {
  try {
    return record_from_json(parse_json(line, "record"));
  } catch (const InputError& error) {
    throw InputError(file.string() + ": damaged record at byte " + std::to_string(offset) + ": " + error.what() +
                     "; restore the line, or cut the file there and resume");
  }
}

void collect_differences(const Json& stored, const Json& now, const std::string& at, std::vector<std::string>& out) {
  if (stored == now) return;
  if (!stored.is_object() || !now.is_object()) {
    out.push_back((at.empty() ? "the whole" : at) + ": stored " + printable(stored.dump()) + ", now " + printable(now.dump()));
    return;
  }
  Json keys = stored;
  keys.update(now);
  for (const auto& [key, unused] : keys.items()) {
    const Json absent;
    collect_differences(stored.contains(key) ? stored[key] : absent, now.contains(key) ? now[key] : absent,
                        at.empty() ? printable(key) : at + "." + printable(key), out);
  }
}

Json without_paths(Json config) {
  if (config.is_object()) config.erase("data");
  return config;
}

std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::vector<StoredRecord> read_records(const fs::path& file) {
  std::vector<StoredRecord> records;
  if (!fs::exists(file)) return records;
  const std::string text = read_text_file(file, kMaxLog);
  std::unordered_map<std::string, std::size_t> by_id;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    StoredRecord stored{begin, parse_line(std::string_view(text).substr(begin, end - begin), file, begin)};
    const auto [found, fresh] = by_id.emplace(stored.record.id, records.size());
    if (fresh) {
      records.push_back(std::move(stored));
    } else if (to_json(records[found->second].record) != to_json(stored.record)) {
      throw InputError(file.string() + ": the record at byte " + std::to_string(begin) + " differs from the one of the same id '" +
                       printable(stored.record.id) + "' at byte " + std::to_string(records[found->second].offset) +
                       "; delete one of them");
    }
    begin = end + 1;
  }
  return records;
}

StoredRun read_run(const fs::path& folder) {
  const fs::path config = folder / "config.json";
  if (!fs::exists(config))
    throw InputError(folder.string() + ": holds no config.json; name the folder that `zlens eval --out` wrote");
  StoredRun run{folder.string(), read_json_file(config), {}, fs::exists(folder / "summary.json")};
  if (!run.config.is_object()) throw InputError(config.string() + ": is not an object");
  for (StoredRecord& stored : read_records(folder / "samples.jsonl")) run.records.push_back(std::move(stored.record));
  return run;
}

void require_same_config(const Json& stored, const Json& now, const fs::path& file) {
  std::vector<std::string> differences;
  collect_differences(without_paths(stored), without_paths(now), "", differences);
  if (differences.empty()) return;
  std::string message =
      file.string() + ": this run was made with another configuration; repeat it or choose another --out. Different: ";
  for (std::size_t i = 0; i < differences.size() && i < kMaxListed; ++i) message += (i > 0 ? "; " : "") + differences[i];
  if (differences.size() > kMaxListed) message += "; and " + std::to_string(differences.size() - kMaxListed) + " more";
  throw InputError(message);
}

RunFolder::RunFolder(fs::path folder, const Json& config, bool resume)
    : folder_(std::move(folder)), synced_(std::chrono::steady_clock::now()) {
  const fs::path config_file = folder_ / "config.json", log_file = folder_ / "samples.jsonl";
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!fs::is_directory(folder_)) throw InputError(folder_.string() + ": cannot be made a folder: " + error.message());
  lock_ = std::make_unique<FileLock>(folder_ / "lock");
  remove_stale_temporaries(folder_);

  const bool exists = fs::exists(config_file) || fs::exists(log_file);
  if (exists && !resume) {
    throw InputError(folder_.string() + ": holds a run already; add --resume to go on with it, or choose another --out");
  }
  if (fs::exists(config_file)) {
    require_same_config(read_json_file(config_file), config, config_file);
    stored_ = read_records(log_file);
  } else if (exists) {
    throw InputError(folder_.string() + ": holds samples.jsonl but no config.json; choose another --out");
  } else {
    write_file_atomically(config_file, dump(config, 2) + "\n");
  }
}

void RunFolder::write_log(const std::vector<SampleRecord>& records) {
  log_.reset();
  AtomicFile file(folder_ / "samples.jsonl");
  std::string text;
  for (const SampleRecord& record : records) {
    text += dump(to_json(record)) + "\n";
    if (text.size() < (1 << 20)) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.commit();
}

void RunFolder::keep(const std::vector<SampleRecord>& records) {
  if (records.size() != stored_.size()) write_log(records);
}

void RunFolder::append(const SampleRecord& record) {
  if (!log_) log_ = std::make_unique<AppendFile>(folder_ / "samples.jsonl");
  log_->append(dump(to_json(record)));
  ++unsynced_;
  if (unsynced_ >= kGroup || std::chrono::steady_clock::now() - synced_ >= kGroupTime) sync();
}

void RunFolder::sync() {
  if (log_) log_->sync();
  unsynced_ = 0;
  synced_ = std::chrono::steady_clock::now();
}

void RunFolder::finish(const std::vector<SampleRecord>& records, const Json& summary) {
  write_log(records);
  write_file_atomically(folder_ / "summary.json", dump(summary, 2) + "\n");
}

}  // namespace zlens
