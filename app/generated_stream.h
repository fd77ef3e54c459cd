// Generated pictures and texts as an endless stream for pre-training.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "eval/prompt_template.h"
#include "synth/kinds.h"
#include "text/model.h"
#include "train/pretrain.h"

namespace zlens {

struct GeneratedKind {
  const synth::Kind* kind = nullptr;
  double weight = 1;  // how often it comes, against the others
  synth::KindOptions options = {};
};

// "reading/word+number:3,small-chart:2,scene": names, the fields that are wanted (default: all that are not held back), weights.
// Throws InputError.
std::vector<GeneratedKind> parse_generated_kinds(const std::string& text);

inline constexpr std::size_t kNamedLetters = 3;  // of the word that a patch is part of, as labels

struct GeneratedOptions {
  std::vector<GeneratedKind> kinds;
  const PromptTemplate* prompt = nullptr;  // that questions are asked with; must outlive the stream
  double text_share = 0;                   // how many of the inputs come as their text twin
  bool installed_fonts = true;             // with the optional fonts of this system
  bool labels = true;                      // of pictures: what their patches show, and of charts what value they stand for
  bool label_text = false;                 // what they show as text: each character on one patch, not on all that it covers
  bool spelt_answers = false;              // supervised training imitates answers to pictures a token a character
  synth::Split split = synth::Split::Train;
  std::uint64_t seed = 0;
};

// Thread-safe. `model` must take one square view of each picture.
class GeneratedStream : public PretrainStream {
 public:
  GeneratedStream(std::shared_ptr<const LanguageModel> model, GeneratedOptions options);
  ~GeneratedStream() override;

  PretrainSample at(std::uint64_t index) const override;

 private:
  struct Painters;
  struct Seen {
    PreparedInput input;
    std::vector<std::vector<std::int64_t>> labels;  // of its patches, in the order of heads_of (app/pretrain.cpp)
  };
  const GeneratedKind& draw_kind(synth::Rng& rng) const;
  Seen see(const synth::Document& document, const synth::Place& place) const;
  TrainingSample ask(const synth::Sample& sample, const std::vector<PreparedInput>& inputs) const;

  std::shared_ptr<const LanguageModel> model_;
  GeneratedOptions options_;
  std::unique_ptr<Painters> painters_;
};

}  // namespace zlens
