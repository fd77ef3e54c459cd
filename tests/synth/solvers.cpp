#include "tests/synth/solvers.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace zlens::test {
namespace {

[[noreturn]] void lost(const std::string& where) {
  throw std::invalid_argument("not understood: " + where);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

// All numbers of a text, in order.
std::vector<Number> numbers_in(const std::string& text) {
  std::vector<Number> out;
  for (std::size_t i = 0; i < text.size();) {
    if (!std::isdigit(static_cast<unsigned char>(text[i]))) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[end])) ||
            (text[end] == '.' && end + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[end + 1])))))
      ++end;
    out.push_back(number(text.substr(i, end - i)));
    i = end;
  }
  return out;
}

bool letter_at(const std::string& text, std::size_t at) {
  return at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0;
}

// Which names stand in the text as whole words, in its order.
std::vector<std::size_t> mentions(const std::string& text, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t at = text.find(names[i]); at != text.npos; at = text.find(names[i], at + 1))
      if (!letter_at(text, at - 1) && !letter_at(text, at + names[i].size())) found.emplace_back(at, i);
  std::sort(found.begin(), found.end());
  std::vector<std::size_t> out;
  for (const auto& [at, which] : found) out.push_back(which);
  return out;
}

// The last number before position `end`.
Number number_before(const std::string& text, std::size_t end) {
  return numbers_in(text.substr(0, end)).back();
}

Number number_after(const std::string& text, std::size_t begin) {
  return numbers_in(text.substr(begin)).at(0);
}

// The number that follows `name`, which must stand in the text.
Number value_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  if (at == text.npos) lost(name + " in " + text);
  return number_after(text, at + name.size());
}

struct ChartReader {
  std::vector<std::string> body;
  const ChartNames& names;

  std::size_t series() const { return std::max<std::size_t>(1, names.series.size()); }

  const std::string& line_of(const std::string& name) const {
    for (const std::string& line : body)
      if (line.starts_with(name)) return line;
    lost(name);
  }

  // A line for each category, the values of all series in order behind it; names inside are passed over.
  std::vector<std::vector<Number>> by_category() const {
    std::vector<std::vector<Number>> out(series());
    for (const std::string& category : names.categories) {
      std::string rest = line_of(category).substr(category.size());
      for (const std::string& name : names.series)
        if (const std::size_t at = rest.find(name); at != rest.npos) rest.erase(at, name.size());
      const std::vector<Number> values = numbers_in(rest);
      if (values.size() != series()) lost(rest);
      for (std::size_t s = 0; s < series(); ++s) out[s].push_back(values[s]);
    }
    return out;
  }

  // A line for each series with every category before its value.
  std::vector<std::vector<Number>> by_series() const {
    std::vector<std::vector<Number>> out;
    for (std::size_t s = 0; s < series(); ++s) {
      const std::string& line = names.series.empty() ? body.at(0) : line_of(names.series[s]);
      out.emplace_back();
      for (const std::string& category : names.categories) out.back().push_back(value_of(line, category));
    }
    return out;
  }

  // A row of names, then a row of values for each series.
  std::vector<std::vector<Number>> by_rows() const {
    std::string header;
    for (const std::string& category : names.categories) header += (header.empty() ? "" : " ") + category;
    const auto found = std::find(body.begin(), body.end(), header);
    if (found == body.end()) lost("row of names");
    std::vector<std::vector<Number>> out;
    for (std::size_t s = 0; s < series(); ++s) {
      const std::string& line = *(found + 1 + static_cast<std::ptrdiff_t>(s));
      if (!names.series.empty() && !line.starts_with(names.series[s])) lost(line);
      out.push_back(numbers_in(names.series.empty() ? line : line.substr(names.series[s].size())));
      if (out.back().size() != names.categories.size()) lost(line);
    }
    return out;
  }

  std::vector<std::vector<Number>> prose() const {
    std::vector<std::vector<Number>> out(series());
    for (const std::string& category : names.categories) {
      const std::string head = "value of " + category + " is ";
      const std::size_t begin = body[0].find(head);
      if (begin == body[0].npos) lost(category);
      const std::string sentence = body[0].substr(begin + head.size(), body[0].find("The value", begin) - begin - head.size());
      for (std::size_t s = 0; s < series(); ++s)
        out[s].push_back(names.series.empty() ? number_after(sentence, 0)
                                              : number_before(sentence, sentence.find(" for " + names.series[s])));
    }
    return out;
  }
};

