// How often the reference answers of a DocVQA-style split occur in what Tesseract reads.
//   ocr_quality DATA SPLIT [--psm N] [--upscale X] [--prepare NAME] [--language L] [--limit PAGES] [--misses] [--dump DIR]
// Per field: the share of questions with an answer found exactly in the page's text (case and white space folded), and found
// nearly (a line or word within half of the answer's edit distance). --prepare: `library` (what the modality does) or a treatment
// of the enlarged page tried against it: none, blur, blur5, clahe, threshold, stretch, sharpen, background, deskew, or several
// joined by +. --dump writes each page's text to DIR/<image stem>.txt.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"
#include "vision/ocr/reading_order.h"
#include "vision/ocr/tesseract.h"

namespace {

using zlens::Image;

struct Arguments {
  std::filesystem::path data;
  std::string split, prepare = "library", language = "eng";
  int psm = 6;
  double upscale = 1.5;
  std::size_t limit = SIZE_MAX;
  bool misses = false;
  std::filesystem::path dump;
};

Arguments parse(int count, char** values) {
  if (count < 3)
    throw zlens::InputError(
        "usage: ocr_quality DATA SPLIT [--psm N] [--upscale X] [--prepare NAME] [--language L] [--limit N] [--misses] [--dump "
        "DIR]");
  Arguments arguments{values[1], values[2]};
  for (int i = 3; i < count; ++i) {
    const std::string name = values[i];
    if (name == "--misses") {
      arguments.misses = true;
      continue;
    }
    if (++i == count) throw zlens::InputError("ocr_quality: " + name + " needs a value");
    if (name == "--dump")
      arguments.dump = values[i];
    else if (name == "--psm")
      arguments.psm = std::atoi(values[i]);
    else if (name == "--upscale")
      arguments.upscale = std::atof(values[i]);
    else if (name == "--prepare")
      arguments.prepare = values[i];
    else if (name == "--language")
      arguments.language = values[i];
    else if (name == "--limit")
      arguments.limit = static_cast<std::size_t>(std::atoi(values[i]));
    else
      throw zlens::InputError("ocr_quality: unknown flag " + name);
  }
  return arguments;
}

std::string folded(const std::string& text) {
  std::istringstream in(text);
  std::string out, word;
  while (in >> word) out += (out.empty() ? "" : " ") + word;
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1])});
      corner = std::exchange(row[j], next);
    }
  }
  return row[b.size()];
}

bool near(const std::string& answer, const std::string& piece) {
  return 2 * edit_distance(answer, piece) <= std::max(answer.size(), piece.size());
}

