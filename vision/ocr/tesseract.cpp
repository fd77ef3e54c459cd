#include "vision/ocr/tesseract.h"

#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <mutex>

#include "io/error.h"
#include "io/mapped_file.h"
#include "io/sha256.h"
#include "io/utf8.h"

namespace zlens {

namespace {

constexpr std::size_t kIdleEngines = 4;    // kept for the next call; each holds some 30 MB
constexpr std::int64_t kSmallestSide = 8;  // of a picture that can hold a letter

std::vector<std::string> split_languages(const std::string& text) {
  std::vector<std::string> languages;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    languages.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return languages;
}

// A language is a part of a file name, so nothing but its own letters may be in it.
bool is_language(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

std::string debian_package(std::string language) {
  for (char& c : language) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return "tesseract-ocr-" + language;
}

std::string language_folder() {
  const char* chosen = std::getenv("TESSDATA_PREFIX");
  return chosen != nullptr && *chosen != '\0' ? chosen : ZLENS_TESSDATA;
}

// Tesseract says on stderr, in several lines, what is wrong with a language; so the files are looked at before.
std::string language_file(const std::string& folder, const std::string& language) {
  if (!is_language(language)) throw InputError("ocr: '" + language + "' is no language name; use for example eng or eng+deu");
  const std::string file = folder + "/" + language + ".traineddata";
  if (!std::filesystem::exists(file)) {
    throw InputError("ocr: language '" + language + "' is not installed (no " + file + "); install the Debian package " +
                     debian_package(language) + ", or set TESSDATA_PREFIX");
  }
  return file;
}

// Tesseract splits single lines of text over four OpenMP threads, which mostly wait: about five times the processor time a page
// (docs/results/ocr.md). It names the number itself, so only a limit stops it. That of a league of one team holds for the calling
// thread alone; the other one, OpenMP's nesting level, may be the whole process's.
bool recognize(tesseract::TessBaseAPI& api) {
  int failed = -1;
  std::exception_ptr error;  // must not leave the region
#pragma omp teams num_teams(1) thread_limit(1)
  {
    try {
      failed = api.Recognize(nullptr);
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
  return failed == 0;
}

struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;
};

// The box in the image as given, clamped to it, at least one pixel.
OcrWord place_word(const Box& box, const OcrBitmap& page) {
  const auto low = [&](int at, std::int64_t side) { return std::clamp<std::int64_t>(std::floor(at / page.scale), 0, side - 1); };
  const auto high = [&](int at, std::int64_t low_end, std::int64_t side) {
    return std::clamp<std::int64_t>(std::ceil(at / page.scale), low_end + 1, side);
  };
  OcrWord word;
  word.left = low(box.left, page.image_width);
  word.top = low(box.top, page.image_height);
  word.width = high(box.right, word.left, page.image_width) - word.left;
  word.height = high(box.bottom, word.top, page.image_height) - word.top;
  return word;
}

std::string without_white_space(std::string_view text) {
  std::string out;
  for (char32_t c : to_utf32(text)) {
    if (c > 0x20 && c != 0xA0) append_utf8(out, c);
  }
  return out;
}

}  // namespace

class Tesseract::Engine {
 public:
  Engine(const std::string& folder, const TesseractOptions& options) {
    static std::mutex starting;  // Tesseract's start-up writes its own globals
    const std::lock_guard lock(starting);
    setMsgSeverity(L_SEVERITY_NONE);  // leptonica reports pages without text as errors, on stderr
    if (api_.Init(folder.c_str(), options.language.c_str(), tesseract::OEM_LSTM_ONLY) != 0) {
      throw InputError("ocr: Tesseract cannot read its data for '" + options.language + "' in " + folder);
    }
    api_.SetVariable("debug_file", "/dev/null");
    api_.SetPageSegMode(static_cast<tesseract::PageSegMode>(options.page_segmentation));
  }

  std::vector<OcrWord> words(const OcrBitmap& page) {
    api_.SetImage(page.grey.data(), static_cast<int>(page.width), static_cast<int>(page.height), 1, static_cast<int>(page.width));
    api_.SetSourceResolution(300);
    std::vector<OcrWord> words;
    if (recognize(api_)) words = collect(page);
    api_.Clear();
    return words;
  }

 private:
  std::vector<OcrWord> collect(const OcrBitmap& page) {
    std::vector<OcrWord> words;
    const std::unique_ptr<tesseract::ResultIterator> it(api_.GetIterator());
    if (it == nullptr) return words;
    do {
      const std::unique_ptr<char[]> text(it->GetUTF8Text(tesseract::RIL_WORD));
      Box box;
      if (text == nullptr || !it->BoundingBox(tesseract::RIL_WORD, &box.left, &box.top, &box.right, &box.bottom)) continue;
      OcrWord word = place_word(box, page);
      word.text = without_white_space(text.get());
      word.confidence = std::round(std::clamp(it->Confidence(tesseract::RIL_WORD) / 100.0, 0.0, 1.0) * 1e4) / 1e4;
      if (!word.text.empty()) words.push_back(std::move(word));
    } while (it->Next(tesseract::RIL_WORD));
    return words;
  }

  tesseract::TessBaseAPI api_;
};

struct Tesseract::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Engine>> idle;
};

// An engine out of the pool, given back at the end of the call.
class Tesseract::Lease {
 public:
  explicit Lease(const Tesseract& owner) : owner_(owner), engine_(owner.take()) {}
  ~Lease() { owner_.give_back(std::move(engine_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Engine& operator*() const { return *engine_; }

 private:
  const Tesseract& owner_;
  std::unique_ptr<Engine> engine_;
};

Tesseract::Tesseract(TesseractOptions options)
    : options_(std::move(options)), folder_(language_folder()), pool_(std::make_unique<Pool>()) {
  if (options_.page_segmentation < 3 || options_.page_segmentation > 13) {
    throw InputError("ocr: page segmentation " + std::to_string(options_.page_segmentation) + " is not one of Tesseract's 3 to 13");
  }
  identity_ = std::string("tesseract ") + tesseract::TessBaseAPI::Version();
  for (const std::string& language : split_languages(options_.language)) {
    const auto file = MappedFile::open(language_file(folder_, language));
    identity_ += " " + language + ":" + sha256_hex(file->bytes());
  }
}

Tesseract::~Tesseract() = default;

std::unique_ptr<Tesseract::Engine> Tesseract::take() const {
  {
    const std::lock_guard lock(pool_->mutex);
    if (!pool_->idle.empty()) {
      std::unique_ptr<Engine> engine = std::move(pool_->idle.back());
      pool_->idle.pop_back();
      return engine;
    }
  }
  return std::make_unique<Engine>(folder_, options_);
}

void Tesseract::give_back(std::unique_ptr<Engine> engine) const {
  const std::lock_guard lock(pool_->mutex);
  if (pool_->idle.size() < kIdleEngines) pool_->idle.push_back(std::move(engine));
}

std::vector<OcrWord> Tesseract::words(const OcrBitmap& page) const {
  if (std::min({page.height, page.width, page.image_height, page.image_width}) < kSmallestSide) return {};
  const Lease engine(*this);
  return (*engine).words(page);
}

}  // namespace zlens
