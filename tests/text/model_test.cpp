// Whole models from a folder; and a modality that the library has never heard of.
#include "text/model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "io/error.h"
#include "io/sha256.h"
#include "support/checkpoint.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

// Turns bytes into one embedding each, all numbers of which are the byte times a weight: proof that a modality needs nothing but
// its interface.
class ToyModality : public Modality {
 public:
  explicit ToyModality(std::int64_t width, double weight = 0.01) : width_(width), weight_(weight) {}

  struct Bytes : Prepared {
    explicit Bytes(std::vector<std::byte> given) : bytes(std::move(given)), hash(sha256_hex(bytes)) {}
    const std::string& content_hash() const override { return hash; }
    std::vector<std::byte> bytes;
    std::string hash;
  };

  std::shared_ptr<const Prepared> prepare(const RawInput& input) const override {
    const auto bytes = std::get<std::span<const std::byte>>(input);
    return std::make_shared<Bytes>(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  std::string placeholder() const override { return "<media>"; }
  std::int64_t token_count(const Prepared& prepared) const override {
    return static_cast<std::int64_t>(dynamic_cast<const Bytes&>(prepared).bytes.size());
  }
  std::string prompt_text(const Prepared& prepared) const override {
    std::string text;
    for (std::int64_t i = 0; i < token_count(prepared); ++i) text += placeholder();
    return text;
  }
  at::Tensor encode(const Prepared& prepared, Context&) const override {
    ++encoded;
    std::vector<at::Tensor> rows;
    for (const std::byte value : dynamic_cast<const Bytes&>(prepared).bytes)
      rows.push_back(at::full({width_}, static_cast<double>(value) * weight_));
    return at::stack(rows);
  }
  mutable int encoded = 0;

 private:
  std::int64_t width_;
  double weight_;
};

class Model : public testing::Test {
 protected:
  TokenPrompt encoded(const std::string& text, const std::vector<PreparedInput>& inputs) {
    return model_->under_mix(model_->tokenize(text, inputs), nullptr, caches_);
  }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_ = load_model_fixture("llama3", folder_.path());
  Caches caches_;
};

TEST_F(Model, AModalityFromOutsideTheLibrary) {
  const auto toy = std::make_shared<ToyModality>(model_->decoder().config().hidden_size);
  model_->attach("toy", toy);
  const std::vector<std::byte> data = {std::byte{10}, std::byte{200}};
  const auto prepared = toy->prepare(std::span<const std::byte>(data));
  const TokenPrompt prompt = encoded("ab" + toy->prompt_text(*prepared) + "c", {{"toy", prepared}});
  ASSERT_EQ(prompt.embedded, (std::vector<std::int64_t>{2, 3}));
  // The same computed by hand: embeddings put in at those places.
  at::Tensor embeddings =
      model_->decoder().embed(at::tensor(at::ArrayRef<std::int32_t>(prompt.ids), at::kLong).unsqueeze(0)).clone();
  embeddings[0][2].fill_(0.1);
  embeddings[0][3].fill_(2.0);
  Context context(KvCache(model_->decoder().kv_shape(), 1, 8));
  const at::Tensor expected = model_->decoder().logits(model_->decoder().forward(embeddings, {}, context))[0];
  EXPECT_LT(max_difference(prompt_logits(model_->decoder(), prompt, nullptr), expected), 1e-5);
  encoded(toy->prompt_text(*prepared), {{"toy", prepared}});
  EXPECT_EQ(toy->encoded, 1) << "encodings are cached by content";
}

TEST_F(Model, PrefixesWithOtherEmbeddingsAreNotReused) {
  const auto toy = std::make_shared<ToyModality>(model_->decoder().config().hidden_size);
  model_->attach("toy", toy);
  const auto prompt_about = [&](int value) {
    const std::vector<std::byte> data(3, std::byte(value));
    const auto prepared = toy->prepare(std::span<const std::byte>(data));
    TokenPrompt prompt = encoded(toy->prompt_text(*prepared) + "what is this thing here?", {{"toy", prepared}});
    prompt.shared_prefixes = {20};
    return prompt;
  };
  const std::vector<TokenPrompt> one = {prompt_about(1)}, two = {prompt_about(250)};
  EXPECT_EQ(one[0].ids, two[0].ids);
  generate(model_->decoder(), one, {.max_new_tokens = 2}, nullptr, caches_);
  EXPECT_EQ(generate(model_->decoder(), two, {.max_new_tokens = 2}, nullptr, caches_).front().reused_tokens, 0);
}

TEST_F(Model, ModelsThatShareCachesKeepTheirOwnEncodings) {
  const TemporaryFolder folder;
  const auto other = load_model_fixture("llama3", folder.path());
  const std::int64_t width = model_->decoder().config().hidden_size;
  const auto toy = std::make_shared<ToyModality>(width, 0.01), tuned = std::make_shared<ToyModality>(width, 0.02);
  model_->attach("toy", toy);
  other->attach("toy", tuned);
  const std::vector<std::byte> data = {std::byte{50}};
  const auto prepared = toy->prepare(std::span<const std::byte>(data));
  const auto first_number = [&](const LanguageModel& model) {
    const TokenPrompt prompt = model.tokenize(toy->prompt_text(*prepared), {{"toy", prepared}});
    return model.under_mix(prompt, nullptr, caches_).embeddings[0][0].item<double>();
  };
  EXPECT_NEAR(first_number(*model_), 0.5, 1e-6);
  EXPECT_NEAR(first_number(*other), 1.0, 1e-6);
}

TEST_F(Model, PlaceholdersMustMatchTheInputs) {
  const auto toy = std::make_shared<ToyModality>(model_->decoder().config().hidden_size);
  model_->attach("toy", toy);
  const std::vector<std::byte> data = {std::byte{1}, std::byte{2}};
  const auto prepared = toy->prepare(std::span<const std::byte>(data));
  EXPECT_THROW(model_->tokenize("a<media>b", {{"toy", prepared}}), InputError) << "fewer";
  EXPECT_THROW(model_->tokenize("a<media><media><media>", {{"toy", prepared}}), InputError) << "more";
}

// A pipe would block whoever opens it.
TEST_F(Model, FilesOfAFolderAreRegular) {
  for (const char* name : {"generation_config.json", "config.json"}) {
    SCOPED_TRACE(name);
    std::filesystem::remove(folder_ / name);
    std::filesystem::create_symlink(name, folder_ / name);
    EXPECT_THROW(LanguageModel::load(folder_.path(), {}), InputError) << "a link to itself";
    std::filesystem::remove(folder_ / name);
    ASSERT_EQ(::mkfifo((folder_ / name).c_str(), 0600), 0);
    EXPECT_THROW(LanguageModel::load(folder_.path(), {}), InputError) << "a pipe";
    std::filesystem::remove(folder_ / name);
  }
}

TEST_F(Model, BrokenFoldersAreNamedInOneLine) {
  const auto refused = [&](const char* what) {
    try {
      LanguageModel::load(folder_.path(), {.dtype = at::kFloat});
      ADD_FAILURE() << what;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(folder_.path().string()), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  };
  const auto config = read_json_file(folder_ / "config.json");
  const auto with = [&](const char* key, const Json& value) {
    Json changed = config;
    changed[key] = value;
    std::ofstream(folder_ / "config.json", std::ios::trunc) << changed.dump();
  };
  with("model_type", "rwkv");
  refused("unknown model type");
  with("num_hidden_layers", config.at("num_hidden_layers").get<int>() + 1);
  refused("missing layer");
  with("num_hidden_layers", config.at("num_hidden_layers").get<int>() - 1);
  refused("unexpected layer");
  with("intermediate_size", 7);
  refused("wrong shape");
  with("vocab_size", 1 << 23);
  refused("huge vocabulary");
  with("model_type", config.at("model_type"));
  std::filesystem::resize_file(folder_ / "model.safetensors", 1000);
  refused("truncated weights");
  std::filesystem::remove(folder_ / "model.safetensors");
  refused("missing weights");
  std::filesystem::remove(folder_ / "config.json");
  refused("missing config");
  EXPECT_THROW(LanguageModel::load(folder_ / "nowhere", {}), InputError);
}

}  // namespace
}  // namespace zlens
