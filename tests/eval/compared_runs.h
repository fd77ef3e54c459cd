// Runs without any model: scores are given.
#pragma once

#include <string>
#include <vector>

#include "eval/run_folder.h"
#include "io/json.h"
#include "tests/eval/support.h"

namespace zlens::test {

// Samples s0, s1, …: two a picture, fields a and b in turn.
inline StoredRun scored_run(const std::string& name, const std::vector<double>& scores) {
  StoredRun run;
  run.name = name;
  run.config = {{"task", "fake"},
                {"split", "test"},
                {"data_sha256", "00ff"},
                {"metric", "anls"},
                {"metric_variant", "ANLS"},
                {"data", "/" + name},
                {"answerer", {{"model", "m"}, {"expert", name}}}};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    SampleRecord record;
    record.id = "s" + std::to_string(i);
    record.field = i % 2 == 0 ? "a" : "b";
    record.question = "question " + std::to_string(i);
    record.images = {"picture" + std::to_string(i / 2)};
    record.prediction = name + " says " + std::to_string(i);
    record.references = {"reference " + std::to_string(i)};
    record.score = scores[i];
    run.records.push_back(record);
  }
  return run;
}

// As `zlens eval` writes it.
inline void write_run(const std::filesystem::path& folder, const StoredRun& run) {
  write(folder / "config.json", run.config.dump());
  std::string lines;
  for (const SampleRecord& record : run.records) lines += to_json(record).dump() + "\n";
  write(folder / "samples.jsonl", lines);
  if (run.finished) write(folder / "summary.json", "{}");
}

}  // namespace zlens::test
