// Prompts that show pictures to a vision-language model.
#pragma once

#include "text/model.h"

namespace zlens {

// The messages with an item for each of `pictures` inputs of the model's own modality, in front of the last text of the user: its
// text becomes one item of a list, as chat templates of vision-language models expect.
OrderedJson with_pictures(OrderedJson messages, std::size_t pictures);

// True where a rendered prompt gets the tokenizer's own special tokens: the published processors add them unless the text begins
// with one already; prompts of language models bring theirs.
bool adds_special_tokens(const LanguageModel& model, const PromptText& text);

}  // namespace zlens
