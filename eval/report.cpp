#include "eval/report.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "eval/confusion.h"
#include "eval/progress.h"
#include "eval/report_page.h"
#include "eval/run_folder.h"
#include "eval/summary.h"
#include "eval/texts.h"
#include "io/atomic_file.h"
#include "io/error.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::string percent(double score) {
  return number_text("%.1f %%", 100 * score);
}

std::string two_digits(double value) {
  return number_text("%.2f", value);
}

double number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

const char* kind_of(const SampleRecord& record) {
  if (!record.error.empty()) return "failed";
  if (!record.score) return "unscored";
  if (*record.score >= 1) return "right";
  return *record.score > 0 ? "partial" : "wrong";
}

std::string header(const ReportData& data) {
  const Json& summary = data.summary;
  const std::string task = plain_text(data.config.value("task", Json("run"))),
                    split = plain_text(data.config.value("split", Json("")));
  const bool scored = summary["score"].is_number();
  std::string out = "<header>\n<h1>" + html(task) + " <span class=\"soft\">" + html(split) + "</span></h1>\n<div class=\"top\">\n";
  out += "<div><small>" + html(plain_text(summary["metric"])) + "</small><span class=\"score\">" +
         (scored ? percent(summary["score"].get<double>()) : "no references") + "</span></div>\n";
  out += figure("samples", plain_text(summary["samples"]));
  out += figure("failed", plain_text(summary["failed"]));
  if (number_at(summary, "unscored") > 0) out += figure("without references", plain_text(summary["unscored"]));
  if (summary["tokens_mean"].is_number()) out += figure("tokens per answer", two_digits(number_at(summary, "tokens_mean")));
  out += figure("first + second pass",
                duration_text(number_at(summary, "first_pass_s")) + " + " + duration_text(number_at(summary, "second_pass_s")));
  out += "</div>\n";
  if (!data.finished) out += "<p class=\"note\">This run is not finished: the figures are about the samples answered so far.</p>\n";
  out += "<p class=\"soft\">" + html(plain_text(data.config.value("metric_variant", Json("")))) + "</p>\n</header>\n";
  return out;
}

std::string field_table(const Json& summary) {
  const Json& fields = summary["by_field"];
  if (!fields.is_object() || fields.empty()) return "";
  std::string out =
      "<h2>By field</h2>\n<div class=\"panel\"><table>\n<tr><th>field</th><th></th><th class=\"num\">score</th>"
      "<th class=\"num\">samples</th></tr>\n";
  for (const auto& [name, score] : fields.items()) {
    const double value = score.is_number() ? score.get<double>() : 0;
    out += "<tr><td>" + html(name) +
           "</td><td class=\"bar\"><svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
           "<rect class=\"track\" width=\"100\" height=\"8\"/><rect class=\"fill\" width=\"" +
           two_digits(100 * value) + "\" height=\"8\"/></svg></td><td class=\"num\">" + percent(value) + "</td><td class=\"num\">" +
           html(plain_text(summary["samples_by_field"].value(name, Json()))) + "</td></tr>\n";
  }
  return out + "</table></div>\n";
}

std::string routing(const std::vector<SampleRecord>& records) {
  const auto matrix = confusion_of(records);
  return matrix ? "<h2>Which expert answered</h2>\n<div class=\"panels\">\n" + confusion_panel(*matrix, "Kinds by experts") +
                      "</div>\n"
                : "";
}

std::string filters(const std::vector<SampleRecord>& records) {
  std::map<std::string, std::size_t> counts;
  for (const SampleRecord& record : records) ++counts[kind_of(record)];
  std::string out = "<h2>Samples</h2>\n<div class=\"filters\">\n<button data-show=\"all\" aria-pressed=\"true\">All " +
                    std::to_string(records.size()) + "</button>\n";
  for (const char* kind : {"wrong", "partial", "right", "failed", "unscored"}) {
    if (counts[kind] == 0 && std::string_view(kind) == "unscored") continue;
    std::string label = kind;
    label[0] = static_cast<char>(label[0] - 'a' + 'A');
    out += "<button data-show=\"" + std::string(kind) + "\" aria-pressed=\"false\">" + label + " " + std::to_string(counts[kind]) +
           "</button>\n";
  }
  return out + "</div>\n";
}

std::string mix_text(const Json& mix) {
  if (!mix.is_array() || mix.empty()) return "base";
  std::string out;
  for (const Json& part : mix) {
    out += out.empty() ? "" : " + ";
    if (part.is_object() && part.contains("expert") && part.contains("weight") && part["weight"].is_number()) {
      out += two_digits(part["weight"].get<double>()) + " " + plain_text(part["expert"]);
    } else {
      out += plain_text(part);
    }
  }
  return out;
}

std::string line(const char* label, const std::string& text, const char* style = "") {
  return "<dt>" + std::string(label) + "</dt><dd class=\"" + style + "\">" + html(text) + "</dd>\n";
}

