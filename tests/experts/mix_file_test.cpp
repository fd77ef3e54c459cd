#include "experts/mix_file.h"

#include <gtest/gtest.h>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/support.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

class MixFile : public testing::Test {
 protected:
  MixFile() : store_({folder_.path()}) {
    for (const char* name : {"a", "b"}) {
      Expert expert;
      expert.name = name;
      expert.base = base_;
      expert.z["w"] = {1, 0.5F};
      write_expert(folder_ / (std::string(name) + ".safetensors"), expert);
      mix_.push_back({std::make_shared<Expert>(store_.find(name, base_).expert), 0.25, {}});
    }
    mix_[1].by_layer = {0.5, -1};
    write_mix(folder_ / "m.json", base_, mix_, {{"seed", 1}});
  }

  Json file() const { return read_json_file(folder_ / "m.json"); }
  void expect_refused(const Json& changed) {
    write_file_atomically(folder_ / "m.json", changed.dump());
    EXPECT_THROW(read_mix(folder_ / "m.json", store_, base_), InputError) << changed.dump();
  }

  TemporaryFolder folder_;
  std::string base_ = std::string(64, 'a');
  ExpertStore store_;
  Mix mix_;
};

TEST_F(MixFile, ComesBackAsItWas) {
  const Mix read = read_mix(folder_ / "m.json", store_, base_);
  EXPECT_EQ(describe(read), describe(mix_));
  EXPECT_EQ(read[1].by_layer, mix_[1].by_layer);
}

// Two experts of one name: the mix means the one that it was made with.
TEST_F(MixFile, ItsExpertsAreFoundByNameAndHash) {
  std::filesystem::create_directories(folder_ / "side");
  Expert other;
  other.name = "a";
  other.base = base_;
  other.z["w"] = {1, 3};
  write_expert(folder_ / "side/a.safetensors", other);
  EXPECT_THROW(store_.find("a", base_), InputError);
  EXPECT_EQ(describe(read_mix(folder_ / "m.json", store_, base_)), describe(mix_));
}

TEST_F(MixFile, EveryLayerThatAnExpertChangesHasAWeight) {
  Expert deep;
  deep.name = "deep";
  deep.base = base_;
  deep.z["tower.layers.2.fc1"] = {2};
  write_expert(folder_ / "deep.safetensors", deep);
  Mix mix = {{std::make_shared<Expert>(store_.find("deep", base_).expert), 1, {0.5, 0.5, 0.5}}};
  write_mix(folder_ / "deep.json", base_, mix, {});
  EXPECT_EQ(describe(read_mix(folder_ / "deep.json", store_, base_)), describe(mix));
  mix[0].by_layer.pop_back();
  write_mix(folder_ / "deep.json", base_, mix, {});
  test::expect_refused("deep.json", "up to layer 2", [&] { read_mix(folder_ / "deep.json", store_, base_); });
}

TEST_F(MixFile, WhatIsNotAMixIsRefused) {
  EXPECT_THROW(read_mix(folder_ / "absent.json", store_, base_), InputError);
  EXPECT_THROW(read_mix(folder_ / "m.json", store_, std::string(64, 'b')), InputError);
  const Json good = file();
  for (const char* key : {"format", "base", "experts"}) {
    Json bad = good;
    bad.erase(key);
    expect_refused(bad);
    bad[key] = 7;
    expect_refused(bad);
  }
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"expert", "unknown"},
                                                                            {"expert", 1},
                                                                            {"sha256", std::string(64, '0')},
                                                                            {"weight", "1"},
                                                                            {"weight", 1e9},
                                                                            {"weight", nullptr},
                                                                            {"by_layer", 1},
                                                                            {"by_layer", Json::array({"x"})}}) {
    Json bad = good;
    bad["experts"][0][key] = value;
    expect_refused(bad);
  }
  expect_refused(Json::array());
}

}  // namespace
}  // namespace zlens
