// zlens for programs: load a model once, ask it about images. Free of torch, OpenCV and Boost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "eval/prompt_template.h"
#include "io/json.h"
#include "modules/evidence.h"
#include "modules/raw_input.h"

namespace zlens {

class LanguageModel;
class ModalityRegistry;
class RequestPreparer;

// A modality to attach: its name in the registry and its options.
struct Attachment {
  std::string modality;
  std::map<std::string, std::string> options;
};

struct SessionOptions {
  std::string model;                    // a Hugging Face folder, a .gguf file, or a name (find_model)
  std::string dtype = "bf16";           // fp32 | bf16 | fp16
  std::string device = "cpu";           // cpu | cuda | cuda:N
  int threads = 0;                      // 0: one for each core
  std::vector<Attachment> attachments;  // e.g. {{"ocr", {}}}
  std::string expert;                   // a name, an expert or mix file, "auto" (a dispatcher chooses); empty or "none": the base
  std::string experts;                  // a folder that names are looked up in first; `auto` chooses from it alone
  // How `auto` chooses: prompt | classifier | prototype; empty: classifier where an expert was trained for it, else prompt.
  std::string dispatch;
  // How the expert is computed: "delta" keeps the base's bits where z = 1; "factored" and "merged" are faster and round the whole
  // matrix anew; "auto" takes the cheapest by assets/linear-costs.json for `expected_questions` of usual length.
  std::string form = "delta";
  std::int64_t expected_questions = 1;
  double tolerance = 0;  // delta: relative error that dropping small components may make in each matrix; 0: none are dropped
  // Called while a base is factored for its first expert, from any thread, one call at a time; returns false to stop.
  std::function<bool(std::int64_t done, std::int64_t total)> on_factors;
  const ModalityRegistry* registry = nullptr;  // nullptr: the built-in modalities
};

// One input of a question: the kind of input ("image") and the raw data, which must live until the call returns.
struct Input {
  std::string kind;
  RawInput data;
};

struct Request {
  std::string question;
  std::vector<Input> inputs;
  std::vector<std::string> choices;
  const PromptTemplate* prompt = nullptr;  // nullptr: the text of the inputs, an empty line, the question
  bool raw = false;                        // the question is the whole prompt: no chat template
};

struct AnswerOptions {
  std::int64_t max_new_tokens = 64;
  double temperature = 0;  // 0: greedy
  double top_p = 1;
  std::uint64_t seed = 0;
  // Called with each piece of the answer of a request as it is generated; returns false to stop everything within that token.
  std::function<bool(std::size_t request, const std::string& piece)> on_text;
};

struct Reply {
  std::string answer;
  bool found = true;               // false: the model said that the input does not hold the answer (is_not_found)
  double confidence = 0;           // mean probability of the answer's tokens, 0 .. 1
  std::string finish;              // stop | length | cancelled
  std::vector<Evidence> evidence;  // recognised words that spell the answer, with their boxes in the image; may be empty
  std::string prompt;              // as the model saw it
  std::string prompt_sha256;
  Json mix = Json::array();
  std::int64_t prompt_tokens = 0, reused_tokens = 0, new_tokens = 0;
  Json why;                              // how a dispatcher came to the mix; null where nothing had to be decided
  double first_pass_s = 0;               // dispatch
  double prepare_s = 0, generate_s = 0;  // generate: the whole batch's time divided by its size
  std::string error;                     // not empty: this request failed, with a one-line reason
};

// Immutable but for its caches: several threads may ask at once.
class Session {
 public:
  // Throws InputError naming what cannot be used.
  explicit Session(const SessionOptions& options);
  ~Session();
  Session(Session&&) noexcept;

  // One reply a request, in order, generated as one batch. Requests that fail alone carry Reply::error; what concerns all throws.
  std::vector<Reply> ask(const std::vector<Request>& requests, const AnswerOptions& options = {}) const;

  // A single request; throws InputError where it fails.
  Reply ask(const Request& request, const AnswerOptions& options = {}) const;

  // Writes input_ids, logits and, with embedded inputs, image_features to a safetensors file (docs/design.md, section 5).
  void write_logits(const Request& request, const std::filesystem::path& out) const;

  // For work below the level of requests (training): the model, and what turns requests into its prompts. Live as long as *this.
  std::shared_ptr<const LanguageModel> model() const;
  const RequestPreparer& preparer() const;

  // Model, dtype, hashes, attachments, experts: what shapes answers, for records.
  Json describe() const;

 private:
  struct Batch;
  struct State;
  std::unique_ptr<State> state_;
};

// The path of a model: `name` itself where it exists, else assets/<name> or <data folder>/models/<name>: a folder with
// config.json, or one that holds a single .gguf file, or <name>.gguf. Throws InputError listing where it looked.
std::filesystem::path find_model(const std::string& name);

// True where an answer says that there is none: empty, "not found", "none", "n/a", "unknown", "unanswerable", … (without case
// and punctuation at its ends), or where it starts with "not found".
bool is_not_found(const std::string& answer);

}  // namespace zlens
