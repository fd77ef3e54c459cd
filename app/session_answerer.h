// Evaluation's questions, answered by a session.
#pragma once

#include "app/session.h"
#include "eval/answerer.h"

namespace zlens {

// Does not own its arguments. Each sample's images are its "image" inputs.
class SessionAnswerer : public Answerer {
 public:
  SessionAnswerer(const Session& session, const PromptTemplate& prompt, AnswerOptions options)
      : session_(session), prompt_(prompt), options_(std::move(options)) {}

  std::vector<Answer> answer(std::span<const Sample> samples) override;
  std::vector<std::filesystem::path> files(const Sample& sample) const override;
  Json config() const override;

 private:
  const Session& session_;
  const PromptTemplate& prompt_;
  AnswerOptions options_;
};

}  // namespace zlens
