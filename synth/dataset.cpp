#include "synth/dataset.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "io/atomic_file.h"
#include "io/error.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostSamples = 1'000'000;

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

void write_with(FileOps& ops, const fs::path& file, std::string_view bytes) {
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

std::string id_of(const Kind& kind, Split split, std::int64_t index) {
  std::string number = std::to_string(index);
  number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
  return std::string(kind.name) + "-" + std::string(split_name(split)) + "-" + number;
}

Json record_of(const std::string& id, const Document& document) {
  const Sample& sample = document.sample;
  return {{"id", id},
          {"question", sample.question},
          {"images", {"images/" + id + ".png"}},
          {"answers", sample.answers},
          {"metric", sample.metric},
          {"field", sample.field},
          {"unseen", sample.unseen},
          {"facts", to_json(document.facts)}};
}

}  // namespace

bool write_dataset(const Kind& kind, const DatasetOptions& options) {
  if (options.count < 1 || options.count > kMostSamples)
    throw InputError(std::to_string(options.count) + " samples cannot be generated (accepted: 1 to " +
                     std::to_string(kMostSamples) + ")");
  const fs::path file = options.out / (std::string(split_name(options.split)) + ".jsonl");
  if (fs::exists(file)) throw InputError(file.string() + ": is there already; remove it or name another folder");
  kind.make({options.seed, options.split, 0}, options.kind);  // bad options show before anything is written
  create_folder(options.out / "transcripts");
  if (options.picture) create_folder(options.out / "images");
  AtomicFile samples(file);
  UnsyncedOps unsynced;
  for (std::int64_t i = 0; i < options.count; ++i) {
    if (options.stop && options.stop()) return false;
    const Place place{options.seed, options.split, static_cast<std::uint64_t>(i)};
    const Document document = kind.make(place, options.kind);
    const std::string id = id_of(kind, options.split, i);
    write_with(unsynced, options.out / "transcripts" / (id + ".txt"), document.sample.text + "\n");
    if (options.picture) write_with(unsynced, options.out / "images" / (id + ".png"), options.picture(document, place));
    samples.write(record_of(id, document).dump() + "\n");
    if (options.progress) options.progress(i + 1);
  }
  sync_file_system_of(options.out);
  samples.commit();
  return true;
}

}  // namespace zlens::synth
