#include "experts/expert_merge.h"

#include <algorithm>
#include <cmath>

#include "io/error.h"
#include "io/json.h"

namespace zlens {
namespace {

constexpr double kLargestWeight = 1000;

std::string scope_of(const Expert& expert) {
  const auto found = expert.record.find("scope");
  return found == expert.record.end() ? "all" : found->second;
}

[[noreturn]] void fail_size(const Expert& expert, const std::string& matrix) {
  throw InputError("expert '" + expert.name + "' has another size for '" + matrix + "' than the others");
}

void add_z(const MergePart& part, std::map<std::string, std::vector<double>>& shifts) {
  for (const auto& [matrix, z] : part.expert.z) {
    std::vector<double>& shift = shifts.try_emplace(matrix, z.size(), 0.0).first->second;
    if (shift.size() != z.size()) fail_size(part.expert, matrix);
    for (std::size_t i = 0; i < z.size(); ++i) shift[i] += part.weight * (static_cast<double>(z[i]) - 1);
  }
}

Matrix scaled(Matrix matrix, double weight) {
  for (float& value : matrix.values) value = static_cast<float>(weight * static_cast<double>(value));
  return matrix;
}

// B (A x) + B' (A' x) = [B B'] ([A; A'] x).
void add_lora(const MergePart& part, Expert& out) {
  for (const auto& [name, a] : part.expert.lora_a) {
    const Matrix b = scaled(part.expert.lora_b.at(name), part.weight);
    const auto [first, fresh] = out.lora_a.emplace(name, a);
    if (fresh) {
      out.lora_b[name] = b;
      continue;
    }
    Matrix &down = first->second, &up = out.lora_b.at(name);
    if (down.columns != a.columns || up.rows != b.rows) fail_size(part.expert, name);
    down.values.insert(down.values.end(), a.values.begin(), a.values.end());
    down.rows += a.rows;
    Matrix wide{up.rows, up.columns + b.columns, {}};
    for (std::int64_t row = 0; row < up.rows; ++row)
      for (const Matrix* side : {static_cast<const Matrix*>(&up), &b}) {
        const auto begin = side->values.begin() + row * side->columns;
        wide.values.insert(wide.values.end(), begin, begin + side->columns);
      }
    up = std::move(wide);
  }
}

// The smaller of two LoRA-XS parts stands in the corner of the larger.
void add_xs(const MergePart& part, Expert& out) {
  for (const auto& [name, x] : part.expert.xs) {
    Matrix& sum = out.xs[name];
    const std::int64_t size = std::max(sum.rows, x.rows);
    Matrix wide{size, size, std::vector<float>(static_cast<std::size_t>(size * size))};
    const auto add = [&](const Matrix& from, double weight) {
      for (std::int64_t row = 0; row < from.rows; ++row)
        for (std::int64_t column = 0; column < from.columns; ++column)
          wide.values[static_cast<std::size_t>(row * size + column)] +=
              static_cast<float>(weight * static_cast<double>(from.values[static_cast<std::size_t>(row * from.columns + column)]));
    };
    add(sum, 1);
    add(x, part.weight);
    sum = std::move(wide);
  }
}

}  // namespace

Expert merge_experts(const std::vector<MergePart>& parts, const std::string& name, const std::string& description) {
  if (parts.empty()) throw InputError("nothing to merge: name experts as FILE:WEIGHT");
  const Expert& first = parts.front().expert;
  Expert out;
  out.name = name;
  out.description = description;
  out.base = first.base;
  std::map<std::string, std::vector<double>> shifts;
  Json described = Json::array();
  for (const MergePart& part : parts) {
    const Expert& expert = part.expert;
    if (expert.base != first.base)
      throw InputError("expert '" + expert.name + "' was made for base " + expert.base + ", but '" + first.name + "' for base " +
                       first.base);
    if (scope_of(expert) != scope_of(first))
      throw InputError("expert '" + expert.name + "' has scope '" + scope_of(expert) + "', but '" + first.name + "' has '" +
                       scope_of(first) + "'");
    if (!(std::abs(part.weight) <= kLargestWeight))
      throw InputError("the weight of expert '" + expert.name + "' is out of range (accepted: -1000 to 1000)");
    add_z(part, shifts);
    add_lora(part, out);
    add_xs(part, out);
    described.push_back({{"expert", expert.name}, {"sha256", expert.sha256}, {"weight", part.weight}});
  }
  for (const auto& [matrix, shift] : shifts)
    for (const double value : shift) out.z[matrix].push_back(static_cast<float>(1 + value));
  out.record = {{"method", "merge"}, {"parts", described.dump()}, {"scope", scope_of(first)}};
  check_expert(out, "the merged expert");
  return out;
}

}  // namespace zlens
