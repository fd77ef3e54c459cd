#include "io/torch_pickle.h"

#include <optional>
#include <unordered_map>

#include "io/byte_reader.h"
#include "io/torch_values.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxStack = 1'000'000, kMaxMemo = 1'000'000, kMaxMarks = 10'000;

// Opcodes of pickle protocol 2, by their published names.
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

class Machine {
 public:
  Machine(std::span<const std::byte> pickle, const TorchStorages& storages, std::string_view subject)
      : reader_(pickle, subject), subject_(subject), values_(storages) {}

  std::map<std::string, TorchTensor> run() {
    std::size_t place = 0;
    try {
      std::optional<std::uint32_t> result;
      while (!result) {
        place = reader_.offset();
        result = step(reader_.read<std::uint8_t>("the pickle"));
      }
      if (reader_.left() != 0) throw InputError("bytes are left behind the pickle");
      return values_.tensors_of(*result);
    } catch (const InputError& error) {
      const std::string what = error.what();
      if (what.starts_with(subject_)) throw;
      throw InputError(std::string(subject_) + ": byte " + std::to_string(place) + ": " + what);
    }
  }

 private:
  using Index = std::uint32_t;

  // One opcode; the root at the end.
  std::optional<Index> step(std::uint8_t opcode) {
    switch (opcode) {
      case kProto:
        if (const auto version = reader_.read<std::uint8_t>("the protocol"); version != 2 || reader_.offset() != 2)
          throw InputError("pickle protocol " + std::to_string(version) + " at byte " + std::to_string(reader_.offset() - 2) +
                           " is not supported (torch.save writes 2)");
        break;
      case kStop: {
        const Index root = pop();
        if (!stack_.empty() || !marks_.empty()) throw InputError("the pickle ends with values left over");
        return root;
      }
      case kMark:
        if (marks_.size() >= kMaxMarks) throw InputError("marks are nested deeper than " + std::to_string(kMaxMarks));
        marks_.push_back(stack_.size());
        break;
      default:
        if (!step_value(opcode) && !step_container(opcode) && !step_memo(opcode))
          throw InputError("opcode " + std::to_string(opcode) + " is not one that torch.save writes for tensors");
    }
    return std::nullopt;
  }

  // Constants, and what globals make of arguments.
  bool step_value(std::uint8_t opcode) {
    switch (opcode) {
      case kNone:
        push(values_.add({}));
        return true;
      case kNewTrue:
      case kNewFalse:
        push(values_.add({.kind = TorchKind::Bool, .integer = opcode == kNewTrue}));
        return true;
      case kBinInt:
        push_integer(reader_.read<std::int32_t>("an integer"));
        return true;
      case kBinInt1:
        push_integer(reader_.read<std::uint8_t>("an integer"));
        return true;
      case kBinInt2:
        push_integer(reader_.read<std::uint16_t>("an integer"));
        return true;
      case kLong1:
        push_integer(read_long());
        return true;
      case kBinFloat:
        reader_.take(8, "a float");
        push(values_.add({.kind = TorchKind::Real}));
        return true;
      case kBinUnicode:
        push_text();
        return true;
      case kGlobal: {
        const std::string_view module = read_line(), name = read_line();
        push(values_.global(module, name));
        return true;
      }
      case kBinPersId:
        push(values_.persistent(pop()));
        return true;
      case kReduce: {
        const Index arguments = pop(), callable = pop();
        push(values_.reduce(callable, arguments));
        return true;
      }
      default:
        return false;
    }
  }

  bool step_container(std::uint8_t opcode) {
    switch (opcode) {
      case kEmptyDict:
        push(values_.add({.kind = TorchKind::Dict}));
        return true;
      case kEmptyList:
        push(values_.add({.kind = TorchKind::List}));
        return true;
      case kEmptyTuple:
        push(values_.add({.kind = TorchKind::Tuple}));
        return true;
      case kTuple:
        push_tuple(pop_to_mark());
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        push_tuple(pop_many(static_cast<std::size_t>(opcode - kTuple1 + 1)));
        return true;
      case kAppend:
        extend(TorchKind::List, pop_many(1));
        return true;
      case kAppends:
        extend(TorchKind::List, pop_to_mark());
        return true;
      case kSetItem:
        extend(TorchKind::Dict, pop_many(2));
        return true;
      case kSetItems:
        extend(TorchKind::Dict, pop_to_mark());
        return true;
      case kBuild: {
        const Index state = pop();
        values_.build(top(), state);
        return true;
      }
      default:
        return false;
    }
  }

