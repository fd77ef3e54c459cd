#include <iostream>
#include <numeric>

#include "app/command_line.h"
#include "app/comparison_table.h"
#include "eval/compare.h"
#include "eval/compare_page.h"
#include "io/atomic_file.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "compare RUN RUN [RUN…]",
    "Compares runs over the same samples with the first of them: difference of the scores with its bootstrap interval, a paired\n"
    "test, McNemar's test, wins and losses, by field, and the samples that changed most. Only samples that every run has are\n"
    "compared. Exit code 1: some runs lack samples that another has."};

po::options_description compare_flags() {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("run", po::value<std::vector<std::string>>()->value_name("RUN"), "a run folder (also as plain arguments)")(
      "by", po::value<std::string>()->default_value("field")->value_name("field|none|FILE"),
      "a row for each field, none, or the groups of a JSON object {id: group}")(
      "field", po::value<std::vector<std::string>>()->value_name("F"), "only samples of this field (repeatable)")(
      "cluster", po::value<std::string>()->default_value("image")->value_name("image|none"),
      "what is resampled: images with all their samples, or samples")(
      "threshold", po::value<double>()->default_value(0.5, "0.5")->value_name("S"), "a score from S on is right (McNemar)")(
      "show", po::value<int>()->default_value(5)->value_name("N"), "list the N greatest gains and losses")(
      "resamples", po::value<int>()->default_value(10000)->value_name("N"), "bootstrap resamples and sign flips")(
      "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of the resampling")(
      "html", po::value<std::string>()->value_name("FILE"), "write a page, too: pictures, confusion matrices, settings")(
      "json", "print JSON");
  return flags;
}

std::map<std::string, std::string> read_groups(const std::string& file) {
  const Json json = read_json_file(file, kDataJson);
  if (!json.is_object() || json.empty()) throw InputError(file + ": is not an object of ids and groups");
  std::map<std::string, std::string> groups;
  for (const auto& [id, group] : json.items()) {
    if (!group.is_string()) throw InputError(file + ": the group of '" + printable(id) + "' is not a string");
    groups.emplace(id, group.get<std::string>());
  }
  return groups;
}

CompareOptions compare_options(const po::variables_map& values) {
  CompareOptions options;
  const std::string by = values["by"].as<std::string>(), cluster = values["cluster"].as<std::string>();
  options.by_field = by == "field";
  if (by != "field" && by != "none") options.groups = read_groups(by);
  if (cluster != "image" && cluster != "none") throw InputError("--cluster " + printable(cluster) + ": choose image or none");
  options.cluster_by_image = cluster == "image";
  if (values.contains("field")) {
    const auto& fields = values["field"].as<std::vector<std::string>>();
    options.fields = {fields.begin(), fields.end()};
  }
  options.threshold = values["threshold"].as<double>();
  if (values["show"].as<int>() < 0) throw InputError("--show is negative; 0 lists no samples");
  options.changed = static_cast<std::size_t>(values["show"].as<int>());
  options.resampling.count = values["resamples"].as<int>();
  options.resampling.seed = values["seed"].as<std::uint64_t>();
  return options;
}

void write_page(const std::string& file, const Comparison& comparison, const std::vector<StoredRun>& runs) {
  std::vector<std::optional<ConfusionMatrix>> confusions;
  for (const StoredRun& run : runs) confusions.push_back(confusion_of(run.records));
  write_file_atomically(file, render_comparison(comparison, confusions));
  std::cerr << "page: " << file << "\n";
}

}  // namespace

int compare_command(const std::vector<std::string>& arguments) {
  po::positional_options_description positional;
  positional.add("run", -1);
  const auto values = parse_arguments(arguments, compare_flags(), positional, kUsage);
  if (!values) return 0;
  if (!values->contains("run")) throw InputError("compare takes two or more runs; --help shows how");
  std::vector<StoredRun> runs;
  for (const std::string& folder : (*values)["run"].as<std::vector<std::string>>()) runs.push_back(read_run(folder));
  const Comparison comparison = compare_runs(runs, compare_options(*values));
  if (values->contains("html")) write_page((*values)["html"].as<std::string>(), comparison, runs);
  if (values->contains("json")) {
    std::cout << to_json(comparison).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    print_comparison(std::cout, comparison);
  }
  const auto missing = std::accumulate(comparison.missing.begin(), comparison.missing.end(), std::int64_t{0});
  if (missing == 0) return 0;
  std::cerr << "zlens: ids that another run has are missing:";
  for (std::size_t r = 0; r < runs.size(); ++r)
    if (comparison.missing[r] > 0) std::cerr << " " << comparison.missing[r] << " in " << printable(runs[r].name);
  std::cerr << "; they were left out\n";
  return 1;
}

}  // namespace zlens
