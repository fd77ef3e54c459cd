#include "modules/registry.h"

#include <gtest/gtest.h>

#include "io/error.h"

namespace zlens {
namespace {

class Nothing : public Modality {
 public:
  std::shared_ptr<const Prepared> prepare(const RawInput&) const override { return nullptr; }
  std::string prompt_text(const Prepared&) const override { return {}; }
};

ModalityEntry entry(const std::string& name) {
  return {.name = name, .description = "nothing", .input = "image", .option_names = {"size"}, .create = [](const ModalityOptions&) {
            return std::make_shared<Nothing>();
          }};
}

TEST(ModalityRegistry, NamesAndOptionsAreChecked) {
  ModalityRegistry registry;
  registry.add(entry("b"));
  registry.add(entry("a"));
  EXPECT_THROW(registry.add(entry("a")), InputError);
  EXPECT_NE(registry.create("a", {{{"size", "3"}}}), nullptr);
  EXPECT_THROW(registry.create("a", {{{"colour", "3"}}}), InputError);
  EXPECT_EQ(registry.all().front()->name, "a");
  try {
    registry.create("c");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "unknown modality 'c' (known: a, b)");
  }
}

}  // namespace
}  // namespace zlens
