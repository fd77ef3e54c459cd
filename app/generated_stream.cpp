#include "app/generated_stream.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <set>

#include "app/command_line.h"
#include "app/request_preparer.h"
#include "experts/answer_ids.h"
#include "io/error.h"
#include "synth/painter.h"
#include "synth/patch_labels.h"
#include "text/picture_prompt.h"

namespace zlens {

std::vector<GeneratedKind> parse_generated_kinds(const std::string& text) {
  std::vector<GeneratedKind> out;
  for (const std::string& entry : listed(text)) {
    const std::size_t colon = entry.find(':'), slash = entry.find('/');
    GeneratedKind kind{.kind = &synth::find_kind(entry.substr(0, std::min(colon, slash)))};
    for (std::size_t from = slash; from < std::min(colon, entry.size());) {
      const std::size_t to = std::min({entry.find('+', from + 1), colon, entry.size()});
      kind.options.fields.push_back(entry.substr(from + 1, to - from - 1));
      from = to;
    }
    if (colon != std::string::npos) {
      char* end = nullptr;
      kind.weight = std::strtod(entry.c_str() + colon + 1, &end);
      if (*end != '\0' || !(kind.weight > 0 && kind.weight < 1e6))
        throw InputError("'" + printable(entry) + "' is no KIND:WEIGHT with a weight above 0");
    }
    out.push_back(std::move(kind));
  }
  if (out.empty()) throw InputError("no kind of generated data is named");
  return out;
}

// A painter is slow to make and not thread-safe: those that no thread uses wait here.
struct GeneratedStream::Painters {
  std::mutex mutex;
  std::vector<std::unique_ptr<synth::Painter>> idle;

  std::unique_ptr<synth::Painter> take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<synth::Painter>();
    auto out = std::move(idle.back());
    idle.pop_back();
    return out;
  }
  void give_back(std::unique_ptr<synth::Painter> painter) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(painter));
  }
};

GeneratedStream::GeneratedStream(std::shared_ptr<const LanguageModel> model, GeneratedOptions options)
    : model_(std::move(model)), options_(std::move(options)), painters_(std::make_unique<Painters>()) {}

GeneratedStream::~GeneratedStream() = default;

const GeneratedKind& GeneratedStream::draw_kind(synth::Rng& rng) const {
  double total = 0;
  for (const GeneratedKind& kind : options_.kinds) total += kind.weight;
  double left = rng.real() * total;
  for (const GeneratedKind& kind : options_.kinds) {
    if (left < kind.weight) return kind;
    left -= kind.weight;
  }
  return options_.kinds.back();
}

GeneratedStream::Seen GeneratedStream::see(const synth::Document& document, const synth::Place& place) const {
  auto painter = painters_->take();
  synth::Rng hand = synth::rng_at(place, "picture");
  const synth::Picture picture =
      painter->paint(document.facts, hand, {.unseen_fonts = document.sample.unseen, .installed_fonts = options_.installed_fonts});
  painters_->give_back(std::move(painter));
  cv::Mat rgb;
  cv::cvtColor(picture.bgr, rgb, cv::COLOR_BGR2RGB);
  Seen out;
  out.input = {LanguageModel::kOwnModality,
               model_->own_modality()->prepare(RgbView{rgb.data, rgb.rows, rgb.cols, static_cast<std::int64_t>(rgb.step)})};
  if (!options_.labels) return out;
  const auto patches = static_cast<double>(model_->own_modality()->token_count(*out.input.prepared));
  const int grid = static_cast<int>(std::lround(std::sqrt(patches)));
  const auto add = [&](const std::vector<std::uint8_t>& labels) { out.labels.emplace_back(labels.begin(), labels.end()); };
  add(options_.label_text ? synth::text_labels(picture, grid) : synth::patch_labels(picture, grid));
  for (std::size_t letter = 0; letter < kNamedLetters; ++letter) add(synth::letter_labels(picture, grid, letter));
  add(picture.values.empty() ? std::vector<std::uint8_t>() : synth::value_labels(picture, grid));
  return out;
}

TrainingSample GeneratedStream::ask(const synth::Sample& sample, const std::vector<PreparedInput>& inputs) const {
  const PromptValues values{.question = sample.question, .context = inputs.empty() ? sample.text : "", .choices = {}};
  const OrderedJson messages = with_pictures(options_.prompt->messages(values), inputs.size());
  TrainingSample out{.one_line = options_.prompt->one_line(), .references = sample.answers, .metric = sample.metric};
  out.prompt = model_->tokenize(model_->expand(model_->render(messages), inputs).text, inputs);
  if (options_.spelt_answers && !inputs.empty()) out.spelling = spelt_ids(model_->tokenizer(), sample.answers.front());
  if (!inputs.empty()) out.prompt.shared_prefixes = {out.prompt.embedded.back() + 1};
  return out;
}

PretrainSample GeneratedStream::at(std::uint64_t index) const {
  const synth::Place place{options_.seed, options_.split, index};
  synth::Rng rng = synth::rng_at(place, "stream");
  const GeneratedKind& kind = draw_kind(rng);
  const bool as_text = !model_->own_modality() || rng.chance(options_.text_share);
  const synth::Document document = kind.kind->make(place, kind.options);
  PretrainSample out;
  std::vector<PreparedInput> inputs;
  if (!as_text) {
    Seen seen = see(document, place);
    inputs.push_back(std::move(seen.input));
    out.labels = std::move(seen.labels);
  }
  std::vector<synth::Sample> samples = document.more;
  samples.insert(samples.begin(), document.sample);
  std::set<std::string> asked;
  for (const synth::Sample& sample : samples) {
    if (!asked.insert(sample.question).second) continue;
    out.questions.push_back(ask(sample, inputs));
    out.questions.back().id = std::to_string(index);
    out.questions.back().field = as_text ? "as text" : std::string(kind.kind->name);
  }
  return out;
}

}  // namespace zlens
