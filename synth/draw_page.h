// Exercise sheets and receipts.
#pragma once

#include "synth/canvas.h"
#include "synth/exercises.h"
#include "synth/painter.h"
#include "synth/receipt.h"

namespace zlens::synth {

Picture draw_sheet(Fonts& fonts, const Sheet& sheet, Rng& rng, const PictureOptions& options);
Picture draw_receipt(Fonts& fonts, const Receipt& receipt, Rng& rng, const PictureOptions& options);

}  // namespace zlens::synth
