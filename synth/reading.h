// Pictures to be read: strings, words, numbers, labels and small documents. Free of torch and OpenCV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "synth/sample.h"
#include "synth/split.h"

namespace zlens::synth {

struct NoteLine {
  std::string key;  // empty: the value stands alone
  std::string value;
};

// A few words in a picture.
struct Note {
  std::string field;    // string, word, number, label, document
  std::string heading;  // of a document
  std::vector<NoteLine> lines;
};

// Line by line; a key and its value as "Seat: 12B".
std::string describe(const Note& note);

struct NoteSample {
  Note note;
  Sample sample;
  std::vector<Sample> more;  // the same asked about the other lines
  std::string key;           // the facts, for split_of
};

// One of each field: string (random characters), word, number, label (two to four lines, one is asked for by its place), document
// (a heading and two to five keys with values, one is asked for by its key), and reversed (a string or word that is to be
// written backwards). Metric: numeric for numbers, exact_match for all other answers.
NoteSample make_note(Rng& rng, Split split);

}  // namespace zlens::synth
