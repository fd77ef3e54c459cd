// From a request to the prompt that the model reads. Internal to app/: shows torch.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/session.h"
#include "text/model.h"

namespace zlens {

// A request on its way to the model.
struct PreparedRequest {
  std::vector<PreparedInput> inputs;
  std::string question, context;  // context: the text of the inputs
  std::string text;               // the prompt
  TokenPrompt prompt;
  bool one_line = false;
};

// Immutable; several threads may use it at once.
class RequestPreparer {
 public:
  // `reads`: modality name -> the kind of input that it reads.
  RequestPreparer(std::shared_ptr<const LanguageModel> model, std::map<std::string, std::string> reads);

  // The prompt's inputs are not encoded yet (LanguageModel::under_mix). Throws InputError on an empty question or an input that
  // nothing reads, and what modalities throw.
  PreparedRequest prepare(const Request& request) const;

  // The files that `prepare` would read for these images.
  std::vector<std::filesystem::path> files(const std::vector<std::filesystem::path>& images) const;

  const LanguageModel& model() const { return *model_; }

 private:
  // What a prompt is rendered from.
  struct Parts {
    std::string context, question;
    std::size_t pictures = 0;  // inputs of the model's own modality: the chat template gets an item for each
    bool open_answer = true;
  };
  std::string render(const Request& request, const Parts& parts) const;
  bool special_tokens(const PromptText& text, const Request& request) const;
  void mark(const Request& request, const Parts& parts, const std::vector<PreparedInput>& inputs, TokenPrompt& prompt) const;

  std::shared_ptr<const LanguageModel> model_;
  std::map<std::string, std::string> reads_;
};

bool one_line(const Request& request);

}  // namespace zlens
