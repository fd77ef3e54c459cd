#include "synth/till_folder.h"

#include <algorithm>
#include <cctype>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/utf8.h"
#include "synth/rng.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostJsonBytes = std::size_t{64} << 20, kMostRecords = 100'000;
constexpr std::size_t kMostTextBytes = 2000, kMostTranscriptBytes = std::size_t{64} << 10, kMostBytes = std::size_t{256} << 20;
constexpr std::string_view kFields[] = {"company", "date", "total", "address"};
constexpr std::size_t kHeldOutReceipts = 2;  // a merchant with more of them in train.json is for training
constexpr std::uint64_t kHeldOutPart = 4;    // every fourth of the others is held out
constexpr const char* kTrain = "train.json";

// A record of a file, for errors.
struct Record {
  const fs::path& file;
  std::size_t index;
  const Json& value;

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(file.string() + ": data[" + std::to_string(index) + "]: " + problem);
  }
  const Json& at(const char* key) const {
    const auto found = value.find(key);
    if (found == value.end()) fail("'" + std::string(key) + "' is missing");
    return *found;
  }
  std::string text(const Json& from, const char* key) const {
    if (!from.is_string()) fail("'" + std::string(key) + "' is not a string");
    const auto& text = from.get_ref<const std::string&>();
    if (text.size() > kMostTextBytes)
      fail("'" + std::string(key) + "' has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kMostTextBytes) +
           " are read");
    return text;
  }
};

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == text.npos ? "" : std::string(text.substr(begin, text.find_last_not_of(kBlank) - begin + 1));
}

std::vector<std::string> answers_of(const Record& record) {
  const Json& answers = record.at("answers");
  if (!answers.is_array()) record.fail("'answers' is not a list");
  std::vector<std::string> out;
  for (const Json& answer : answers) {
    std::string text = trimmed(record.text(answer, "answers"));
    if (!text.empty()) out.push_back(std::move(text));
  }
  return out;
}

std::string picture_name(const Record& record) {
  const std::string name = fs::path(record.text(record.at("image"), "image")).stem().string();
  const bool plain = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '\\'; });
  if (name.empty() || !plain) record.fail("'image' names no picture: '" + printable(name) + "'");
  return name;
}

std::string read_transcript(const fs::path& file) {
  std::string text = read_text_file(file, kMostTranscriptBytes);
  if (!is_valid_utf8(text) || text.find('\0') != text.npos) throw InputError(file.string() + ": is no UTF-8 text");
  text.resize(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

// Collects the records of one file after the other by their pictures.
class Reader {
 public:
  explicit Reader(const fs::path& folder) : folder_(folder) {}

  void read(const fs::path& file) {
    const Json document = read_json_file(file, {.max_bytes = kMostJsonBytes, .max_values = kDataJson.max_values});
    if (!document.is_object() || !document.contains("data") || !document["data"].is_array())
      throw InputError(file.string() + ": has no list 'data'; receipts are read from {\"data\": [{\"question\", \"image\", …}]}");
    const Json& records = document["data"];
    if (records.size() > kMostRecords)
      throw InputError(file.string() + ": " + std::to_string(records.size()) + " records, at most " + std::to_string(kMostRecords) +
                       " are read");
    for (std::size_t i = 0; i < records.size(); ++i) add({file, i, records[i]});
  }

  std::vector<FolderReceipt> take() { return std::move(receipts_); }

 private:
  void add(const Record& record) {
    if (!record.value.is_object()) record.fail("is not an object");
    const std::string field = record.text(record.at("field"), "field");
    if (std::find(std::begin(kFields), std::end(kFields), field) == std::end(kFields)) return;
    AskedField asked{record.text(record.at("question"), "question"), answers_of(record)};
    FolderReceipt& receipt = receipt_of(record);
    if (!asked.answers.empty()) receipt.fields.emplace(field, std::move(asked));
  }

  FolderReceipt& receipt_of(const Record& record) {
    const std::string name = picture_name(record);
    const auto [place, fresh] = places_.emplace(name, receipts_.size());
    if (fresh) {
      const fs::path file = folder_ / "transcripts" / (name + ".txt");
      receipts_.push_back({name, record.file.filename() == kTrain, read_transcript(file), {}});
      bytes_ += receipts_.back().text.size();
      if (bytes_ > kMostBytes) throw InputError(file.string() + ": the transcripts have more than 256 MB together");
    }
    return receipts_[place->second];
  }

  const fs::path& folder_;
  std::vector<FolderReceipt> receipts_;
  std::map<std::string, std::size_t> places_;  // by picture name
  std::size_t bytes_ = 0;                      // of the transcripts
};

}  // namespace

std::string FolderReceipt::answer(const std::string& field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? "" : found->second.answers.front();
}

std::vector<std::string> FolderReceipt::lines() const {
  std::vector<std::string> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    out.emplace_back(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::vector<FolderReceipt> read_receipts(const std::filesystem::path& folder) {
  Reader reader(folder);
  for (const char* split : {kTrain, "val.json"}) reader.read(folder / split);
  return reader.take();
}

std::string merchant_of(std::string_view company) {
  std::string out;
  for (const char c : company) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) out += c;
    if (byte < 0x80 && std::isalpha(byte)) out += static_cast<char>(std::toupper(byte));
  }
  return out;
}

std::set<std::string> held_out_merchants(const std::vector<FolderReceipt>& receipts) {
  struct Count {
    std::size_t train = 0, val = 0;
  };
  std::map<std::string, Count> counts;
  for (const FolderReceipt& receipt : receipts) {
    Count& count = counts[merchant_of(receipt.answer("company"))];
    ++(receipt.train ? count.train : count.val);
  }
  counts.erase("");
  std::set<std::string> out;
  for (const auto& [merchant, count] : counts)
    if (count.train <= kHeldOutReceipts && (count.val > 0 || stable_hash(merchant) % kHeldOutPart == 0)) out.insert(merchant);
  return out;
}

}  // namespace zlens::synth
