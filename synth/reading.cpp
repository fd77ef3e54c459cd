#include "synth/reading.h"

#include <algorithm>

#include "synth/reading_words.h"
#include "synth/small_documents.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kText[] = {"What is written here?", "What does the picture say?",        "Read the text.",    "What is the text?",
                          "Which text is shown?",  "Transcribe what you see.",          "What does it say?", "Type out the text.",
                          "What text is this?",    "What can you read in the picture?", "What do you read?"};
constexpr View kWord[] = {
    "Which word is shown?",     "Read the word.",    "What is the word?",    "What is written here?",
    "Read the text.",           "What does it say?", "Transcribe the word.", "Spell out the word in the picture.",
    "Which word can you read?", "What word is this?"};
constexpr View kNumber[] = {"Which number is shown?", "Read the number.",       "What is the number?",
                            "What is written here?",  "Read the text.",         "What does it say?",
                            "Transcribe the number.", "Transcribe the figure.", "Which number can you read?",
                            "What number is this?"};
// {p}: top, second, third, bottom.
constexpr View kLine[] = {"What is in the {p} line?",         "Read the {p} line.",       "What does the {p} line say?",
                          "Which text is in the {p} line?",   "Transcribe the {p} line.", "What stands in the {p} row?",
                          "What is written in the {p} line?", "Give the {p} line."};
// {k}: the key, as printed or in small letters.
constexpr View kKey[] = {"What is the value of {k}?",
                         "What does it say for {k}?",
                         "What is given for {k}?",
                         "What stands after {k}?",
                         "Find the value of {k}.",
                         "What belongs to {k}?",
                         "What is the {k}?",
                         "What is {k}?",
                         "Give the {k}.",
                         "Read the {k}."};
constexpr View kBackwards[] = {"Write the text backwards.", "Read the text from right to left.", "Spell the text in reverse.",
                               "Turn the text around.", "What is the text, last character first?"};

constexpr View kExact = "exact_match";

NoteSample single(View field, std::string text, std::string asked, View metric) {
  NoteSample out;
  out.note = {std::string(field), "", {{"", text}}};
  out.sample = {
      .field = std::string(field), .question = std::move(asked), .answers = {std::move(text)}, .metric = std::string(metric)};
  return out;
}

NoteSample string_note(Rng& rng, bool) {
  return single("string", draw_string(rng, 2, 8), std::string(rng.pick(kText)), kExact);
}

NoteSample word_note(Rng& rng, bool) {
  return single("word", draw_cased_word(rng), std::string(rng.pick(kWord)), kExact);
}

NoteSample number_note(Rng& rng, bool) {
  PrintedNumber number = draw_number(rng);
  return single("number", std::move(number.text), std::string(rng.pick(kNumber)), number.metric);
}

NoteSample reversed_note(Rng& rng, bool) {
  const bool word = rng.chance(0.5);
  NoteSample out = single(word ? "word" : "string", word ? draw_cased_word(rng) : draw_string(rng, 3, 6),
                          std::string(rng.pick(kBackwards)), kExact);
  out.sample.field = "reversed";
  std::reverse(out.sample.answers[0].begin(), out.sample.answers[0].end());
  return out;
}

std::string place_name(std::size_t line, std::size_t count) {
  return line == 0 ? "top" : line + 1 == count ? "bottom" : line == 1 ? (count == 3 ? "middle" : "second") : "third";
}

// The line that is asked for, then all others.
template <typename Ask>
void ask_all(NoteSample& to, std::size_t asked, const Ask& ask) {
  to.sample = ask(asked);
  for (std::size_t line = 0; line < to.note.lines.size(); ++line)
    if (line != asked) to.more.push_back(ask(line));
}

NoteSample label_note(Rng& rng, bool) {
  NoteSample out;
  out.note.field = "label";
  const auto count = static_cast<std::size_t>(rng.integer(2, 4));
  std::vector<std::string> metrics;
  for (std::size_t i = 0; i < count; ++i) {
    const double kind = rng.real();
    PrintedNumber line{"", std::string(kExact)};
    if (kind < 0.3)
      line = draw_number(rng);
    else
      line.text = kind < 0.5 ? draw_string(rng, 2, 7) : draw_cased_word(rng);
    out.note.lines.push_back({"", line.text});
    metrics.push_back(line.metric);
  }
  const auto asked = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(count) - 1));
  const auto ask = [&](std::size_t line) {
    const std::string place = place_name(line, count);
    const Filling fillings[] = {{"p", place}};
    return Sample{.field = "label",
                  .question = fill(rng.pick(kLine), fillings),
                  .answers = {out.note.lines[line].value},
                  .metric = metrics[line]};
  };
  ask_all(out, asked, ask);
  return out;
}

NoteSample document_note(Rng& rng, bool unseen) {
  SmallDocument document = draw_small_document(rng, unseen);
  NoteSample out;
  out.note = std::move(document.note);
  const auto asked = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(out.note.lines.size()) - 1));
  const auto ask = [&](std::size_t line) {
    std::string key = out.note.lines[line].key;
    if (rng.chance(0.5) && key != upper(key)) key[0] = static_cast<char>(key[0] - 'A' + 'a');
    const Filling fillings[] = {{"k", key}};
    return Sample{.field = "document",
                  .question = fill(rng.pick(kKey), fillings),
                  .answers = {out.note.lines[line].value},
                  .metric = document.metrics[line]};
  };
  ask_all(out, asked, ask);
  return out;
}

using Make = NoteSample (*)(Rng& rng, bool unseen);
constexpr Make kMakes[] = {string_note, string_note, word_note,     word_note,     number_note,  number_note,
                           label_note,  label_note,  document_note, document_note, reversed_note};

}  // namespace

std::string describe(const Note& note) {
  std::string out = note.heading;
  for (const NoteLine& line : note.lines) out += (out.empty() ? "" : "\n") + (line.key.empty() ? "" : line.key + ": ") + line.value;
  return out;
}

NoteSample make_note(Rng& rng, Split split) {
  return in_split(rng, split, [&](Rng& draw) {
    const bool unseen = draw_unseen(draw, split);
    NoteSample out = draw.pick(kMakes)(draw, unseen);
    out.sample.unseen = unseen;
    out.sample.text = describe(out.note);
    for (Sample& other : out.more) {
      other.unseen = unseen;
      other.text = out.sample.text;
    }
    out.key = "reading|" + upper(out.sample.text);
    return out;
  });
}

}  // namespace zlens::synth
