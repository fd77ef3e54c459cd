// Predictions that other programs wrote.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

namespace zlens {

// Predictions by sample id. `file` is a run folder (its failed samples left out), JSON lines such as its samples.jsonl, or one JSON
// list; an entry has its id under `id`, `questionId` or `question_id` (a string or an integer) and its text under `prediction` or
// `answer` (a string, or a number as its text). Throws InputError naming file, entry and key, and on two entries with one id.
std::unordered_map<std::string, std::string> read_predictions(const std::filesystem::path& file);

}  // namespace zlens
