// The first pass: a question and its prepared inputs in, a mix out.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experts/factors.h"
#include "experts/mix.h"
#include "io/json.h"
#include "modules/caches.h"
#include "text/generate.h"
#include "text/model.h"

namespace zlens {

// What is known of a question before it is answered.
struct DispatchRequest {
  std::string question;
  std::string context;                     // the text of its inputs
  TokenPrompt prompt;                      // as the second pass will read it
  std::vector<PreparedInput> inputs = {};  // those of the model's own modality are shown to the first pass
};

struct Dispatch {
  Mix mix;                // empty: the base answers
  double confidence = 0;  // in the best expert, 0 … 1
  Json why;               // scores by expert, for people
};

// Immutable; safe to share between threads.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  // One choice a request, in order, read as one batch.
  virtual std::vector<Dispatch> choose(std::span<const DispatchRequest> requests, Caches& caches) const = 0;
  // The same for one request.
  Dispatch choose(const DispatchRequest& request, Caches& caches) const;
};

using ExpertSet = std::vector<std::shared_ptr<const Expert>>;

struct PromptDispatchOptions {
  // The base answers where no expert's probability reaches this; without a classifier, this ∘ 3 / K of K categories (0.6 of two,
  // 0.4 of three, 0.3 of four), as the best of K never has less than 1 / K.
  double abstain_below = 0.4;
  std::size_t context_chars = 600;  // of the inputs' text that the first pass reads; 0: all
  bool describe = true;             // experts with their descriptions; a classifier has learnt what the names stand for
};

// Shows the model the pictures that it can see and the text of the others, and asks which of the experts' descriptions fits; their
// names are scored, not decoded: for each of its tokens, relative to a question without content (contextual calibration,
// arXiv 2102.09690). A single expert is weighed against kOthers, which is the base. With a `classifier`, an expert trained on such
// questions, its own probabilities count, the names alone are shown, which keeps the first pass short, and one more category,
// kOthers, leaves to the base what no expert is for (the paper's `others`, §3.2). Where the tokens of one category begin with those
// of another, the token that ends an answer counts, too: without it the longer one could never win. Throws InputError on an empty
// set or a model without a chat template.
std::unique_ptr<Dispatcher> make_prompt_dispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts,
                                                   std::shared_ptr<const ActiveMix> classifier,
                                                   const PromptDispatchOptions& options = {});

// A classifier's category beside the experts' names; where an expert has this name, the category is that expert.
inline constexpr std::string_view kOthers = "others";

// The prompt that asks that, its pictures not yet encoded (LanguageModel::under_mix): also what a classifier is trained on, to
// answer with an expert's name or kOthers. `request.prompt` is not read.
TokenPrompt dispatch_prompt(const LanguageModel& model, const ExpertSet& experts, const DispatchRequest& request,
                            const PromptDispatchOptions& options = {});

// Without training: each expert carries the mean hidden state of the prompts that it was trained on (`prototype`); the nearest one
// is chosen. Reads the prompt as the base and adds nothing to it, so with experts of scope `answer` the first pass costs next to
// nothing. The base answers where the nearest is farther than the expert's own prompts were (`prototype_radius`).
std::unique_ptr<Dispatcher> make_prototype_dispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts);

}  // namespace zlens