  bool step_memo(std::uint8_t opcode) {
    switch (opcode) {
      case kBinPut:
        put(reader_.read<std::uint8_t>("a memo entry"));
        return true;
      case kLongBinPut:
        put(reader_.read<std::uint32_t>("a memo entry"));
        return true;
      case kBinGet:
        get(reader_.read<std::uint8_t>("a memo entry"));
        return true;
      case kLongBinGet:
        get(reader_.read<std::uint32_t>("a memo entry"));
        return true;
      default:
        return false;
    }
  }

  void push(Index index) {
    if (stack_.size() >= kMaxStack) throw InputError("more than " + std::to_string(kMaxStack) + " values on the stack");
    stack_.push_back(index);
  }
  void push_integer(std::int64_t value) { push(values_.add({.kind = TorchKind::Integer, .integer = value})); }
  void push_tuple(std::vector<Index> items) { push(values_.add({.kind = TorchKind::Tuple, .items = std::move(items)})); }
  void push_text() {
    const auto length = reader_.read<std::uint32_t>("a text");
    const std::string_view text = reader_.take(length, "a text");
    if (!is_valid_utf8(text)) throw InputError("a text is not UTF-8");
    push(values_.add({.kind = TorchKind::Text, .text = text}));
  }

  // The values above the last mark stay out of reach of everything but pop_to_mark.
  std::size_t available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  Index top() const {
    if (available() == 0) throw InputError("a value is missing on the stack");
    return stack_.back();
  }
  Index pop() {
    const Index index = top();
    stack_.pop_back();
    return index;
  }
  std::vector<Index> pop_many(std::size_t count) {
    if (available() < count) throw InputError("values are missing on the stack");
    std::vector<Index> out(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return out;
  }
  std::vector<Index> pop_to_mark() {
    if (marks_.empty()) throw InputError("a mark is missing on the stack");
    std::vector<Index> out = pop_many(available());
    marks_.pop_back();
    return out;
  }

  void extend(TorchKind kind, const std::vector<Index>& items) {
    TorchValue& container = values_.at(top());
    if (container.kind != kind)
      throw InputError("items are added to what is no " + std::string(kind == TorchKind::List ? "list" : "dict"));
    if (kind == TorchKind::Dict && items.size() % 2 != 0) throw InputError("a key has no value");
    container.items.insert(container.items.end(), items.begin(), items.end());
  }

  void put(std::uint32_t slot) {
    if (memo_.size() >= kMaxMemo && !memo_.contains(slot)) throw InputError("the memo is larger than " + std::to_string(kMaxMemo));
    memo_[slot] = top();
  }
  void get(std::uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) throw InputError("memo entry " + std::to_string(slot) + " was never written");
    push(found->second);
  }

  // Little-endian two's complement of up to 8 bytes.
  std::int64_t read_long() {
    const auto length = reader_.read<std::uint8_t>("an integer");
    if (length > 8) throw InputError("an integer of " + std::to_string(length) + " bytes");
    std::uint64_t value = 0;
    for (std::uint8_t i = 0; i < length; ++i) value |= std::uint64_t{reader_.read<std::uint8_t>("an integer")} << (8 * i);
    const bool negative = length > 0 && length < 8 && ((value >> (8 * length - 1)) & 1) != 0;
    return static_cast<std::int64_t>(negative ? value | (~std::uint64_t{0} << (8 * length)) : value);
  }

  std::string_view read_line() {
    constexpr std::size_t kMaxLine = 256;
    ByteReader ahead = reader_;
    std::size_t length = 0;
    while (ahead.read<std::uint8_t>("the name of a global") != '\n')
      if (++length > kMaxLine) throw InputError("the name of a global is longer than " + std::to_string(kMaxLine) + " bytes");
    const std::string_view line = reader_.take(length, "the name of a global");
    reader_.take(1, "the name of a global");
    return line;
  }

  ByteReader reader_;
  std::string_view subject_;
  TorchValues values_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint32_t, Index> memo_;
};

}  // namespace

std::map<std::string, TorchTensor> parse_torch_pickle(std::span<const std::byte> pickle, const TorchStorages& storages,
                                                      std::string_view subject) {
  return Machine(pickle, storages, subject).run();
}

}  // namespace zlens
