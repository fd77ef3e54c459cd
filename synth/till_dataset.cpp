#include "synth/till_dataset.h"

#include <set>

#include "io/error.h"
#include "synth/kinds.h"

namespace zlens::synth {
namespace {

constexpr const char* kFields[] = {"company", "date", "total"};

// A receipt with its questions, as it is written.
struct AskedReceipt {
  std::string text;
  std::vector<Sample> samples;  // of different fields
};

Sample sample_of(std::string field, std::string question, std::vector<std::string> answers) {
  Sample sample;
  sample.field = std::move(field);
  sample.question = std::move(question);
  sample.answers = std::move(answers);
  sample.metric = "anls";
  return sample;
}

AskedReceipt asked(const Till& till, Rng rng) {
  AskedReceipt out{text_of(till), {}};
  const std::string* answers[] = {&till.answers.company, &till.answers.date, &till.answers.total};
  const Words* questions[] = {&kCompanyQuestions, &kDateQuestions, &kTotalQuestions};
  for (std::size_t i = 0; i < std::size(kFields); ++i)
    out.samples.push_back(sample_of(kFields[i], questions[i]->pick(rng, false), {*answers[i]}));
  return out;
}

AskedReceipt asked(const FolderReceipt& receipt) {
  AskedReceipt out{receipt.text, {}};
  for (const char* field : kFields) {
    const auto found = receipt.fields.find(field);
    if (found != receipt.fields.end()) out.samples.push_back(sample_of(field, found->second.question, found->second.answers));
  }
  return out;
}

Json facts_of(const AskedReceipt& receipt) {
  Json facts = {{"kind", kTillKind}};
  for (const Sample& sample : receipt.samples) facts[sample.field] = sample.answers.front();
  return facts;
}

// `receipt(i)` for i below options.count.
template <typename Receipt>
std::optional<TillCounts> write_receipts(const OutputOptions& options, const Receipt& receipt) {
  check_count(options.count);
  DatasetFiles files(options.out, options.split, false);
  TillCounts counts;
  for (std::int64_t i = 0; i < options.count; ++i) {
    if (options.stop && options.stop()) return std::nullopt;
    const AskedReceipt made = receipt(static_cast<std::uint64_t>(i));
    const std::string name = document_name(kTillKind, options.split, i);
    files.write_transcript(name, made.text + "\n");
    for (const Sample& sample : made.samples)
      files.write_record(record_of(name + "-" + sample.field, name, sample, facts_of(made)));
    ++counts.receipts;
    counts.samples += static_cast<std::int64_t>(made.samples.size());
    if (options.progress) options.progress(i + 1, options.count);
  }
  files.commit();
  return counts;
}

std::vector<Original> usable_originals(const std::filesystem::path& folder) {
  std::vector<Original> originals = originals_of(read_receipts(folder));
  if (originals.empty())
    throw InputError(folder.string() +
                     ": no receipt of train.json outside the held-out merchants prints its company, date and total as answered");
  return originals;
}

std::vector<FolderReceipt> held_out_receipts(const std::filesystem::path& folder) {
  std::vector<FolderReceipt> receipts = read_receipts(folder);
  const std::set<std::string> held_out = held_out_merchants(receipts);
  std::erase_if(receipts, [&](const FolderReceipt& receipt) { return !held_out.contains(merchant_of(receipt.answer("company"))); });
  if (receipts.empty())
    throw InputError(folder.string() + ": none of its merchants is held out; leave --from out for invented ones");
  return receipts;
}

std::optional<TillCounts> write_held_out(TillOptions options) {
  const std::vector<FolderReceipt> receipts = held_out_receipts(*options.from);
  const auto most = static_cast<std::int64_t>(receipts.size());
  if (options.count == 0) options.count = most;
  if (options.count > most)
    throw InputError(options.from->string() + ": has " + std::to_string(most) + " receipts of held-out merchants, not " +
                     std::to_string(options.count) + "; without a count all are written");
  return write_receipts(options, [&](std::uint64_t i) { return asked(receipts[i]); });
}

}  // namespace

std::vector<Original> originals_of(const std::vector<FolderReceipt>& receipts) {
  const std::set<std::string> held_out = held_out_merchants(receipts);
  std::vector<Original> originals;
  for (const FolderReceipt& receipt : receipts) {
    if (!receipt.train || held_out.contains(merchant_of(receipt.answer("company")))) continue;
    const TillAnswers answers{receipt.answer("company"), receipt.answer("date"), receipt.answer("total")};
    if (auto original = find_parts(receipt.lines(), answers, receipt.answer("address"))) originals.push_back(std::move(*original));
  }
  return originals;
}

TillStream::TillStream(std::uint64_t seed, Split split, std::vector<Original> originals, double share)
    : seed_(seed), split_(split), originals_(std::move(originals)), share_(share) {
  if (!(share >= 0 && share <= 1))
    throw InputError("a share of " + std::to_string(share) + " of the receipts cannot be variants (accepted: 0 to 1)");
  std::set<std::string> names;
  for (const Original& original : originals_) names.insert(original.answers.company);
  names_.assign(names.begin(), names.end());
}

Till TillStream::make(std::uint64_t index) const {
  struct Made {
    Till till;
    std::string key;
  };
  Rng rng = rng_at({seed_, split_, index}, kTillKind);
  const bool variant = !originals_.empty() && rng.chance(share_);
  Made made = in_split(rng, split_, [&](Rng& draw) {
    Till till = variant ? make_variant(draw, originals_, names_) : invent_till(draw, names_);
    std::string key = till.answers.company + "|" + till.answers.date + "|" + till.answers.total;
    return Made{std::move(till), std::move(key)};
  });
  add_noise(rng, made.till, variant ? kVariantNoise : kInventedNoise);
  return std::move(made.till);
}

std::optional<TillCounts> write_till_dataset(const TillOptions& options) {
  if (options.split == Split::Test) throw InputError("receipts of the kind till have the splits train and val, not test");
  if (options.from && options.split == Split::Val) return write_held_out(options);
  check_count(options.count);
  const TillStream stream(options.seed, options.split, options.from ? usable_originals(*options.from) : std::vector<Original>{},
                          options.from_share);
  return write_receipts(options, [&](std::uint64_t i) {
    return asked(stream.make(i), rng_at({options.seed, options.split, i}, "till question"));
  });
}

}  // namespace zlens::synth
