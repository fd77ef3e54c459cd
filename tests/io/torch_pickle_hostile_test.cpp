// Pickles made by hand: nothing runs, everything but dicts of dense tensors is refused in one line.
#include <gtest/gtest.h>

#include "io/support.h"
#include "io/torch_file.h"
#include "io/zip_bytes.h"

namespace zlens {
namespace {

using test::expect_refused;
using test::little_endian;
using test::write_bytes;
using test::zip_bytes;
using test::ZipPart;

const std::string kProto = "\x80\x02";

std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
std::string text(const std::string& value) {
  return "X" + little_endian(value.size(), 4) + value;
}
std::string integer(std::int64_t value) {
  return "\x8a\x08" + little_endian(static_cast<std::uint64_t>(value), 8);
}
std::string tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out + "t";
}
std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}
std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}

const std::string kOrdered = global("collections", "OrderedDict") + ")R";
const std::string kRebuild = global("torch._utils", "_rebuild_tensor_v2");
const std::string kParameter = global("torch._utils", "_rebuild_parameter");

// The storage "0" of the archive has 4 floats.
std::string storage(const std::string& type = "FloatStorage", std::int64_t elements = 4, const std::string& key = "0") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + "Q";
}

struct View {
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape{4}, strides{1};
};
std::string tensor(const View& view = {}, const std::string& from = storage(), const std::string& hooks = kOrdered) {
  return call(kRebuild, {from, integer(view.offset), integers(view.shape), integers(view.strides), "\x89", hooks});
}
std::string dict(const std::string& key, const std::string& value) {
  return "}" + text(key) + value + "s";
}

// An archive around `pickle`.
std::string archive(const std::string& pickle, const std::string& byteorder = "little") {
  return zip_bytes({{.name = "a/data.pkl", .data = pickle},
                    {.name = "a/byteorder", .data = byteorder},
                    {.name = "a/data/0", .data = std::string(16, '\0')}});
}
std::string program(const std::string& body) {
  return archive(kProto + body + ".");
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

class HostilePickle : public testing::Test {
 protected:
  std::shared_ptr<const TorchFile> open(const std::string& bytes) {
    write_bytes(folder_ / "a.pt", bytes);
    return TorchFile::open(folder_ / "a.pt");
  }

  struct Hostile {
    const char* kind;
    std::string bytes;
    std::string fragment;
  };
  void expect_all_refused(const std::vector<Hostile>& group) {
    for (const Hostile& hostile : group) {
      SCOPED_TRACE(hostile.kind);
      expect_refused("a.pt", hostile.fragment, [&] { open(hostile.bytes); });
    }
  }

  TemporaryFolder folder_;
};

TEST_F(HostilePickle, TheHandMadeGoodOnesAreRead) {
  EXPECT_EQ(open(program(dict("x", tensor())))->values("x"), (std::vector<float>(4, 0)));
  EXPECT_EQ(open(program(dict("x", call(kParameter, {tensor(), "\x88", kOrdered}))))->tensors().size(), 1U);
  EXPECT_EQ(open(program(dict("x", tensor({1, {2}, {2}}))))->values("x").size(), 2U);
  EXPECT_TRUE(open(program("}"))->tensors().empty());
  EXPECT_EQ(open(program(kOrdered + text("x") + tensor() + "s" + dict("_metadata", kOrdered) + "b"))->tensors().size(), 1U);
}

TEST_F(HostilePickle, GlobalsAreRefusedByName) {
  std::vector<Hostile> group;
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"builtins", "eval"},
                                                        {"builtins", "getattr"},
                                                        {"__builtin__", "exec"},
                                                        {"subprocess", "Popen"},
                                                        {"torch", "load"},
                                                        {"torch.hub", "load"},
                                                        {"torch._utils", "_rebuild_sparse_tensor"},
                                                        {"torch._utils", "_rebuild_parameter_with_state"},
                                                        {"torch", "SystemStorage"},
                                                        {"torch.storage", "_load_from_bytes"},
                                                        {"torch.nn.modules.linear", "Linear"},
                                                        {"collections", "OrderedDict.__reduce__"},
                                                        {"copyreg", "_reconstructor"},
                                                        {"numpy.core.multiarray", "_reconstruct"}})
    group.push_back({"a global", program(dict("x", call(global(module, name), {text("touch /tmp/owned")}))), module + "." + name});
  expect_all_refused(group);
}

