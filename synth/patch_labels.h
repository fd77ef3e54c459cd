// What every patch of a picture shows, of what word it is a part and what value it stands for: dense labels that teach a vision
// tower to see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "synth/canvas.h"
#include "synth/colours.h"

namespace zlens::synth {

// Labels: 0 nothing; 1 to 95 the printable ASCII character of code 31 + label (× counts as x, ÷ as /, other characters as nothing);
// from 96 the colours in the order of kColours.
inline constexpr int kCharacterLabels = 95;
inline constexpr int kPatchLabels = 1 + kCharacterLabels + static_cast<int>(kColours.size());  // 108

int character_label(char32_t character);  // 0 where it has none
constexpr int colour_label(int colour) {
  return 1 + kCharacterLabels + colour;
}  // its place in kColours

// Labels of values, as small charts have them: 0 none; 1 to 100 that number; from 101 on 150, 200, … 500.
inline constexpr int kValueLabels = 109;

int value_label(double value);  // 0 where it has none

// How a label is spelt: the character, the name of the colour; a blank for nothing.
std::string label_text(int label);

// [grid · grid] labels, row by row, of the picture stretched to a square of grid × grid patches: the character whose cell has the
// patch's centre, or else the colour of the uppermost region there. Pure; throws std::logic_error for a grid below 1.
std::vector<std::uint8_t> patch_labels(const Picture& picture, int grid);

// [grid · grid] labels as text that a language model reads: every character once, in the row of its line's middle and the column of
// its own, the next free one where narrow characters share it, with a blank between words if there is room; and the colour of every
// surface once, in its middle. What does not fit into a row is left out. Errors as above.
std::vector<std::uint8_t> text_labels(const Picture& picture, int grid);

// As patch_labels for the word that is printed there: its letter of that place, from 0 on; 0 where it is shorter.
std::vector<std::uint8_t> letter_labels(const Picture& picture, int grid, std::size_t place);

// The same for the value that a chart shows or names there, the uppermost one.
std::vector<std::uint8_t> value_labels(const Picture& picture, int grid);

}  // namespace zlens::synth
