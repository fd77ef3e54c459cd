// Pages that were read before, in memory and on disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "vision/ocr/ocr_page.h"

namespace zlens {

// The most recently used pages by content hash. Thread-safe.
class OcrPageStore {
 public:
  // Keeps at most `most_pages` in memory, and all as files in `folder` (made when first needed); no files where it is empty.
  OcrPageStore(std::size_t most_pages, std::filesystem::path folder);

  // nullptr where the page is not known. A file that is damaged in any way counts as not there.
  std::shared_ptr<const OcrPage> find(const std::string& content_hash);

  // A folder that cannot be written costs the file, not the page.
  void put(const std::shared_ptr<const OcrPage>& page);

 private:
  using Recent = std::list<std::shared_ptr<const OcrPage>>;

  std::shared_ptr<const OcrPage> find_in_memory(const std::string& content_hash);
  void put_in_memory(const std::shared_ptr<const OcrPage>& page);
  std::filesystem::path file_of(const std::string& content_hash) const;

  std::size_t most_pages_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  Recent recent_;  // the latest first
  std::unordered_map<std::string, Recent::iterator> by_hash_;
};

}  // namespace zlens
