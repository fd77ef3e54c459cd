#include "synth/patch_labels.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>

namespace zlens::synth {
namespace {

// The patches whose centres lie from `low` to `high` pixels of a side of `length`.
struct Range {
  int begin, end;
};
Range centres(double low, double high, int length, int grid) {
  const double patch = static_cast<double>(length) / grid;
  return {std::max(0, static_cast<int>(std::ceil(low / patch - 0.5))),
          std::min(grid, static_cast<int>(std::floor(high / patch - 0.5)) + 1)};
}

// The letters between two blanks and the box of their cells.
struct Word {
  std::span<const Glyph> letters;
  cv::Rect box;
};

std::vector<Word> words_of(const Picture& picture) {
  std::vector<Word> out;
  const std::span<const Glyph> glyphs = picture.glyphs;
  for (std::size_t begin = 0, end; begin < glyphs.size(); begin = end) {
    cv::Rect box = glyphs[begin].cell;
    for (end = begin + 1; end < glyphs.size() && glyphs[end].word == glyphs[begin].word; ++end) box |= glyphs[end].cell;
    out.push_back({glyphs.subspan(begin, end - begin), box});
  }
  return out;
}

bool left_of(const Word& a, const Word& b) {
  return a.box.x < b.box.x;
}

// Words beside each other.
struct Line {
  std::vector<Word> words;
  cv::Rect box;
};

std::vector<Line> lines_of(const Picture& picture) {
  std::vector<Word> words = words_of(picture);
  std::stable_sort(words.begin(), words.end(), left_of);
  std::vector<Line> out;
  for (const Word& word : words) {
    const auto beside = [&](const Line& line) {
      const cv::Rect last = line.words.back().box;
      const int both = std::min(last.br().y, word.box.br().y) - std::max(last.y, word.box.y);
      return 2 * both >= std::min(last.height, word.box.height);
    };
    const auto found = std::find_if(out.begin(), out.end(), beside);
    if (found == out.end()) {
      out.push_back({{word}, word.box});
    } else {
      found->words.push_back(word);
      found->box |= word.box;
    }
  }
  return out;
}

struct CharacterPlace {
  int column = 0, label = 0;
  int apart = 1;  // columns at least from the one before
};

// Moves characters, none more than it must, until no two of a row of `columns` columns share one.
void spread(std::vector<CharacterPlace>& row, int columns) {
  int needed = 0;
  for (const CharacterPlace& place : row) needed += place.apart;
  if (needed > columns)  // no room for blanks between words
    for (CharacterPlace& place : row) place.apart = 1;
  for (std::size_t i = 1; i < row.size(); ++i) row[i].column = std::max(row[i].column, row[i - 1].column + row[i].apart);
  int last = columns - 1;
  for (std::size_t i = row.size(); i-- > 0; last = row[i].column - row[i].apart) row[i].column = std::min(row[i].column, last);
  if (!row.empty() && row[0].column < 0)  // more characters than columns
    for (std::size_t i = 0; i < row.size(); ++i) row[i].column = static_cast<int>(i);
}

class Labels {
 public:
  Labels(cv::Size size, int grid) : size_(size), grid_(grid) {
    if (grid < 1) throw std::logic_error("a picture has no patches");
    labels_.resize(static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid));
  }

  // Gives `label` to the patches whose centres are in `box`, edges included, and where inside(centre) says so.
  template <typename Inside>
  void put(cv::Rect2d box, int label, const Inside& inside) {
    const Range columns = centres(box.x, box.x + box.width, size_.width, grid_),
                rows = centres(box.y, box.y + box.height, size_.height, grid_);
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column) {
        const cv::Point2f centre(static_cast<float>((column + 0.5) * size_.width / grid_),
                                 static_cast<float>((row + 0.5) * size_.height / grid_));
        if (inside(centre)) labels_[static_cast<std::size_t>(row * grid_ + column)] = static_cast<std::uint8_t>(label);
      }
  }

  // To those inside `outline`.
  void put(const std::vector<cv::Point2f>& outline, int label) {
    put(cv::boundingRect(outline), label, [&](cv::Point2f centre) { return cv::pointPolygonTest(outline, centre, false) >= 0; });
  }

