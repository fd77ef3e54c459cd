#include "vision/ocr/reading_order.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace zlens {

namespace {

using Line = std::vector<OcrWord>;

double middle(const OcrWord& word) {
  return static_cast<double>(word.top) + static_cast<double>(word.height) / 2;
}

double median_middle(const Line& line) {
  std::vector<double> middles;
  for (const OcrWord& word : line) middles.push_back(middle(word));
  std::nth_element(middles.begin(), middles.begin() + middles.size() / 2, middles.end());
  return middles[middles.size() / 2];
}

// Lines under construction by the middle of their last word.
class OpenLines {
 public:
  void add(OcrWord word) {
    const auto found = nearest(word);
    std::size_t line = lines_.size();
    if (found == by_middle_.end()) {
      lines_.emplace_back();
    } else {
      line = found->second;
      by_middle_.erase(found);
    }
    by_middle_.emplace(middle(word), line);
    lines_[line].push_back(std::move(word));
  }

  std::vector<Line> take() { return std::move(lines_); }

 private:
  using Index = std::multimap<double, std::size_t>;

  // A word belongs to a line whose last word's middle is nearer than half the height of the lower of the two.
  Index::iterator nearest(const OcrWord& word) {
    const double here = middle(word), reach = static_cast<double>(word.height) / 2;
    auto best = by_middle_.end();
    for (auto line = by_middle_.lower_bound(here - reach); line != by_middle_.end() && line->first <= here + reach; ++line) {
      const double distance = std::abs(line->first - here);
      const auto height = static_cast<double>(std::min(word.height, lines_[line->second].back().height));
      if (distance < height / 2 && (best == by_middle_.end() || distance < std::abs(best->first - here))) best = line;
    }
    return best;
  }

  std::vector<Line> lines_;
  Index by_middle_;
};

}  // namespace

std::vector<Line> lines_in_reading_order(std::vector<OcrWord> words) {
  std::stable_sort(words.begin(), words.end(),
                   [](const OcrWord& a, const OcrWord& b) { return std::tie(a.left, a.top) < std::tie(b.left, b.top); });
  OpenLines open;
  for (OcrWord& word : words) open.add(std::move(word));
  std::vector<std::pair<double, Line>> placed;
  for (Line& line : open.take()) placed.emplace_back(median_middle(line), std::move(line));
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Line> lines;
  for (auto& [place, line] : placed) lines.push_back(std::move(line));
  return lines;
}

}  // namespace zlens
