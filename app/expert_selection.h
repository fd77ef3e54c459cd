// Which experts answer a request: one that is named, a mix from a file, or what a dispatcher chooses. Internal to app/: shows
// torch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/request_preparer.h"
#include "app/session.h"
#include "experts/dispatcher.h"
#include "experts/factors.h"

namespace zlens {

// The experts of one base that lie in a folder, each name once.
struct BaseExperts {
  ExpertSet experts;
  std::shared_ptr<const Expert> classifier;  // one trained to tell the others apart, if there is one
};
// `folder` alone; empty: wherever names are looked up. Throws InputError where there is none.
BaseExperts experts_of_base(const std::string& folder, const std::string& base);

// Immutable but for the factors that it loads; several threads may use it at once.
class ExpertSelection {
 public:
  // Throws InputError on an unknown strategy, or experts that are not there, not of this base or not fit for the strategy.
  ExpertSelection(std::shared_ptr<const LanguageModel> model, const SessionOptions& options);

  struct Choice {
    Mix mix;
    Json why;            // null where nothing had to be decided
    double seconds = 0;  // of the first pass: the batch's time divided by its size
  };
  // One choice a request, in order; a dispatcher reads them as one batch.
  std::vector<Choice> choose(std::span<const PreparedRequest> requests, Caches& caches) const;

  // The rows of a batch that a forward pass can take together: those whose experts have one scope, or with merged weights those of
  // the same mix.
  std::vector<std::vector<std::size_t>> passes(const std::vector<Mix>& rows) const;

  // One mix for each row of a pass, as what it takes; nullptr: the base.
  std::shared_ptr<const ActiveMix> resolve(const std::vector<Mix>& rows, Caches& caches) const;

  const std::string& base() const { return base_; }  // hash; empty where no expert can act
  // Strategy and experts, for records.
  Json describe() const;

 private:
  void load_fixed(const SessionOptions& options);
  void load_auto(const SessionOptions& options);

  std::shared_ptr<const LanguageModel> model_;
  std::string base_, strategy_;
  std::unique_ptr<FactorStore> factors_;
  MixOptions mix_options_;
  Json record_ = Json::object();  // form, and what its choice or truncation rests on
  Mix fixed_;
  std::shared_ptr<const ActiveMix> active_;  // of fixed_
  ExpertSet experts_;
  std::shared_ptr<const Expert> classifier_;
  std::unique_ptr<const Dispatcher> dispatcher_;  // nullptr: fixed_ answers everything
};

}  // namespace zlens
