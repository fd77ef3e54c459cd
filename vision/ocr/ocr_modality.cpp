#include "vision/ocr/ocr_modality.h"

#include <charconv>
#include <cstdlib>

#include "io/error.h"
#include "io/sha256.h"
#include "io/user_folders.h"
#include "vision/ocr/page_store.h"
#include "vision/ocr/reading_order.h"
#include "vision/ocr/tesseract.h"

namespace zlens {

namespace {

// Part of every page's hash: to be raised whenever the way from an image to its lines changes.
constexpr const char* kMethod = "zlens ocr 1";

std::vector<std::vector<Evidence>> as_evidence(std::vector<std::vector<OcrWord>> lines) {
  std::vector<std::vector<Evidence>> result;
  for (std::vector<OcrWord>& line : lines) {
    result.emplace_back();
    for (OcrWord& word : line) {
      result.back().push_back({std::move(word.text), word.left, word.top, word.width, word.height, word.confidence});
    }
  }
  return result;
}

template <class Number>
Number parse_number(const std::string& name, const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) throw InputError("ocr: option " + name + "='" + text + "' is not a number");
  return value;
}

OcrOptions options_from(const ModalityOptions& given) {
  OcrOptions options;
  options.language = given.get("language", options.language);
  options.page_segmentation = parse_number<int>("psm", given.get("psm", std::to_string(options.page_segmentation)));
  options.upscale = parse_number<double>("upscale", given.get("upscale", std::to_string(options.upscale)));
  const std::string cache = given.get("cache", default_ocr_cache_folder().string());
  if (cache != "none") options.cache_folder = cache;
  return options;
}

}  // namespace

struct OcrModality::State {
  Tesseract tesseract;
  OcrPageStore store;
};

OcrModality::OcrModality(OcrOptions options) : options_(std::move(options)) {
  if (!(options_.upscale >= 0.25 && options_.upscale <= 8)) {
    throw InputError("ocr: upscale " + std::to_string(options_.upscale) + " is not within 0.25 .. 8");
  }
  state_.reset(new State{Tesseract({options_.language, options_.page_segmentation}),
                         OcrPageStore(options_.memory_pages, options_.cache_folder)});
  signature_ = std::string(kMethod) + "\n" + state_->tesseract.identity() + "\npsm " + std::to_string(options_.page_segmentation) +
               "\nupscale " + std::to_string(options_.upscale);
}

OcrModality::~OcrModality() = default;

std::shared_ptr<const OcrPage> OcrModality::read(const RawInput& input) const {
  const Image image = decode_image(input, {}, options_.limits);
  const std::string hash = sha256_hex(signature_ + "\n" + image_hash(image));
  if (auto known = state_->store.find(hash)) return known;
  auto lines = lines_in_reading_order(state_->tesseract.words(ocr_bitmap(image, options_.upscale)));
  const auto page = std::make_shared<OcrPage>(hash, as_evidence(std::move(lines)));
  state_->store.put(page);
  return page;
}

std::shared_ptr<const Prepared> OcrModality::prepare(const RawInput& input) const {
  return read(input);
}

std::string OcrModality::prompt_text(const Prepared& prepared) const {
  const auto* page = dynamic_cast<const OcrPage*>(&prepared);
  if (page == nullptr) throw InputError("ocr: the prepared input is of another modality");
  std::string text;
  for (const std::string& line : page->lines()) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::filesystem::path default_ocr_cache_folder() {
  const std::filesystem::path cache = user_cache_folder();
  return cache.empty() ? cache : cache / "ocr";
}

ModalityEntry ocr_modality_entry() {
  return {.name = "ocr",
          .description = "the words that Tesseract reads in the image, line by line",
          .input = "image",
          .option_names = {"language", "psm", "upscale", "cache"},
          .create = [](const ModalityOptions& given) { return std::make_shared<const OcrModality>(options_from(given)); }};
}

}  // namespace zlens
