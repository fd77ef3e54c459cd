// zlens experts show.
#include <iomanip>
#include <iostream>
#include <map>

#include "app/expert_page.h"
#include "app/experts_verbs.h"
#include "experts/expert_changes.h"
#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"

namespace zlens {
namespace {

Json to_json(const Expert& expert, const std::vector<MatrixChange>& changes) {
  Json matrices = Json::array();
  for (const MatrixChange& change : changes) {
    Json one = {{"matrix", change.name}, {"parameters", change.parameters}, {"norm", change.norm}};
    if (change.relative) one["relative"] = *change.relative;
    if (change.largest_shift) one["largest_shift"] = *change.largest_shift;
    matrices.push_back(std::move(one));
  }
  return {{"name", expert.name},     {"description", expert.description},     {"base", expert.base},
          {"sha256", expert.sha256}, {"parameters", parameter_count(expert)}, {"record", expert.record},
          {"matrices", matrices}};
}

// Over the layers of one kind of matrix.
struct KindRow {
  std::size_t matrices = 0;
  double largest_shift = 0, norm = 0, relative = 0, most = 0;
  std::int64_t most_layer = -1;
};

void print_kinds(const std::vector<MatrixChange>& changes) {
  std::vector<std::string> order;
  std::map<std::string, KindRow> rows;
  std::size_t width = 6;
  for (const MatrixChange& change : changes) {
    const auto [entry, added] = rows.try_emplace(change.place.kind);
    if (added) order.push_back(change.place.kind);
    width = std::max(width, change.place.kind.size());
    KindRow& row = entry->second;
    const double strength = change.relative.value_or(change.norm);
    ++row.matrices;
    row.largest_shift = std::max(row.largest_shift, change.largest_shift.value_or(0));
    row.norm += change.norm;
    row.relative += change.relative.value_or(0);
    if (strength > row.most) {
      row.most = strength;
      row.most_layer = change.place.layer;
    }
  }
  const bool base = changes.front().relative.has_value(), z = changes.front().largest_shift.has_value();
  std::cout << std::left << std::setw(static_cast<int>(width)) << "matrix"
            << "  layers  " << (z ? "max|z-1|  " : "")
            << (base ? "mean |W'-W|/|W|  "
                : z  ? "mean |z-1|  "
                     : "mean |W'-W|  ")
            << "most in layer\n";
  for (const std::string& kind : order) {
    const KindRow& row = rows.at(kind);
    const double mean = (base ? row.relative : row.norm) / static_cast<double>(row.matrices);
    std::cout << std::left << std::setw(static_cast<int>(width)) << kind << std::right << std::setw(8) << row.matrices;
    if (z) std::cout << std::setw(10) << std::setprecision(3) << row.largest_shift;
    std::cout << std::setw(base ? 17 : z ? 12 : 13) << std::setprecision(3) << mean << std::setw(15);
    if (row.most_layer >= 0) std::cout << row.most_layer;
    std::cout << "\n";
  }
}

void print(const Expert& expert, const std::vector<MatrixChange>& changes) {
  std::cout << expert.name << (expert.description.empty() ? "" : ": " + printable(expert.description, 4096)) << "\n";
  std::cout << "parameters " << parameter_count(expert) << " in " << changes.size() << " matrices\nbase " << expert.base
            << "\nsha256 " << expert.sha256 << "\n";
  if (const std::string scores = scores_text(expert); !scores.empty()) std::cout << "validation, base → expert: " << scores << "\n";
  for (const auto& [key, value] : expert.record) std::cout << key << " " << printable(value, 1000) << "\n";
  std::cout << "\n";
  print_kinds(changes);
}

}  // namespace

int experts_show(const std::vector<std::string>& arguments) {
  constexpr Usage usage = {
      "experts show FILE [--model M] [--html OUT] [--json]",
      "What an expert is and how much it changes each matrix. With --model, in terms of the weights: |S(z-1)| against |S|;\n"
      "the first use of a model factors the matrices that the expert changes. --html draws it."};
  po::options_description flags = expert_lookup_flags();
  flags.add_options()("file", po::value<std::string>()->value_name("FILE"), "the expert (also as the last argument)")(
      "html", po::value<std::string>()->value_name("OUT"), "write a page with heat maps")("json", "print a JSON object");
  po::positional_options_description positional;
  positional.add("file", 1);
  const auto values = parse_arguments(arguments, flags, positional, usage);
  if (!values) return 0;
  const std::string file = required(*values, "file"), model = (*values)["model"].as<std::string>();
  const LoadedBase base = model.empty() ? LoadedBase{} : load_base(model);
  const Expert expert = named_expert(file, *values, base.factors ? base.factors->base_hash() : "");
  const std::vector<MatrixChange> changes = changes_of(expert, base.factors.get());
  if (values->contains("html")) write_file_atomically((*values)["html"].as<std::string>(), expert_page(expert, changes));
  if (values->contains("json")) {
    std::cout << to_json(expert, changes).dump(2) << "\n";
  } else {
    print(expert, changes);
  }
  return 0;
}

}  // namespace zlens