// The angle in degrees, within +-4, at which the rows of ink are most apart; 0 where the gain is small.
double skew_angle(const cv::Mat& grey) {
  cv::Mat small, ink;
  cv::resize(grey, small, {}, 0.5, 0.5, cv::INTER_AREA);
  cv::threshold(small, ink, 0, 1, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  const auto sharpness = [&](double angle) {
    cv::Mat turned, rows;
    const cv::Point2f centre(static_cast<float>(ink.cols) / 2, static_cast<float>(ink.rows) / 2);
    cv::warpAffine(ink, turned, cv::getRotationMatrix2D(centre, angle, 1), ink.size(), cv::INTER_NEAREST);
    cv::reduce(turned, rows, 1, cv::REDUCE_SUM, CV_64F);
    const cv::Mat steps = rows.rowRange(1, rows.rows) - rows.rowRange(0, rows.rows - 1);
    return cv::norm(steps, cv::NORM_L2SQR);
  };
  double best_angle = 0, best = sharpness(0) * 1.05;
  for (double angle = -4; angle <= 4; angle += 0.25) {
    const double value = sharpness(angle);
    if (value > best) best = value, best_angle = angle;
  }
  return best_angle;
}

// Turns the page by its skew.
void deskew(cv::Mat& grey) {
  const cv::Point2f centre(static_cast<float>(grey.cols) / 2, static_cast<float>(grey.rows) / 2);
  const cv::Mat turn = cv::getRotationMatrix2D(centre, skew_angle(grey), 1);
  cv::warpAffine(grey, grey, turn, grey.size(), cv::INTER_CUBIC, cv::BORDER_REPLICATE);
}

void treat_once(cv::Mat& grey, const std::string& name) {
  if (name == "none") return;
  if (name == "deskew") return deskew(grey);
  if (name == "clahe") return cv::createCLAHE(2.0, {8, 8})->apply(grey, grey);
  if (name == "threshold") return cv::adaptiveThreshold(grey, grey, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 31, 15);
  if (name == "stretch") return cv::normalize(grey, grey, 0, 255, cv::NORM_MINMAX);
  if (name == "blur") return cv::GaussianBlur(grey, grey, {3, 3}, 0);
  if (name == "blur5") return cv::GaussianBlur(grey, grey, {5, 5}, 0);
  cv::Mat other;
  if (name == "sharpen") {
    cv::GaussianBlur(grey, other, {}, 2);
    return cv::addWeighted(grey, 1.5, other, -0.5, 0, grey);
  }
  if (name != "background") throw zlens::InputError("ocr_quality: unknown treatment " + name);
  cv::dilate(grey, other, cv::Mat::ones(7, 7, CV_8U));
  cv::medianBlur(other, other, 21);
  cv::divide(grey, other, grey, 255);
}

void treat(cv::Mat& grey, const std::string& names) {
  std::istringstream in(names);
  for (std::string name; std::getline(in, name, '+');) treat_once(grey, name);
}

zlens::OcrBitmap treated_bitmap(const Image& image, const Arguments& arguments) {
  auto* pixels = const_cast<std::uint8_t*>(image.rgb.data());
  const cv::Mat rgb(static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, pixels);
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  cv::resize(grey, grey, {}, arguments.upscale, arguments.upscale, cv::INTER_CUBIC);
  treat(grey, arguments.prepare);
  return {{grey.data, grey.data + grey.total()}, grey.rows, grey.cols, arguments.upscale, image.height, image.width};
}

struct Page {
  std::string text;                 // all lines joined
  std::vector<std::string> pieces;  // lines and words
};

Page read_page(const zlens::Tesseract& tesseract, const std::filesystem::path& file, const Arguments& arguments) {
  const Image image = zlens::decode_image(file);
  const bool own = arguments.prepare == "library";
  const auto words = tesseract.words(own ? zlens::ocr_bitmap(image, arguments.upscale) : treated_bitmap(image, arguments));
  Page page;
  std::string lines;
  for (const auto& line : zlens::lines_in_reading_order(words)) {
    std::string text;
    for (const zlens::OcrWord& word : line) {
      page.pieces.push_back(folded(word.text));
      text += word.text + " ";
    }
    page.pieces.push_back(folded(text));
    page.text += text;
    lines += text + "\n";
  }
  page.text = folded(page.text);
  if (!arguments.dump.empty()) zlens::write_file_atomically(arguments.dump / (file.stem().string() + ".txt"), lines);
  return page;
}

struct Count {
  int questions = 0, exact = 0, nearly = 0;
};

void score(const zlens::Json& question, const Page& page, bool tell, Count& count) {
  bool exact = false, nearly = false;
  for (const zlens::Json& reference : question.at("answers")) {
    const std::string answer = folded(reference.get<std::string>());
    exact = exact || page.text.find(answer) != std::string::npos;
    nearly = nearly || exact ||
             std::any_of(page.pieces.begin(), page.pieces.end(), [&](const auto& piece) { return near(answer, piece); });
  }
  ++count.questions;
  count.exact += exact;
  count.nearly += nearly;
  if (tell && !exact) std::printf("  missed %s %s\n", question.at("image").dump().c_str(), question.at("answers").dump().c_str());
}

void run(const Arguments& arguments) {
  if (!arguments.dump.empty()) std::filesystem::create_directories(arguments.dump);
  const zlens::Json data = zlens::read_json_file(arguments.data / (arguments.split + ".json"), zlens::kDataJson).at("data");
  std::map<std::string, Page> pages;
  std::map<std::string, Count> fields;
  const zlens::Tesseract tesseract({arguments.language, arguments.psm});
  double seconds = 0;
  for (const zlens::Json& question : data) {
    const std::string name = question.at("image");
    if (pages.count(name) == 0) {
      if (pages.size() == arguments.limit) break;
      const auto start = std::chrono::steady_clock::now();
      pages[name] = read_page(tesseract, arguments.data / name, arguments);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    score(question, pages[name], arguments.misses, fields[question.at("field").get<std::string>()]);
  }
  std::printf("| %d | %.2f | %s |", arguments.psm, arguments.upscale, arguments.prepare.c_str());
  for (const auto& [field, count] : fields)
    std::printf(" %s %d/%d (%d) |", field.c_str(), count.exact, count.questions, count.nearly);
  std::printf(" %.2f |\n", seconds / static_cast<double>(std::max<std::size_t>(pages.size(), 1)));
}

}  // namespace

int main(int count, char** values) {
  try {
    run(parse(count, values));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
