#include "io/torch_file.h"

#include <algorithm>

#include "io/error.h"
#include "io/floats.h"
#include "io/zip.h"

namespace zlens {
namespace {

using Entries = std::map<std::string, std::span<const std::byte>>;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "archive/data.pkl" -> "archive/"; all entries stand in one folder.
std::string root_of(const Entries& entries, const std::string& subject) {
  constexpr std::string_view pickle = "data.pkl";
  if (entries.empty()) throw InputError(subject + ": the zip archive is empty");
  const std::string& first = entries.begin()->first;
  const std::string root = first.substr(0, first.find('/') + 1);
  for (const auto& [name, bytes] : entries)
    if (root.empty() || !name.starts_with(root))
      throw InputError(subject + ": entry '" + name + "' stands outside the archive's folder");
  if (!entries.contains(root + std::string(pickle))) throw InputError(subject + ": no file of torch.save (data.pkl is missing)");
  return root;
}

void refuse_older_formats(std::span<const std::byte> file, const std::string& subject) {
  const std::string_view head = text_of(file.first(std::min<std::size_t>(file.size(), 4)));
  if (head.starts_with("PK")) return;
  if (head.starts_with("\x80\x02\x8a\x0a"))
    throw InputError(subject + ": the format that torch.save wrote before version 1.6; load it with torch and save it again");
  if (head.size() > 2 && head[0] == '\x80' && head[1] > 0 && head[1] <= 5 && head[2] != '\0')
    throw InputError(subject + ": a bare pickle, not a file of torch.save");
  throw InputError(subject + ": no file of torch.save (no zip archive)");
}

}  // namespace

std::shared_ptr<const TorchFile> TorchFile::open(const std::filesystem::path& path) {
  std::shared_ptr<TorchFile> out(new TorchFile);
  out->file_ = MappedFile::open(path);
  const std::string subject = path.string();
  refuse_older_formats(out->file_->bytes(), subject);
  const Entries entries = parse_zip(out->file_->bytes(), subject);
  const std::string root = root_of(entries, subject);
  if (const auto order = entries.find(root + "byteorder"); order != entries.end() && text_of(order->second) != "little")
    throw InputError(subject + ": byte order '" + printable(text_of(order->second), 20) + "' is not supported (known: little)");
  const TorchStorages storages = [&](std::string_view key) {
    const auto entry = entries.find(root + "data/" + std::string(key));
    if (entry == entries.end()) throw InputError("storage '" + printable(key) + "' is missing");
    return entry->second;
  };
  out->tensors_ = parse_torch_pickle(entries.at(root + "data.pkl"), storages, subject + ": data.pkl");
  return out;
}

std::vector<float> TorchFile::values(const std::string& name) const {
  const TorchTensor& tensor = tensors_.at(name);
  const std::string subject = path().string() + ": '" + printable(name) + "'";
  if (!is_floating(tensor.dtype)) throw InputError(subject + " holds " + dtype_name(tensor.dtype) + ", expected floating point");
  std::size_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
  std::vector<float> out(count);
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t place = tensor.offset;
    for (std::size_t d = 0; d < index.size(); ++d) place += static_cast<std::size_t>(index[d] * tensor.strides[d]);
    to_floats(tensor.dtype, tensor.storage.subspan(place * dtype_size(tensor.dtype)), std::span(out).subspan(i, 1));
    for (std::size_t d = index.size(); d-- > 0 && ++index[d] == tensor.shape[d];) index[d] = 0;
  }
  return out;
}

}  // namespace zlens