  // To the patch at `point`, where it has none.
  void put_free(cv::Point2d point, int label) {
    std::uint8_t& there = at(row_of(point.y), column_of(point.x));
    if (there == 0) there = static_cast<std::uint8_t>(label);
  }

  // To one patch for each character of the words, which come from left to right.
  void write(const std::vector<Word>& words, int row) {
    std::vector<CharacterPlace> places;
    for (const Word& word : words)
      for (const Glyph& letter : word.letters)
        places.push_back({column_of(letter.cell.x + letter.cell.width / 2.0), character_label(letter.character),
                          &letter == &word.letters.front() && !places.empty() ? 2 : 1});
    spread(places, grid_);
    for (const CharacterPlace& place : places)
      if (place.column < grid_) at(row, place.column) = static_cast<std::uint8_t>(place.label);
  }

  int row_of(double y) const { return std::clamp(static_cast<int>(y * grid_ / size_.height), 0, grid_ - 1); }
  int column_of(double x) const { return std::clamp(static_cast<int>(x * grid_ / size_.width), 0, grid_ - 1); }

  std::vector<std::uint8_t> take() { return std::move(labels_); }

 private:
  std::uint8_t& at(int row, int column) { return labels_[static_cast<std::size_t>(row * grid_ + column)]; }

  cv::Size size_;
  int grid_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace

int character_label(char32_t character) {
  if (character == U'×') character = U'x';
  if (character == U'÷') character = U'/';
  return character >= 0x20 && character <= 0x7E ? static_cast<int>(character) - 31 : 0;
}

std::string label_text(int label) {
  if (label <= 0) return " ";
  if (label <= kCharacterLabels) return std::string(1, static_cast<char>(31 + label));
  return std::string(kColours.at(static_cast<std::size_t>(label - 1 - kCharacterLabels)).name);
}

std::vector<std::uint8_t> patch_labels(const Picture& picture, int grid) {
  Labels labels(picture.bgr.size(), grid);
  for (const Region& region : picture.regions) labels.put(region.outline, colour_label(region.colour));
  for (const Glyph& glyph : picture.glyphs)
    if (const int label = character_label(glyph.character)) labels.put(glyph.cell, label, [](cv::Point2f) { return true; });
  return labels.take();
}

std::vector<std::uint8_t> text_labels(const Picture& picture, int grid) {
  Labels labels(picture.bgr.size(), grid);
  std::map<int, std::vector<Word>> rows;
  for (const Line& line : lines_of(picture)) {
    std::vector<Word>& row = rows[labels.row_of(line.box.y + line.box.height / 2.0)];
    row.insert(row.end(), line.words.begin(), line.words.end());
  }
  for (auto& [row, words] : rows) {
    std::stable_sort(words.begin(), words.end(), left_of);
    labels.write(words, row);
  }
  for (const Region& region : picture.regions) {
    const cv::Rect box = cv::boundingRect(region.outline);
    labels.put_free((box.tl() + box.br()) / 2, colour_label(region.colour));
  }
  return labels.take();
}

std::vector<std::uint8_t> letter_labels(const Picture& picture, int grid, std::size_t place) {
  Labels labels(picture.bgr.size(), grid);
  for (const Word& word : words_of(picture)) {
    const int around = 1 + word.box.height / 8;
    labels.put(cv::Rect2d(word.box.x - around, word.box.y - around, word.box.width + 2 * around, word.box.height + 2 * around),
               place < word.letters.size() ? character_label(word.letters[place].character) : 0, [](cv::Point2f) { return true; });
  }
  return labels.take();
}

int value_label(double value) {
  constexpr int kStep = 50;
  const int whole = static_cast<int>(value);
  if (whole != value || whole < 1 || whole > 500) return 0;
  if (whole <= 100) return whole;
  return whole % kStep ? 0 : 100 + whole / kStep - 2;
}

std::vector<std::uint8_t> value_labels(const Picture& picture, int grid) {
  Labels labels(picture.bgr.size(), grid);
  for (const ValuePlace& place : picture.values) labels.put(place.outline, value_label(place.value));
  return labels.take();
}

}  // namespace zlens::synth
