#include "synth/dataset_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "io/error.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostDocuments = 1'000'000;

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    const std::string why = error ? error.message() : "it is no folder";
    throw InputError(folder.string() + ": the folder cannot be created: " + why);
  }
}

// Thousands of small files are made durable at once, before the split file names them; each on its own takes 10 ms.
class UnsyncedOps : public FileOps {
 public:
  int fsync(int) override { return 0; }
};

void write_unsynced(const fs::path& file, std::string_view bytes) {
  UnsyncedOps ops;
  AtomicFile out(file, ops);
  out.write(bytes);
  out.commit();
}

void sync_file_system_of(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int error = descriptor < 0 || ::syncfs(descriptor) != 0 ? errno : 0;
  if (descriptor >= 0) ::close(descriptor);
  if (error) throw Error(folder.string() + ": its files cannot be synced: " + std::strerror(error));
}

// The split file's path once its folders are there.
fs::path prepared(const fs::path& out, Split split, bool images) {
  const fs::path file = out / (std::string(split_name(split)) + ".jsonl");
  if (fs::exists(file)) throw InputError(file.string() + ": is there already; remove it or name another folder");
  create_folder(out / "transcripts");
  if (images) create_folder(out / "images");
  return file;
}

}  // namespace

void check_count(std::int64_t count) {
  if (count < 1 || count > kMostDocuments)
    throw InputError(std::to_string(count) + " samples cannot be generated (accepted: 1 to " + std::to_string(kMostDocuments) +
                     ")");
}

std::string document_name(std::string_view kind, Split split, std::int64_t index) {
  std::string number = std::to_string(index);
  number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
  return std::string(kind) + "-" + std::string(split_name(split)) + "-" + number;
}

Json record_of(const std::string& id, const std::string& document, const Sample& sample, Json facts) {
  return {{"id", id},
          {"question", sample.question},
          {"images", {"images/" + document + ".png"}},
          {"answers", sample.answers},
          {"metric", sample.metric},
          {"field", sample.field},
          {"unseen", sample.unseen},
          {"facts", std::move(facts)}};
}

DatasetFiles::DatasetFiles(std::filesystem::path out, Split split, bool images)
    : out_(std::move(out)), records_(prepared(out_, split, images)) {}

void DatasetFiles::write_transcript(const std::string& document, std::string_view text) {
  write_unsynced(out_ / "transcripts" / (document + ".txt"), text);
}

void DatasetFiles::write_image(const std::string& document, std::string_view png) {
  write_unsynced(out_ / "images" / (document + ".png"), png);
}

void DatasetFiles::write_record(const Json& record) {
  records_.write(record.dump() + "\n");
}

void DatasetFiles::commit() {
  sync_file_system_of(out_);
  records_.commit();
}

}  // namespace zlens::synth
