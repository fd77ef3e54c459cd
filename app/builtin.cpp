#include "app/builtin.h"

#include "text/transcript_modality.h"
#ifdef ZLENS_WITH_OCR
#include "vision/ocr/ocr_modality.h"
#endif

namespace zlens {

ModalityRegistry builtin_modalities() {
  ModalityRegistry registry;
  registry.add(transcript_modality_entry());
#ifdef ZLENS_WITH_OCR
  registry.add(ocr_modality_entry());
#endif
  return registry;
}

}  // namespace zlens
