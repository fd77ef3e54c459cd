// Two or more runs over the same samples, compared sample by sample.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "eval/run_folder.h"
#include "eval/statistics.h"
#include "io/json.h"

namespace zlens {

struct CompareOptions {
  bool cluster_by_image = true;  // samples that share an image are drawn together; else each stands alone
  bool by_field = true;          // a row for each field, unless `groups` says otherwise
  std::map<std::string, std::string>
      groups;                    // sample id → group; where not empty, rows are these and other samples are in no group
  std::set<std::string> fields;  // only samples of these fields; empty: all
  double threshold = 0.5;        // a score from here on is right, for McNemar's test
  std::size_t changed = 5;       // how many gains and losses are listed
  Resampling resampling;
};

// Run k less run 0 over one group of samples.
struct Difference {
  Estimate estimate;
  double p = 1;     // sign_flip_p
  McNemar mcnemar;  // first: run 0
  std::int64_t wins = 0, losses = 0, ties = 0;
};

struct ComparedGroup {
  std::string name;  // "all" first, then the groups by name
  std::int64_t samples = 0, clusters = 0;
  std::vector<Estimate> scores;         // of each run
  std::vector<Difference> differences;  // of runs 1, 2, … against run 0
};

// A sample whose score is not the same in run 0 and run k.
struct ChangedSample {
  std::string id, field, question;
  std::vector<std::string> references;
  std::string predictions[2];  // of run 0, of run k; the error where it failed
  double scores[2];
};

struct Comparison {
  std::vector<std::string> runs;
  std::string task, split, metric, metric_variant;
  std::vector<std::int64_t> missing;  // of each run: ids that another run has and it has not
  std::vector<std::int64_t> failed;   // of each run, among the compared samples; they count 0
  std::int64_t unscored = 0;          // samples without references, which are left out
  CompareOptions options;
  std::vector<ComparedGroup> groups;
  std::vector<std::vector<ChangedSample>> gains, losses;     // of runs 1, 2, …; the greatest first, then in the data set's order
  std::map<std::string, std::vector<std::string>> settings;  // configuration keys in which the runs differ → each run's value
};

// Throws InputError where there are not 2 to 26 runs, where they are about different tasks, splits, data or metrics, where no
// scored sample is common to all, or where an option selects nothing.
Comparison compare_runs(const std::vector<StoredRun>& runs, const CompareOptions& options);

// Everything but times; what a program reads.
Json to_json(const Comparison& comparison);

// For each item a cluster number below the count of items: items that share a key, also by way of others, have the same.
std::vector<std::size_t> clusters_of(const std::vector<std::vector<std::string>>& keys);

}  // namespace zlens