TEST_F(HostilePickle, Calls) {
  expect_all_refused({
      {"a storage type is called", program(dict("x", call(global("torch", "FloatStorage"), {}))), "storage type is called"},
      {"a tensor is called", program(dict("x", call(tensor(), {}))), "what is called"},
      {"a text is called", program(dict("x", call(text("os.system"), {}))), "what is called"},
      {"arguments are no tuple", program(dict("x", kRebuild + "}R")), "arguments of a call"},
      {"an OrderedDict from items", program(call(global("collections", "OrderedDict"), {"]"})), "made from arguments"},
      {"too few parts of a tensor", program(dict("x", call(kRebuild, {storage()}))), "expected 6"},
      {"metadata of a tensor",
       program(dict("x", call(kRebuild, {storage(), integer(0), integers({4}), integers({1}), "\x89", kOrdered, "}"}))),
       "expected 6"},
      {"a tensor from a tuple", program(dict("x", tensor({}, ")"))), "storage of a tensor"},
      {"hooks", program(dict("x", tensor({}, storage(), dict("h", text("hook"))))), "hooks"},
      {"hooks that are no dict", program(dict("x", tensor({}, storage(), "N"))), "hooks"},
      {"a parameter of a text", program(dict("x", call(kParameter, {text("x"), "\x88", kOrdered}))), "data of a parameter"},
      {"hooks of a parameter", program(dict("x", call(kParameter, {tensor(), "\x88", dict("h", "N")}))), "hooks"},
      {"attributes of a tensor", program(dict("x", tensor() + dict("__class__", "N") + "b")), "what gets attributes"},
      {"attributes of a dict", program("}" + dict("x", "N") + "b"), "a dict gets attributes"},
      {"attributes of an OrderedDict", program(kOrdered + dict("__setstate__", "N") + "b"), "__setstate__"},
      {"attributes that are no dict", program(kOrdered + ")" + "b"), "attributes"},
  });
}

