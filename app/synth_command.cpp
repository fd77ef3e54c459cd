#include <iostream>
#include <memory>
#include <optional>

#include "app/command_line.h"
#include "app/interrupt.h"
#include "eval/progress.h"
#include "io/error.h"
#include "synth/dataset.h"
#include "synth/looks.h"
#include "synth/painter.h"
#include "synth/till_dataset.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "synth --kind K --count N --split S --out DIR [--seed N] [--images [--look L]] [--fields F,F] [--from RECEIPTS]",
    "Generates questions with exact answers: DIR/<split>.jsonl for the task jsonl, DIR/transcripts/<id>.txt (--attach transcript)\n"
    "and, with --images, DIR/images/<id>.png. Equal seeds give equal files; train, val and test share no sample, whatever the "
    "seed."};

// The flag's value as the enumerator at its place in `names`.
template <typename Enum>
Enum parse_name(const po::variables_map& values, const char* flag, const std::vector<std::string>& names) {
  const std::string text = values[flag].as<std::string>();
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
    known += (known.empty() ? "" : ", ") + names[i];
  }
  throw InputError(std::string("--") + flag + " '" + printable(text) + "' is unknown (known: " + known + ")");
}

std::string kind_names() {
  std::string out;
  for (const synth::Kind& kind : synth::kinds()) out += std::string(kind.name) + ": " + std::string(kind.description) + ";\n";
  return out + std::string(synth::kTillKind) + ": receipts as tills print them, text alone: company, date and total of each";
}

po::options_description synth_flags() {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("kind,k", po::value<std::string>()->value_name("K"), kind_names().c_str())(
      "count,n", po::value<std::int64_t>()->value_name("N"), "how many samples; till: receipts, of three samples each")(
      "seed", po::value<std::uint64_t>()->default_value(0)->value_name("S"), "of all that is random")(
      "split", po::value<std::string>()->default_value("train")->value_name("S"), "train, val or test")(
      "out,o", po::value<std::string>()->value_name("DIR"), "the folder; other splits may be there already")(
      "images", "draw the pictures, too")(
      "values", po::value<std::string>()->value_name("V"),
      "where charts print their values: readable (reading order keeps them beside their names; the default), marks or off; "
      "small-chart: half of them marks and half off by default")(
      "look", po::value<std::string>()->default_value("printed")->value_name("L"),
      "pictures: printed; scan: slanted, blurred, unevenly lit; board: chalk on a dark board; fax: black and white dots")(
      "fields", po::value<std::string>()->value_name("F,F"),
      "samples of these fields alone; the only way to those that a kind holds back")(
      "chart", po::value<std::string>()->default_value("any")->value_name("C"), "charts: bar, grouped-bar, line, pie or any")(
      "layout", po::value<std::string>()->default_value("any")->value_name("L"),
      "text of charts: table, csv, lines, prose, sentence, rows, marks or any")(
      "exercises", po::value<int>()->default_value(1)->value_name("N"), "exercises on a sheet; 0: three to six")(
      "word-share", po::value<double>()->default_value(0.4, "0.4")->value_name("R"),
      "how many exercises are word problems, 0 to 1")(
      "from", po::value<std::string>()->value_name("RECEIPTS"),
      "till: a folder of your own receipts (train.json, val.json, transcripts/). train: receipts after them; val: those whose "
      "merchants train never sees, as they are, all without --count")(
      "from-share", po::value<double>()->default_value(0.5, "0.5")->value_name("R"),
      "till with --from: how many train receipts are variants of them, 0 to 1")(
      "list-fonts", "print the Debian packages whose fonts widen the training of small pictures where they are installed");
  return flags;
}

std::vector<std::string> parse_list(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == ',') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

synth::KindOptions kind_options(const po::variables_map& values) {
  synth::KindOptions options;
  if (values["chart"].as<std::string>() != "any")
    options.chart.kind = parse_name<synth::ChartKind>(values, "chart", {"bar", "grouped-bar", "line", "pie"});
  if (values["layout"].as<std::string>() != "any")
    options.chart.layout =
        parse_name<synth::ChartLayout>(values, "layout", {"table", "csv", "lines", "prose", "sentence", "rows", "marks"});
  if (values.contains("fields")) options.fields = parse_list(values["fields"].as<std::string>());
  options.sheet.exercises = values["exercises"].as<int>();
  options.sheet.word_share = values["word-share"].as<double>();
  return options;
}

