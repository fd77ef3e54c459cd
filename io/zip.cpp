#include "io/zip.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "io/byte_reader.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50,
                        kDescriptor = 0x08074b50;
constexpr std::size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56;
constexpr std::uint16_t kEncrypted = 1 << 0, kHasDescriptor = 1 << 3, kUtf8 = 1 << 11;
constexpr std::uint32_t kSaturated = 0xFFFFFFFF;  // the true value stands in a zip64 field
constexpr std::uint64_t kMaxEntries = 100'000;
constexpr std::size_t kMaxName = 512;

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}();

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
  return ~crc;
}

struct Directory {
  std::uint64_t entries = 0, bytes = 0, offset = 0;
};

struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint64_t size = 0, header = 0;     // of the data; where the local header stands
  std::size_t begin = 0, after_data = 0;  // the data, found behind the local header
};

bool is_plain_path(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || printable(name, name.size()) != name) return false;
  if (name.find('\\') != name.npos || name.find(':') != name.npos) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t slash = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, slash - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = slash + 1;
  }
  return true;
}

// Sizes and offset of an entry: the 32-bit fields of its header, or the zip64 field of its extras where those are saturated.
struct Sizes {
  std::uint64_t stored = 0, plain = 0, header = 0;
};

void read_extras(ByteReader reader, std::size_t bytes, Sizes& sizes) {
  const std::size_t end = reader.offset() + bytes;
  bool seen = false;
  while (reader.offset() < end) {
    if (end - reader.offset() < 4) reader.fail("an extra field is cut short");
    const auto id = reader.read<std::uint16_t>("an extra field"), length = reader.read<std::uint16_t>("an extra field");
    if (length > end - reader.offset()) reader.fail("an extra field is longer than its place");
    std::size_t left = length;
    const auto widen = [&](std::uint64_t& value) {
      if (value != kSaturated) return;
      if (left < 8) reader.fail("a zip64 field is too short");
      value = reader.read<std::uint64_t>("a zip64 field");
      left -= 8;
    };
    if (id == 1) {
      if (seen) reader.fail("an entry has two zip64 fields");
      seen = true;
      widen(sizes.plain);
      widen(sizes.stored);
      widen(sizes.header);
    }
    reader.take(left, "an extra field");
  }
}

class Parser {
 public:
  Parser(std::span<const std::byte> file, std::string_view subject) : file_(file), subject_(subject) {}

  std::map<std::string, std::span<const std::byte>> parse() {
    const Directory directory = find_directory();
    std::vector<Entry> entries = read_directory(directory);
    for (Entry& entry : entries) read_local(entry);
    check_places(entries, directory);
    std::map<std::string, std::span<const std::byte>> contents;
    for (const Entry& entry : entries) {
      const auto data = file_.subspan(entry.begin, static_cast<std::size_t>(entry.size));
      if (crc32(data) != entry.crc) fail("entry '" + entry.name + "' does not match its checksum");
      if (!contents.emplace(entry.name, data).second) fail("entry '" + entry.name + "' stands twice");
    }
    return contents;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(std::string(subject_) + ": " + what); }
  ByteReader at(std::size_t offset) const { return {file_, subject_, offset}; }

  Directory find_directory() const {
    if (file_.size() < kEndBytes) fail("no zip archive (" + std::to_string(file_.size()) + " bytes)");
    const std::size_t end = file_.size() - kEndBytes;
    ByteReader reader = at(end);
    if (reader.read<std::uint32_t>("the end record") != kEnd) fail("no zip archive, or one cut short or with a comment");
    const auto disk = reader.read<std::uint16_t>("the end record"), first_disk = reader.read<std::uint16_t>("the end record");
    const auto here = reader.read<std::uint16_t>("the end record"), total = reader.read<std::uint16_t>("the end record");
    Directory directory{.entries = total};
    directory.bytes = reader.read<std::uint32_t>("the end record");
    directory.offset = reader.read<std::uint32_t>("the end record");
    if (reader.read<std::uint16_t>("the end record") != 0) fail("the zip archive has a comment");
    if (disk != 0 || first_disk != 0 || here != total) fail("the zip archive is spread over several disks");
    std::size_t directory_end = end;
    const bool has64 = end >= kLocatorBytes + kEnd64Bytes && at(end - kLocatorBytes).read<std::uint32_t>("") == kLocator64;
    const bool saturated = total == 0xFFFF || directory.bytes == kSaturated || directory.offset == kSaturated;
    if (saturated && !has64) fail("the zip64 end record is missing");
    if (has64) {
      directory_end = end - kLocatorBytes - kEnd64Bytes;
      directory = read_end64(directory, directory_end);
    }
    if (directory.offset > directory_end || directory.bytes != directory_end - directory.offset)
      fail("the directory of the zip archive does not end where its end record starts");
    if (directory.entries > kMaxEntries)
      fail(std::to_string(directory.entries) + " entries, the limit is " + std::to_string(kMaxEntries));
    return directory;
  }

