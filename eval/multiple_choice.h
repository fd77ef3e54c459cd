// Which option a free answer names. Letters: the first option is A, the second B, up to Z.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace zlens {

// The letter that `text` gives as its answer, 0 where there is none: shapes such as "(B)", "B.", "answer is B" are collected and
// ranked, later positions first among equals (the rule of lmms-eval 0.7.3, mcq_extract). Its known trap is kept: "NASA" is A.
char extract_choice_letter(std::u32string_view text, int options);

// The letter of `prediction`: an answer that is one of the options' texts, else extract_choice_letter, else the only option whose
// text the answer contains; 0 where nothing fits. Case, outer white space and a final period do not count in texts.
char chosen_option(std::string_view prediction, std::span<const std::string> choices);

// The letter that a reference means: an option's text, else a letter by itself (any case); 0 for neither.
char reference_option(std::string_view reference, std::span<const std::string> choices);

}  // namespace zlens
