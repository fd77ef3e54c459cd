// `train --generate`: whole models on endless streams of generated data.
#pragma once

#include "app/command_line.h"

namespace zlens {

po::options_description pretrain_flags();
bool is_pretraining(const po::variables_map& values);

// Trains and writes the checkpoint folder; the exit code. Throws InputError.
int pretrain_generated(const po::variables_map& values);

}  // namespace zlens