  Directory read_end64(const Directory& short_form, std::size_t offset) const {
    ByteReader locator = at(offset + kEnd64Bytes + 4);
    const auto disk = locator.read<std::uint32_t>("the locator");
    const auto place = locator.read<std::uint64_t>("the locator");
    const auto disks = locator.read<std::uint32_t>("the locator");
    ByteReader reader = at(offset);
    const auto signature = reader.read<std::uint32_t>("the zip64 end record");
    const auto size = reader.read<std::uint64_t>("the zip64 end record");
    reader.take(4, "the zip64 end record");  // versions
    const auto this_disk = reader.read<std::uint32_t>("the zip64 end record");
    const auto first_disk = reader.read<std::uint32_t>("the zip64 end record");
    const auto here = reader.read<std::uint64_t>("the zip64 end record");
    Directory out;
    out.entries = reader.read<std::uint64_t>("the zip64 end record");
    out.bytes = reader.read<std::uint64_t>("the zip64 end record");
    out.offset = reader.read<std::uint64_t>("the zip64 end record");
    if (place != offset || signature != kEnd64 || size != kEnd64Bytes - 12) fail("the zip64 end record is not where it should be");
    if (disk != 0 || disks > 1 || this_disk != 0 || first_disk != 0 || here != out.entries)
      fail("the zip archive is spread over several disks");
    const bool agrees = (short_form.entries == 0xFFFF || short_form.entries == out.entries) &&
                        (short_form.bytes == kSaturated || short_form.bytes == out.bytes) &&
                        (short_form.offset == kSaturated || short_form.offset == out.offset);
    if (!agrees) fail("the two end records of the zip archive disagree");
    return out;
  }

  std::vector<Entry> read_directory(const Directory& directory) const {
    std::vector<Entry> entries;
    ByteReader reader = at(static_cast<std::size_t>(directory.offset));
    for (std::uint64_t i = 0; i < directory.entries; ++i) entries.push_back(read_central(reader));
    if (reader.offset() != directory.offset + directory.bytes)
      fail("the directory of the zip archive holds other than its " + std::to_string(directory.entries) + " entries");
    return entries;
  }

  Entry read_central(ByteReader& reader) const {
    if (reader.read<std::uint32_t>("the directory") != kCentral) reader.fail("no entry of the zip directory");
    reader.take(4, "the directory");  // versions
    Entry entry;
    entry.flags = reader.read<std::uint16_t>("the directory");
    const auto method = reader.read<std::uint16_t>("the directory");
    reader.take(4, "the directory");  // time
    entry.crc = reader.read<std::uint32_t>("the directory");
    Sizes sizes;
    sizes.stored = reader.read<std::uint32_t>("the directory");
    sizes.plain = reader.read<std::uint32_t>("the directory");
    const auto name = reader.read<std::uint16_t>("the directory"), extras = reader.read<std::uint16_t>("the directory");
    const auto comment = reader.read<std::uint16_t>("the directory"), disk = reader.read<std::uint16_t>("the directory");
    reader.take(6, "the directory");  // attributes
    sizes.header = reader.read<std::uint32_t>("the directory");
    const std::string_view path = reader.take(name, "the directory");
    if (!is_plain_path(path)) reader.fail("entry '" + printable(path) + "' has no plain relative name");
    entry.name = path;
    read_extras(reader, std::min<std::size_t>(extras, reader.left()), sizes);
    reader.take(extras, "the directory");
    if (comment != 0 || disk != 0) reader.fail("entry '" + entry.name + "' has a comment or another disk");
    if ((entry.flags & kEncrypted) != 0) reader.fail("entry '" + entry.name + "' is encrypted");
    if ((entry.flags & ~(kHasDescriptor | kUtf8)) != 0) reader.fail("entry '" + entry.name + "' has unknown flags");
    if (method != 0 || sizes.stored != sizes.plain)
      reader.fail("entry '" + entry.name + "' is compressed (only stored entries are read, as torch.save writes them)");
    entry.size = sizes.plain;
    entry.header = sizes.header;
    return entry;
  }