std::string sample(const SampleRecord& record) {
  std::string references;
  for (const std::string& reference : record.references) references += (references.empty() ? "" : " \xC2\xB7 ") + reference;
  std::string out = "<section class=\"sample " + std::string(kind_of(record)) + "\">\n<div class=\"question\">" +
                    html(record.question) + "</div><div class=\"mark\">" +
                    (!record.error.empty() ? "failed"
                     : record.score        ? two_digits(*record.score)
                                           : "\xE2\x80\x93") +
                    "</div>\n<dl class=\"lines\">\n";
  if (record.error.empty()) {
    out += line("answer", record.prediction.empty() ? "(empty)" : record.prediction, "answer");
  } else {
    out += line("error", record.error, "answer");
  }
  if (!references.empty()) out += line(record.references.size() > 1 ? "references" : "reference", references);
  out += "</dl>\n<div class=\"meta\">" + html(record.id) + (record.field.empty() ? "" : " \xC2\xB7 " + html(record.field)) +
         " \xC2\xB7 " + html(mix_text(record.mix)) + " \xC2\xB7 " + std::to_string(record.tokens) + " tokens \xC2\xB7 " +
         two_digits(record.first_pass_s + record.second_pass_s) + " s</div>\n</section>\n";
  return out;
}

// The cards: samples that ask about the same images share one, so that every image stands in the page once.
class Gallery {
 public:
  Gallery(const ReportData& data, const ReportOptions& options) : data_(data), options_(options) {}

  std::string render() {
    std::map<std::vector<std::string>, std::size_t> card_of;
    std::vector<std::vector<std::size_t>> cards;
    for (std::size_t i = 0; i < data_.records.size(); ++i) {
      const auto& names = data_.records[i].images;
      const std::size_t card = names.empty() ? cards.size() : card_of.emplace(names, cards.size()).first->second;
      if (card == cards.size()) cards.emplace_back();
      cards[card].push_back(i);
    }
    std::string out;
    for (const auto& card : cards) {
      const std::string shown = pictures(card[0]);
      out += std::string("<article class=\"card") + (shown.empty() ? " text" : "") + "\">\n" + shown + "<div>\n";
      for (const std::size_t i : card) out += sample(data_.records[i]);
      out += "</div>\n</article>\n";
    }
    return out;
  }

 private:
  std::string pictures(std::size_t record) {
    const auto& names = data_.records[record].images;
    if (names.empty()) return "";
    std::string out = "<div class=\"pictures\">\n";
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto& files = data_.images[record];
      out += i < files.size() ? picture(files[i]) : "<p class=\"none\">image file not at hand</p>\n";
      out += "<p>" + html(names[i]) + "</p>\n";
    }
    return out + "</div>\n";
  }

  std::string picture(const fs::path& file) {
    const std::optional<EmbeddedImage> image = options_.thumbnailer ? options_.thumbnailer(file) : original_image(file);
    if (!image) return "<p class=\"none\">missing, too large or no image</p>\n";
    if (image->bytes.size() > options_.max_image_bytes - used_) return "<p class=\"none\">too large for this page</p>\n";
    used_ += image->bytes.size();
    return "<img alt=\"\" loading=\"lazy\" src=\"" + html(data_uri(*image)) + "\">\n";
  }

  const ReportData& data_;
  const ReportOptions& options_;
  std::size_t used_ = 0;  // bytes of images embedded so far, at most options_.max_image_bytes
};

// Image files by sample id, as far as the data set that the run names is still there.
std::unordered_map<std::string, std::vector<fs::path>> image_files(const Json& config, const TaskRegistry& tasks) {
  std::unordered_map<std::string, std::vector<fs::path>> out;
  try {
    const Task& task = tasks.get(config.at("task").get<std::string>());
    for (Sample& read : task.read(config.at("data").get<std::string>(), config.at("split").get<std::string>())) {
      out.emplace(read.id, std::move(read.images));
    }
  } catch (const InputError&) {
    out.clear();  // the data set moved: the page names its images
  } catch (const Json::exception&) {
    out.clear();
  }
  return out;
}

}  // namespace

std::string render_report(const ReportData& data, const ReportOptions& options) {
  const std::string title =
      "zlens: " + plain_text(data.config.value("task", Json("run"))) + " " + plain_text(data.config.value("split", Json("")));
  return page_head(title) + header(data) + field_table(data.summary) + routing(data.records) +
         settings_section("Configuration", data.config) + filters(data.records) + Gallery(data, options).render() + page_foot();
}

ReportData read_report_data(const fs::path& folder, const TaskRegistry& tasks) {
  StoredRun run = read_run(folder);
  ReportData data;
  data.config = std::move(run.config);
  data.records = std::move(run.records);
  data.finished = run.finished;
  data.summary =
      summarize(plain_text(data.config.value("task", Json(""))), plain_text(data.config.value("metric", Json(""))), data.records);
  auto files = image_files(data.config, tasks);
  for (const SampleRecord& record : data.records) data.images.push_back(files[record.id]);
  return data;
}

void write_report(const fs::path& folder, const TaskRegistry& tasks, const ReportOptions& options) {
  write_file_atomically(folder / "report.html", render_report(read_report_data(folder, tasks), options));
}

}  // namespace zlens
