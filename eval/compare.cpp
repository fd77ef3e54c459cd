#include "eval/compare.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "eval/texts.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxRuns = 26;  // they are named by letters

// Of one run, in the order of run 0.
using Records = std::vector<const SampleRecord*>;

std::string text_at(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found == config.end() ? "" : plain_text(*found);
}

void require_comparable(const StoredRun& first, const StoredRun& other) {
  struct Key {
    const char* name;
    const char* way_out;
  };
  for (const Key& key : {Key{"task", "compare runs of one task"}, Key{"split", "compare runs of one split"},
                         Key{"data_sha256", "the runs must be about the same samples: the same data, --split and --limit"},
                         Key{"metric_variant", "score one of them again"}}) {
    const std::string a = text_at(first.config, key.name), b = text_at(other.config, key.name);
    if (a != b)
      throw InputError(first.name + " and " + other.name + ": `" + key.name + "` differs (" + printable(a) + ", " + printable(b) +
                       "); " + key.way_out);
  }
}

// The samples that all runs have, run by run, in the order of run 0; counts into `comparison` what is left out.
std::vector<Records> pair_up(const std::vector<StoredRun>& runs, Comparison& comparison) {
  std::vector<std::unordered_map<std::string_view, const SampleRecord*>> by_id(runs.size());
  std::set<std::string_view> all_ids;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const SampleRecord& record : runs[r].records) {
      by_id[r].emplace(record.id, &record);
      all_ids.insert(record.id);
    }
  }
  for (const auto& ids : by_id) comparison.missing.push_back(static_cast<std::int64_t>(all_ids.size() - ids.size()));
  comparison.failed.assign(runs.size(), 0);
  std::vector<Records> paired(runs.size());
  for (const SampleRecord& record : runs[0].records) {
    const auto has = [&](const auto& ids) { return ids.contains(record.id); };
    if (!std::all_of(by_id.begin(), by_id.end(), has)) continue;
    if (!comparison.options.fields.empty() && !comparison.options.fields.contains(record.field)) continue;
    if (!std::all_of(by_id.begin(), by_id.end(), [&](const auto& ids) { return ids.at(record.id)->score.has_value(); })) {
      ++comparison.unscored;
      continue;
    }
    for (std::size_t r = 0; r < runs.size(); ++r) {
      paired[r].push_back(by_id[r].at(record.id));
      comparison.failed[r] += paired[r].back()->error.empty() ? 0 : 1;
    }
  }
  if (paired[0].empty())
    throw InputError(runs[0].name + " and " + runs[1].name + ": no scored sample is in all runs" +
                     (comparison.options.fields.empty() ? "" : " and in the fields asked for") + " (" +
                     std::to_string(all_ids.size()) + " ids in all)");
  return paired;
}

// What a group's rows are computed from: positions in the paired records.
struct Group {
  std::string name;
  std::vector<std::size_t> samples;
};

std::vector<Group> group_samples(const Records& records, const CompareOptions& options) {
  std::map<std::string, Group> named;
  Group all{"all", {}};
  for (std::size_t i = 0; i < records.size(); ++i) {
    all.samples.push_back(i);
    std::string name = options.by_field ? records[i]->field : "";
    if (!options.groups.empty()) {
      const auto found = options.groups.find(records[i]->id);
      name = found == options.groups.end() ? "" : found->second;
    }
    if (name.empty()) continue;
    Group& group = named[name];
    group.name = name;
    group.samples.push_back(i);
  }
  if (!options.groups.empty() && named.empty()) throw InputError("groups: none of their ids is among the compared samples");
  std::vector<Group> groups = {std::move(all)};
  for (auto& [name, group] : named) groups.push_back(std::move(group));
  return groups;
}

// The arrays that the statistics take, for one group.
class GroupTable {
 public:
  GroupTable(const std::vector<Records>& runs, const Group& group, const CompareOptions& options) : options_(options) {
    for (const Records& records : runs) {
      auto& scores = scores_.emplace_back();
      for (const std::size_t i : group.samples) scores.push_back(*records[i]->score);
    }
    if (!options.cluster_by_image) return;
    std::vector<std::vector<std::string>> images;
    for (const std::size_t i : group.samples) images.push_back(runs[0][i]->images);
    clusters_ = clusters_of(images);
  }

  ComparedGroup compare(const std::string& name) const {
    ComparedGroup out;
    out.name = name;
    out.samples = static_cast<std::int64_t>(scores_[0].size());
    out.clusters = options_.cluster_by_image
                       ? static_cast<std::int64_t>(std::set<std::size_t>(clusters_.begin(), clusters_.end()).size())
                       : out.samples;
    for (const auto& scores : scores_) out.scores.push_back(bootstrap_mean(scores, clusters_, options_.resampling));
    for (std::size_t r = 1; r < scores_.size(); ++r) out.differences.push_back(difference(scores_[0], scores_[r]));
    return out;
  }

