// libtesseract in this process. Free of torch; Tesseract's types stay in the source.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vision/ocr/preprocess.h"
#include "vision/ocr/word.h"

namespace zlens {

struct TesseractOptions {
  std::string language = "eng";  // one or several joined by '+': "eng+deu"
  int page_segmentation = 6;     // Tesseract's --psm, 3 .. 13
};

// A pool of Tesseract instances, each used by one call at a time. Thread-safe.
class Tesseract {
 public:
  // Throws InputError naming a language whose data is not installed and the Debian package that has it.
  explicit Tesseract(TesseractOptions options);
  ~Tesseract();
  Tesseract(const Tesseract&) = delete;
  Tesseract& operator=(const Tesseract&) = delete;

  // Words with boxes in the coordinates of the image that `page` was made of, in Tesseract's order.
  std::vector<OcrWord> words(const OcrBitmap& page) const;

  // Tesseract's version and the SHA-256 of every language file: what, with the options, makes the words.
  const std::string& identity() const { return identity_; }

 private:
  class Engine;
  class Lease;
  std::unique_ptr<Engine> take() const;
  void give_back(std::unique_ptr<Engine> engine) const;

  TesseractOptions options_;
  std::string folder_;  // of the language files
  std::string identity_;
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace zlens