// The value of the largest or smallest category of a series.
std::string extremum(const std::vector<Number>& row, const ChartNames& names, const std::string& question) {
  const bool highest = has(question, "highest") || has(question, "largest") || has(question, "greatest") ||
                       has(question, "leads") || has(question, "maximum") || has(question, "How far up");
  const bool lowest = has(question, "lowest") || has(question, "smallest") || has(question, "least") ||
                      has(question, "comes last") || has(question, "minimum") || has(question, "How far down");
  if (highest == lowest) lost(question);
  const auto best = highest ? std::max_element(row.begin(), row.end()) : std::min_element(row.begin(), row.end());
  if (std::count(row.begin(), row.end(), *best) != 1) lost("two extrema");
  const bool by_name = question.starts_with("Which") || question.starts_with("For which") || question.starts_with("Name the") ||
                       question.starts_with("Find the");
  return by_name ? names.categories[static_cast<std::size_t>(best - row.begin())] : number_text(*best);
}

// An expression with the usual precedence, in thousandths.
class Calculator {
 public:
  explicit Calculator(const std::string& text) {
    for (const char c : text)
      if (c != ' ' && c != '=') text_ += c;
  }
  Number run() {
    const Number value = sum();
    if (at_ != text_.size()) lost(text_.substr(at_));
    return value;
  }

 private:
  bool take(const std::string& sign) {
    if (text_.compare(at_, sign.size(), sign) != 0) return false;
    at_ += sign.size();
    return true;
  }
  Number sum() {
    Number value = product();
    for (;;) {
      if (take("+")) {
        value += product();
      } else if (take("-")) {
        value -= product();
      } else {
        return value;
      }
    }
  }
  Number product() {
    Number value = atom();
    for (;;) {
      if (take("x") || take("*") || take("×")) {
        value = value * atom() / 1000;
      } else if (take(":") || take("/") || take("÷")) {
        const Number divisor = atom();
        if (value * 1000 % divisor != 0) lost("inexact division");
        value = value * 1000 / divisor;
      } else {
        return value;
      }
    }
  }
  Number atom() {
    if (take("(")) {
      const Number value = sum();
      if (!take(")")) lost(text_);
      return value;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.')) ++at_;
    return number(text_.substr(begin, at_ - begin));
  }
  std::string text_;
  std::size_t at_ = 0;
};

// What a story's words mean: the first whose phrase stands in the text.
struct Meaning {
  const char* phrase;
  std::function<Number(const std::vector<Number>&)> answer;
};

Number story(const std::string& text) {
  const auto sum = [](const auto& n) {
    Number all = 0;
    for (const Number one : n) all += one;
    return all;
  };
  const auto rest = [](const auto& n) { return n.at(0) - n.at(1) - (n.size() > 2 ? n.at(2) : 0); };
  const auto net = [](const auto& n) { return n.at(0) - n.at(1) + n.at(2); };
  const auto product = [](const auto& n) { return n.at(0) * n.at(1) / 1000; };
  const auto quotient = [](const auto& n) { return n.at(0) * 1000 / n.at(1); };
  const Meaning meanings[] = {
      {"more. How many", sum},
      {"on the table", sum},
      {"years older. How old", sum},
      {"km in the morning", sum},
      {"altogether", sum},
      {"A train stops", sum},
      {"After ", sum},
      {"A tower of", sum},
      {"Three friends", sum},
      {"A pen costs", sum},
      {"and gave", rest},
      {"A rope is", rest},
      {"How many years older", rest},
      {"were sold", rest},
      {"and spends", rest},
      {"baked", rest},
      {"A book has", rest},
      {"seats", rest},
      {"wants to save", rest},
      {"A tank held", rest},
      {"on a bus", net},
      {"then found", net},
      {"How many dollars does", product},
      {"boxes with", product},
      {"every hour", product},
      {"pages a day", product},
      {"One kilo", product},
      {"classes plants", product},
      {"equally among", quotient},
      {"packed into bags", quotient},
      {"at the same speed", quotient},
      {"form teams", quotient},
      {"owns as many", [](const auto& n) { return 2 * n.at(0); }},
      {"loose", [](const auto& n) { return n.at(0) * n.at(1) / 1000 + n.at(2); }},
      {"pays for", [](const auto& n) { return n.at(2) - n.at(0) * n.at(1) / 1000; }},
      {"A taxi", [](const auto& n) { return n.at(0) + n.at(1) * n.at(2) / 1000; }},
  };
  for (const Meaning& meaning : meanings)
    if (has(text, meaning.phrase)) return meaning.answer(numbers_in(text));
  lost(text);
}

}  // namespace

