// What scanning and reading do to a printed text. Free of torch.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

// Every function leaves alone what stands in `kept`, wherever it stands in a line.
using Kept = std::span<const std::string>;

// Each line goes with this probability, unless it holds something of `kept`.
void drop_lines(Rng& rng, std::vector<std::string>& lines, double rate, Kept kept);

// Each character is lost, followed by a speck or read as another one with this probability. Beside what is kept nothing changes
// either, so that it neither grows nor loses its border. Bytes beyond ASCII are never touched.
void misread(Rng& rng, std::vector<std::string>& lines, double rate, Kept kept);

// Puts lines of numbers alone behind the line before, each with this probability: as reading order gives the rows of a table.
void join_rows(Rng& rng, std::vector<std::string>& lines, double share);

// Has no letters but those of currencies and tax codes: may be the end of a row.
bool is_row_end(std::string_view line);

}  // namespace zlens::synth
