// Looks that the training pictures of a model may lack altogether: what an expert adapts it to.
#pragma once

#include <array>
#include <string_view>

#include "synth/canvas.h"
#include "synth/rng.h"

namespace zlens::synth {

// Printed: as it is drawn. Scan: a slanted, blurred, unevenly lit copy on rough paper. Board: chalk on a dark board. Fax: black
// and white dots, with specks.
enum class Look { Printed, Scan, Board, Fax };
inline constexpr std::array<std::string_view, 4> kLookNames = {"printed", "scan", "board", "fax"};

// Changes `picture.bgr`; all places in it stay with what they are about. Equal random numbers give equal pictures.
void give_look(Picture& picture, Look look, Rng& rng);

}  // namespace zlens::synth