std::function<std::string(const synth::Document&, const synth::Place&)> picture(std::optional<synth::Values> where,
                                                                                synth::Look look) {
  return [painter = std::make_shared<synth::Painter>(), where, look](const synth::Document& document, const synth::Place& place) {
    synth::Rng rng = synth::rng_at(place, "picture"), look_rng = synth::rng_at(place, "look");
    synth::Picture picture = painter->paint(document.facts, rng, {where, document.sample.unseen});
    synth::give_look(picture, look, look_rng);
    return synth::png_bytes(picture.bgr);
  };
}

// The flags that all kinds share. `progress` must outlive the options.
void read_output_options(const po::variables_map& values, std::unique_ptr<Progress>& progress, synth::OutputOptions& options) {
  options.out = required(values, "out");
  options.seed = values["seed"].as<std::uint64_t>();
  options.split = synth::parse_split(values["split"].as<std::string>());
  if (values.contains("count")) options.count = values["count"].as<std::int64_t>();
  options.stop = [] { return caught_signal() != 0; };
  options.progress = [&progress, title = required(values, "kind")](std::int64_t done, std::int64_t of) {
    if (!progress) progress = std::make_unique<Progress>(title, of);
    progress->update(done);
  };
}

int report_written(const synth::OutputOptions& options, std::optional<std::int64_t> samples) {
  if (!samples) {
    std::cerr << "zlens: stopped before the last sample; the same command starts again\n";
    return 1;
  }
  const std::filesystem::path file = options.out / (std::string(synth::split_name(options.split)) + ".jsonl");
  std::cout << file.string() << ": " << *samples << " samples\n";
  return 0;
}

int write_tills(const po::variables_map& values) {
  if (values.contains("images")) throw InputError("--images: receipts of --kind till have no pictures; leave it out");
  synth::TillOptions options;
  std::unique_ptr<Progress> progress;
  read_output_options(values, progress, options);
  if (values.contains("from")) options.from = values["from"].as<std::string>();
  options.from_share = values["from-share"].as<double>();
  if (!values.contains("count") && !(options.from && options.split == synth::Split::Val)) throw InputError("--count is missing");
  const auto counts = write_till_dataset(options);
  progress.reset();
  return report_written(options, counts ? std::optional(counts->samples) : std::nullopt);
}

int write_kind(const po::variables_map& values) {
  const synth::Kind& kind = synth::find_kind(required(values, "kind"));
  if (values.contains("from")) throw InputError("--from goes with --kind till alone");
  if (!values.contains("count")) throw InputError("--count is missing");
  synth::DatasetOptions options;
  std::unique_ptr<Progress> progress;
  read_output_options(values, progress, options);
  options.kind = kind_options(values);
  std::optional<synth::Values> where;
  if (values.contains("values")) where = parse_name<synth::Values>(values, "values", {"readable", "marks", "off"});
  const auto look = parse_name<synth::Look>(values, "look", {synth::kLookNames.begin(), synth::kLookNames.end()});
  if (values.contains("images")) options.picture = picture(where, look);
  const bool whole = write_dataset(kind, options);
  progress.reset();
  return report_written(options, whole ? std::optional(options.count) : std::nullopt);
}

// One a line: each of them once.
int list_fonts() {
  std::string_view last;
  for (const synth::Family& family : synth::optional_families()) {
    if (family.package != last) std::cout << family.package << "\n";
    last = family.package;
  }
  return 0;
}

}  // namespace

int synth_command(const std::vector<std::string>& arguments) {
  const auto values = parse_arguments(arguments, synth_flags(), {}, kUsage);
  if (!values) return 0;
  if (values->contains("list-fonts")) return list_fonts();
  return required(*values, "kind") == synth::kTillKind ? write_tills(*values) : write_kind(*values);
}

}  // namespace zlens