  void read_local(Entry& entry) const {
    const std::string subject = "the local header of '" + entry.name + "'";
    if (entry.header > file_.size()) fail(subject + " lies beyond the file");
    ByteReader reader = at(static_cast<std::size_t>(entry.header));
    if (reader.read<std::uint32_t>(subject.c_str()) != kLocal) fail(subject + " is not where the directory says");
    reader.take(2, subject.c_str());  // version
    const auto flags = reader.read<std::uint16_t>(subject.c_str()), method = reader.read<std::uint16_t>(subject.c_str());
    reader.take(4, subject.c_str());  // time
    const auto crc = reader.read<std::uint32_t>(subject.c_str());
    Sizes sizes;
    sizes.stored = reader.read<std::uint32_t>(subject.c_str());
    sizes.plain = reader.read<std::uint32_t>(subject.c_str());
    const auto name = reader.read<std::uint16_t>(subject.c_str()), extras = reader.read<std::uint16_t>(subject.c_str());
    const bool same_name = reader.take(name, subject.c_str()) == entry.name;
    read_extras(reader, std::min<std::size_t>(extras, reader.left()), sizes);
    reader.take(extras, subject.c_str());
    const bool described = (flags & kHasDescriptor) != 0;  // then the header may leave the figures to the descriptor
    const auto fits = [&](std::uint64_t value, std::uint64_t wanted) { return value == wanted || (described && value == 0); };
    if (!same_name || flags != entry.flags || method != 0 || !fits(crc, entry.crc) || !fits(sizes.stored, entry.size) ||
        !fits(sizes.plain, entry.size))
      fail(subject + " and the directory disagree");
    entry.begin = reader.offset();
    if (entry.size > reader.left()) fail("entry '" + entry.name + "' is longer than the file");
    entry.after_data = entry.begin + static_cast<std::size_t>(entry.size);
  }

  // Where the entry ends, its data descriptor included: sizes of 32 bits, or of 64.
  std::size_t end_of(const Entry& entry, std::size_t next) const {
    if ((entry.flags & kHasDescriptor) == 0) return entry.after_data;
    ByteReader reader = at(entry.after_data);
    const bool wide = next >= entry.after_data && next - entry.after_data == 24;
    const auto signature = reader.read<std::uint32_t>("a data descriptor"), crc = reader.read<std::uint32_t>("a data descriptor");
    const auto size = [&]() -> std::uint64_t {
      return wide ? reader.read<std::uint64_t>("a data descriptor") : reader.read<std::uint32_t>("a data descriptor");
    };
    const std::uint64_t stored = size(), plain = size();
    if (signature != kDescriptor || crc != entry.crc || stored != entry.size || plain != entry.size)
      fail("the data descriptor of '" + entry.name + "' and the directory disagree");
    return reader.offset();
  }

  void check_places(const std::vector<Entry>& entries, const Directory& directory) const {
    std::vector<const Entry*> order;
    for (const Entry& entry : entries) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) { return a->header < b->header; });
    std::size_t place = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i]->header != place)
        fail("entry '" + order[i]->name + "' starts at byte " + std::to_string(order[i]->header) + ", expected byte " +
             std::to_string(place) + " (a gap or an overlap)");
      place = end_of(*order[i], static_cast<std::size_t>(i + 1 < order.size() ? order[i + 1]->header : directory.offset));
    }
    if (place != directory.offset) fail("the zip archive has a gap or an overlap before its directory");
  }

  std::span<const std::byte> file_;
  std::string_view subject_;
};

}  // namespace

std::map<std::string, std::span<const std::byte>> parse_zip(std::span<const std::byte> file, std::string_view subject) {
  return Parser(file, subject).parse();
}

}  // namespace zlens
