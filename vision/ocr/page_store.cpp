#include "vision/ocr/page_store.h"

#include <cmath>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/sha256.h"

namespace zlens {

namespace {

constexpr std::size_t kMostFileBytes = std::size_t{64} << 20;

// A file is {"page": {"hash", "lines": [[[text, left, top, width, height, confidence], …], …]}, "sha256": of page's dump}.
Json to_json(const OcrPage& page) {
  Json lines = Json::array();
  const std::vector<Evidence>& words = page.evidence();
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (page.line_of_word()[i] == lines.size()) lines.push_back(Json::array());
    const Evidence& word = words[i];
    lines.back().push_back({word.text, word.left, word.top, word.width, word.height, word.confidence});
  }
  return {{"hash", page.content_hash()}, {"lines", std::move(lines)}};
}

Evidence word_from_json(const Json& fields) {
  return {fields.at(0).get<std::string>(),  fields.at(1).get<std::int64_t>(), fields.at(2).get<std::int64_t>(),
          fields.at(3).get<std::int64_t>(), fields.at(4).get<std::int64_t>(), fields.at(5).get<double>()};
}

// The checksum proves that the file is as it was written, so only its shape remains to be checked.
std::shared_ptr<const OcrPage> from_json(const Json& file, const std::string& content_hash) {
  const Json& page = file.at("page");
  if (sha256_hex(page.dump()) != file.at("sha256").get<std::string>()) return nullptr;
  if (page.at("hash").get<std::string>() != content_hash) return nullptr;
  std::vector<std::vector<Evidence>> lines;
  for (const Json& line : page.at("lines")) {
    lines.emplace_back();
    for (const Json& word : line) lines.back().push_back(word_from_json(word));
  }
  return std::make_shared<OcrPage>(content_hash, lines);
}

std::shared_ptr<const OcrPage> read_page(const std::filesystem::path& file, const std::string& content_hash) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return nullptr;
  try {
    return from_json(parse_json(read_text_file(file, kMostFileBytes), file.string(), kDataJson), content_hash);
  } catch (const Error&) {
    return nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

void write_page(const std::filesystem::path& file, const OcrPage& page) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  Json content{{"page", to_json(page)}};
  content["sha256"] = sha256_hex(content["page"].dump());
  try {
    write_file_atomically(file, content.dump() + "\n");
  } catch (const Error&) {
    // A cache that cannot be written (a full or read-only disk) is no reason to lose the page.
  }
}

}  // namespace

OcrPageStore::OcrPageStore(std::size_t most_pages, std::filesystem::path folder)
    : most_pages_(most_pages), folder_(std::move(folder)) {}

std::filesystem::path OcrPageStore::file_of(const std::string& content_hash) const {
  return folder_ / (content_hash + ".json");
}

std::shared_ptr<const OcrPage> OcrPageStore::find_in_memory(const std::string& content_hash) {
  const std::lock_guard lock(mutex_);
  const auto found = by_hash_.find(content_hash);
  if (found == by_hash_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return *found->second;
}

void OcrPageStore::put_in_memory(const std::shared_ptr<const OcrPage>& page) {
  const std::lock_guard lock(mutex_);
  if (most_pages_ == 0 || by_hash_.count(page->content_hash()) != 0) return;
  recent_.push_front(page);
  by_hash_[page->content_hash()] = recent_.begin();
  if (recent_.size() <= most_pages_) return;
  by_hash_.erase(recent_.back()->content_hash());
  recent_.pop_back();
}

std::shared_ptr<const OcrPage> OcrPageStore::find(const std::string& content_hash) {
  auto page = find_in_memory(content_hash);
  if (page != nullptr || folder_.empty()) return page;
  page = read_page(file_of(content_hash), content_hash);
  if (page != nullptr) put_in_memory(page);
  return page;
}

void OcrPageStore::put(const std::shared_ptr<const OcrPage>& page) {
  put_in_memory(page);
  if (!folder_.empty()) write_page(file_of(page->content_hash()), *page);
}

}  // namespace zlens