TEST_F(HostilePickle, StoragesAndShapes) {
  const std::int64_t huge = std::int64_t{1} << 62;
  expect_all_refused({
      {"a storage that is not there", program(dict("x", tensor({}, storage("FloatStorage", 4, "1")))), "storage '1' is missing"},
      {"a storage outside the archive", program(dict("x", tensor({}, storage("FloatStorage", 4, "../../etc/passwd")))),
       "is missing"},
      {"a larger storage than there is", program(dict("x", tensor({}, storage("FloatStorage", 1 << 30)))), "16 bytes"},
      {"a smaller one", program(dict("x", tensor({}, storage("FloatStorage", 3)))), "16 bytes"},
      {"a negative one", program(dict("x", tensor({}, storage("FloatStorage", -4)))), "16 bytes"},
      {"another dtype's size", program(dict("x", tensor({}, storage("DoubleStorage", 4)))), "16 bytes"},
      {"persistent id that is no tuple", program(text("0") + "Q"), "persistent id"},
      {"persistent id of another kind",
       program(tuple({text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), integer(4)}) + "Q"), "no storage"},
      {"persistent id with a view",
       program(tuple({text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), integer(4), "N"}) + "Q"),
       "6 parts"},
      {"persistent id with a function as type",
       program(tuple({text("storage"), kRebuild, text("0"), text("cpu"), integer(4)}) + "Q"), "type of a storage"},
      {"larger than its storage", program(dict("x", tensor({0, {5}, {1}}))), "larger than its storage"},
      {"beyond its storage", program(dict("x", tensor({1, {4}, {1}}))), "reaches element 4"},
      {"strides beyond its storage", program(dict("x", tensor({0, {2}, {4}}))), "reaches element 4"},
      {"expanded to a bomb", program(dict("x", tensor({0, {1 << 30}, {0}}))), "larger than its storage"},
      {"size overflow", program(dict("x", tensor({0, {huge, 4}, {0, 0}}))), "overflows"},
      {"stride overflow", program(dict("x", tensor({0, {2, 2}, {huge, huge}}))), "overflows"},
      {"offset overflow", program(dict("x", tensor({std::numeric_limits<std::int64_t>::max(), {2}, {1}}))), "overflows"},
      {"negative offset", program(dict("x", tensor({-1, {1}, {1}}))), "element -1"},
      {"negative size", program(dict("x", tensor({0, {-1}, {1}}))), "holds -1"},
      {"negative stride", program(dict("x", tensor({3, {4}, {-1}}))), "holds -1"},
      {"shape and strides of other lengths", program(dict("x", tensor({0, {2, 2}, {1}}))), "differ in length"},
      {"nine dimensions", program(dict("x", tensor({0, std::vector<std::int64_t>(9, 1), std::vector<std::int64_t>(9, 1)}))),
       "9 dimensions"},
      {"a shape of texts",
       program(dict("x", call(kRebuild, {storage(), integer(0), tuple({text("4")}), integers({1}), "\x89", kOrdered}))), "a shape"},
  });
}

