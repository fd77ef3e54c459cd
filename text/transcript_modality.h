// A modality that reads a text file in place of an image: for training and evaluation on language alone.
#pragma once

#include <filesystem>
#include <memory>

#include "modules/modality.h"
#include "modules/registry.h"

namespace zlens {

// For an image …/<folder>/<stem>.<ext> the text of transcripts/<stem>.txt in one of the folders above it (the nearest first),
// or in `folder` where that is given. Stateless; thread-safe.
class TranscriptModality : public Modality {
 public:
  explicit TranscriptModality(std::filesystem::path folder = {}) : folder_(std::move(folder)) {}

  // Only paths can be prepared. Throws InputError where there is no transcript.
  std::shared_ptr<const Prepared> prepare(const RawInput& input) const override;
  std::vector<std::filesystem::path> files(const RawInput& input) const override;  // the transcript, where there is one
  std::string prompt_text(const Prepared& prepared) const override;

 private:
  std::filesystem::path folder_;
};

// The modality `transcript` for the registry. Option: folder.
ModalityEntry transcript_modality_entry();

}  // namespace zlens
