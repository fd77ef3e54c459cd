// The words of an image, read by Tesseract, as text for the prompt.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "modules/modality.h"
#include "modules/registry.h"
#include "vision/image.h"
#include "vision/ocr/ocr_page.h"

namespace zlens {

// Defaults as measured in docs/results/ocr.md.
struct OcrOptions {
  std::string language = "eng";        // Tesseract's names, several joined by '+'
  int page_segmentation = 6;           // Tesseract's --psm, 3 .. 13; 6: one block of text
  double upscale = 1.5;                // 0.25 .. 8: enlargement before reading
  std::size_t memory_pages = 256;      // kept in memory
  std::filesystem::path cache_folder;  // of pages read before; empty: none
  ImageLimits limits;
};

// prepare() gives an OcrPage; its prompt text is the page's lines. Reading takes some 0.5 s a page of 500 x 1000 pixels on one
// thread; what was read before comes from memory or the cache folder. Thread-safe: calls read in parallel.
class OcrModality : public Modality {
 public:
  // Throws InputError on options out of range and on a language that is not installed.
  explicit OcrModality(OcrOptions options = {});
  ~OcrModality() override;

  std::shared_ptr<const Prepared> prepare(const RawInput& input) const override;
  std::shared_ptr<const OcrPage> read(const RawInput& input) const;  // the same, as the page that it is
  std::string prompt_text(const Prepared& prepared) const override;  // throws InputError unless given an OcrPage

 private:
  struct State;
  OcrOptions options_;
  std::string signature_;  // of everything but the image that shapes a page
  std::unique_ptr<State> state_;
};

// $XDG_CACHE_HOME/zlens/ocr, or ~/.cache/zlens/ocr; empty where neither variable is set.
std::filesystem::path default_ocr_cache_folder();

// The modality `ocr` for the registry. Options: language, psm, upscale, cache (a folder, or `none`; default_ocr_cache_folder()).
ModalityEntry ocr_modality_entry();

}  // namespace zlens