Number number(const std::string& text) {
  std::string digits = text;
  if (digits.ends_with('%')) digits.pop_back();
  const std::size_t point = digits.find('.');
  std::string after = point == digits.npos ? "" : digits.substr(point + 1);
  if (digits.empty() || after.size() > 3) lost("number " + text);
  after.resize(3, '0');
  return std::stoll(digits.substr(0, point)) * 1000 + std::stoll(after);
}

std::string number_text(Number thousandths) {
  std::string fraction = std::to_string(thousandths % 1000 + 1000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(thousandths / 1000) + (fraction.empty() ? "" : "." + fraction);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::vector<std::vector<Number>> read_chart(const std::string& text, const ChartNames& names) {
  std::vector<std::string> body = lines_of(text);
  body.erase(body.begin());  // the title
  if (body.back().starts_with("Question:")) body.pop_back();
  const ChartReader reader{body, names};
  if (body[0].starts_with("The chart shows")) return reader.prose();
  if (has(body[0], ": ") && body[0].ends_with('.')) return reader.by_series();
  std::string header;
  for (const std::string& category : names.categories) header += (header.empty() ? "" : " ") + category;
  return std::find(body.begin(), body.end(), header) != body.end() ? reader.by_rows() : reader.by_category();
}

std::string solve_chart(const std::string& text, const ChartNames& names, const std::string& question) {
  const auto values = read_chart(text, names);
  std::vector<std::size_t> categories = mentions(question, names.categories), series = mentions(question, names.series);
  if (names.series.empty()) series.assign(std::max<std::size_t>(1, categories.size()), 0);
  if (series.empty()) lost(question);
  const auto cell = [&](std::size_t i) { return values.at(series.at(i)).at(categories.at(i)); };
  if (categories.size() == 1) return number_text(cell(0));
  if (categories.size() == 2) {
    const bool difference = has(question, "more") || has(question, "difference") || has(question, "higher") ||
                            has(question, "exceed") || has(question, "Subtract") || has(question, "above");
    return number_text(difference ? std::abs(cell(0) - cell(1)) : cell(0) + cell(1));
  }
  if (!categories.empty()) lost(question);
  const std::vector<Number>& row = values.at(series[0]);
  if (!has(question, " all ") && !has(question, "everything")) return extremum(row, names, question);
  Number sum = 0;
  for (const Number value : row) sum += value;
  return number_text(sum);
}

std::string solve_sheet(const std::string& text, const std::string& question) {
  const std::vector<std::string> lines = lines_of(text);
  std::string asked = lines.back();
  if (const std::vector<Number> which = numbers_in(question); !which.empty()) {
    const std::string head = std::to_string(which[0] / 1000) + ") ";
    for (const std::string& line : lines)
      if (line.starts_with(head)) asked = line.substr(head.size());
  }
  const bool words = asked.find('?') != asked.npos;
  return number_text(words ? story(asked) : Calculator(asked).run());
}

std::string solve_receipt(const std::string& text, const std::string& question) {
  const std::vector<std::string> lines = lines_of(text);
  std::vector<std::pair<std::string, Number>> items;
  Number total = -1, cash = -1, sum = 0;
  for (std::size_t i = 4; i < lines.size(); ++i) {
    const std::size_t space = lines[i].rfind(' ');
    const std::string name = lines[i].substr(0, space);
    if (lines[i] == "THANK YOU" || lines[i].starts_with("CHANGE") || lines[i].starts_with("Question:")) continue;
    const Number amount = number(lines[i].substr(space + 1));
    if (lines[i].starts_with("TOTAL")) {
      total = amount;
    } else if (lines[i].starts_with("CASH")) {
      cash = amount;
    } else {
      items.emplace_back(name, amount);
      sum += amount;
    }
  }
  if (total >= 0 && total != sum) lost("a total that is not the items' sum");
  std::vector<Number> named;
  for (const auto& [name, amount] : items)
    if (has(question, name)) named.push_back(amount);
  if (named.size() == 2) {
    const bool difference = has(question, "more") || has(question, "difference") || has(question, "dearer");
    return number_text(difference ? std::abs(named[0] - named[1]) : named[0] + named[1]);
  }
  if (!named.empty()) lost(question);
  if (has(question, "change") || has(question, "handed back"))
    return cash < 0 ? throw std::invalid_argument("no cash") : number_text(cash - total);
  if (has(question, "all items") || has(question, "everything")) return number_text(sum);
  if (has(question, "seller") || has(question, "company") || has(question, "shop")) return lines[0];
  if (has(question, "date") || has(question, "When") || has(question, "day")) return lines[3].substr(std::string("DATE ").size());
  if (total < 0) lost("no total is printed");
  return number_text(total);
}

}  // namespace zlens::test