 private:
  Difference difference(const std::vector<double>& a, const std::vector<double>& b) const {
    Difference out;
    std::vector<double> differences;
    std::int64_t only_first = 0, only_second = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      differences.push_back(b[i] - a[i]);
      (b[i] > a[i] ? out.wins : b[i] < a[i] ? out.losses : out.ties) += 1;
      const bool right_a = a[i] >= options_.threshold, right_b = b[i] >= options_.threshold;
      only_first += right_a && !right_b ? 1 : 0;
      only_second += right_b && !right_a ? 1 : 0;
    }
    out.estimate = bootstrap_mean(differences, clusters_, options_.resampling);
    out.p = sign_flip_p(differences, clusters_, options_.resampling);
    out.mcnemar = mcnemar(only_first, only_second);
    return out;
  }

  const CompareOptions& options_;
  std::vector<std::vector<double>> scores_;  // of each run
  std::vector<std::size_t> clusters_;        // empty: every sample stands alone
};

ChangedSample changed_sample(const SampleRecord& a, const SampleRecord& b) {
  const auto said = [](const SampleRecord& record) { return record.error.empty() ? record.prediction : "failed: " + record.error; };
  return {a.id, a.field, a.question, a.references, {said(a), said(b)}, {*a.score, *b.score}};
}

// The samples in which `sign` · (b − a) is greatest and above 0.
std::vector<ChangedSample> greatest(const Records& a, const Records& b, double sign, std::size_t count) {
  std::vector<std::size_t> order;
  const auto gain = [&](std::size_t i) { return sign * (*b[i]->score - *a[i]->score); };
  for (std::size_t i = 0; i < a.size(); ++i)
    if (gain(i) > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t k) { return gain(i) > gain(k); });
  order.resize(std::min(order.size(), count));
  std::vector<ChangedSample> out;
  for (const std::size_t i : order) out.push_back(changed_sample(*a[i], *b[i]));
  return out;
}

std::map<std::string, std::vector<std::string>> differing_settings(const std::vector<StoredRun>& runs) {
  std::map<std::string, std::vector<std::string>> settings;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const auto& [key, value] : flat_settings(runs[r].config)) {
      auto& values = settings[key];
      values.resize(runs.size());
      values[r] = value;
    }
  }
  settings.erase("data");  // a path
  std::erase_if(settings, [](const auto& entry) {
    return std::all_of(entry.second.begin(), entry.second.end(), [&](const auto& value) { return value == entry.second[0]; });
  });
  return settings;
}

}  // namespace

std::vector<std::size_t> clusters_of(const std::vector<std::vector<std::string>>& keys) {
  std::vector<std::size_t> parent(keys.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::unordered_map<std::string_view, std::size_t> first_with;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (const std::string& key : keys[i]) {
      const std::size_t a = root(first_with.emplace(key, i).first->second), b = root(i);
      parent[std::max(a, b)] = std::min(a, b);
    }
  }
  std::vector<std::size_t> out(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) out[i] = root(i);
  return out;
}

Comparison compare_runs(const std::vector<StoredRun>& runs, const CompareOptions& options) {
  if (runs.size() < 2 || runs.size() > kMaxRuns)
    throw InputError("compare: it takes two to " + std::to_string(kMaxRuns) + " runs, not " + std::to_string(runs.size()));
  if (!(options.threshold > 0 && options.threshold <= 1))
    throw InputError("threshold " + std::to_string(options.threshold) + " is not above 0 and at most 1");
  Comparison out;
  for (const StoredRun& run : runs) {
    require_comparable(runs[0], run);
    out.runs.push_back(run.name);
  }
  out.task = text_at(runs[0].config, "task");
  out.split = text_at(runs[0].config, "split");
  out.metric = text_at(runs[0].config, "metric");
  out.metric_variant = text_at(runs[0].config, "metric_variant");
  out.options = options;
  const std::vector<Records> paired = pair_up(runs, out);
  for (const Group& group : group_samples(paired[0], options))
    out.groups.push_back(GroupTable(paired, group, options).compare(group.name));
  for (std::size_t r = 1; r < runs.size(); ++r) {
    out.gains.push_back(greatest(paired[0], paired[r], 1, options.changed));
    out.losses.push_back(greatest(paired[0], paired[r], -1, options.changed));
  }
  out.settings = differing_settings(runs);
  return out;
}

}  // namespace zlens