TEST_F(HostilePickle, TheMachine) {
  const std::string deep = repeated("]", 100) + repeated("a", 99);
  // Ten dicts that each hold the one before ten times: 10^10 leaves.
  std::string laughs = "}";
  for (char level = 0; level < 10; ++level) {
    laughs = "}(" + text("0") + laughs + "q" + std::string(1, level);
    for (int i = 1; i < 10; ++i) laughs += text(std::to_string(i)) + "h" + std::string(1, level);
    laughs += "u";
  }
  const std::string cycle = std::string("}q") + '\0' + text("x") + "h" + '\0' + "s";
  expect_all_refused({
      {"nothing", archive(""), "the file ends"},
      {"no end", archive(kProto + "}"), "the file ends"},
      {"no value", archive(kProto + "."), "missing on the stack"},
      {"two values", program("}}"), "left over"},
      {"an open mark", program("}("), "missing on the stack"},
      {"bytes behind the end", archive(kProto + "}.}"), "left behind"},
      {"the root is a tuple", program(")"), "expected a dict"},
      {"the root is a tensor", program(tensor()), "expected a dict"},
      {"protocol 0", archive("(dp0\n."), "opcode 100"},
      {"protocol 4", archive("\x80\x04}."), "protocol 4"},
      {"a second protocol", program("}" + kProto), "protocol 2 at byte"},
      {"INST", program("(ios\nsystem\n"), "opcode 105"},
      {"OBJ", program("(" + global("collections", "OrderedDict") + "o"), "opcode 111"},
      {"NEWOBJ", program(global("collections", "OrderedDict") + ")\x81"), "opcode 129"},
      {"EXT1", program("\x82\x01"), "opcode 130"},
      {"STACK_GLOBAL", program(text("os") + text("system") + "\x93"), "opcode 147"},
      {"PERSID", program("Pabc\n"), "opcode 80"},
      {"LONG4", program("\x8b" + little_endian(~0U, 4)), "opcode 139"},
      {"a long of 255 bytes", program("\x8a\xff" + std::string(255, '\1')), "integer of 255 bytes"},
      {"a text longer than the pickle", program("X" + little_endian(~0U, 4)), "the file ends inside a text"},
      {"a text that is not UTF-8", program(text("\xff")), "not UTF-8"},
      {"a global without an end", archive(kProto + "cos"), "the file ends"},
      {"a global of a megabyte", program("c" + std::string(1 << 20, 'a') + "\nx\n"), "longer than 256"},
      {"a global with control characters", program("c\x1b[31m\nx\n"), "is not allowed"},
      {"memo entry never written", program("h\x05"), "never written"},
      {"memo of nothing", program("q" + std::string(1, '\0')), "missing on the stack"},
      {"memo from above a mark", program("}(q" + std::string(1, '\0') + "t"), "missing on the stack"},
      {"memo of 2^32 - 1", program("j" + little_endian(~0U, 4)), "never written"},
      {"too many memo entries",
       program("}" +
               [] {
                 std::string out;
                 for (std::uint32_t i = 0; i <= 1'000'000; ++i) out += "r" + little_endian(i, 4);
                 return out;
               }()),
       "memo is larger"},
      {"too many values", program(repeated("N", 1'000'001)), "more than 1000000 values"},
      {"too high a stack", program(std::string("Nq") + '\0' + repeated(std::string("h") + '\0', 1'000'001)), "on the stack"},
      {"too many marks", program(repeated("(", 10'001)), "marks"},
      {"pop below a mark", program("}}(b"), "missing"},
      {"a mark is missing", program("t"), "mark is missing"},
      {"items into a tuple", program(")" + text("x") + "a"), "no list"},
      {"items into a text", program(text("x") + text("y") + text("z") + "s"), "no dict"},
      {"a key without a value", program("}(" + text("x") + "u"), "no value"},
      {"a key that is a tensor", program("}" + tensor() + tensor() + "s"), "neither text nor an integer"},
      {"a name twice", program("}(" + text("x") + tensor() + text("x") + tensor() + "u"), "stands twice"},
      {"a name too long", program(dict(std::string(2000, 'n'), tensor())), "name is longer"},
      {"deep nesting", program(dict("x", deep)), "nested deeper"},
      {"a cycle", program(cycle), "cycle"},
      {"a billion laughs", program(laughs), "more than 100000"},
  });
}

TEST_F(HostilePickle, Archives) {
  const std::string good = kProto + dict("x", tensor()) + ".";
  const ZipPart pickle{.name = "a/data.pkl", .data = good}, data{.name = "a/data/0", .data = std::string(16, '\0')};
  expect_all_refused({
      {"big endian", archive(good, "big"), "byte order 'big'"},
      {"empty archive", zip_bytes({}), "empty"},
      {"no pickle", zip_bytes({data}), "data.pkl is missing"},
      {"two folders", zip_bytes({pickle, {.name = "b/data/0", .data = data.data}}), "outside the archive's folder"},
      {"no folder", zip_bytes({{.name = "data.pkl", .data = good}}), "outside"},
      {"a compressed pickle", zip_bytes({{.name = "a/data.pkl", .data = good, .method = 8}, data}), "compressed"},
      {"a storage of another size", zip_bytes({pickle, {.name = "a/data/0", .data = std::string(12, '\0')}}), "12 bytes"},
  });
}

TEST_F(HostilePickle, MutantsOfAPickleNeverDoAnythingElse) {
  const std::string good =
      kProto + kOrdered + text("x") + tensor() + "s" + text("y") + call(kParameter, {tensor(), "\x88", kOrdered}) + "s.";
  const std::vector<float> zeros(4);
  const auto counts = test::run_mutants(good, 20'000, [&](const std::string& mutant) {
    const std::span pickle = std::as_bytes(std::span(mutant));
    const auto find = [&](std::string_view key) -> std::span<const std::byte> {
      if (key != "0") throw InputError("no storage");
      return std::as_bytes(std::span(zeros));
    };
    for (const auto& [name, read] : parse_torch_pickle(pickle, find, "a.pt")) EXPECT_EQ(read.storage.size(), 16U);
  });
  EXPECT_GT(counts.loaded, 0);
}

}  // namespace
}  // namespace zlens
