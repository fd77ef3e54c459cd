#include "synth/dataset.h"

namespace zlens::synth {

bool write_dataset(const Kind& kind, const DatasetOptions& options) {
  check_count(options.count);
  kind.make({options.seed, options.split, 0}, options.kind);  // bad options show before anything is written
  DatasetFiles files(options.out, options.split, options.picture != nullptr);
  for (std::int64_t i = 0; i < options.count; ++i) {
    if (options.stop && options.stop()) return false;
    const Place place{options.seed, options.split, static_cast<std::uint64_t>(i)};
    const Document document = kind.make(place, options.kind);
    const std::string name = document_name(kind.name, options.split, i);
    files.write_transcript(name, document.sample.text + "\n");
    if (options.picture) files.write_image(name, options.picture(document, place));
    files.write_record(record_of(name, name, document.sample, to_json(document.facts)));
    if (options.progress) options.progress(i + 1, options.count);
  }
  files.commit();
  return true;
}

}  // namespace zlens::synth
