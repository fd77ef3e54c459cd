#include "io/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "io/sha256_blocks.h"

namespace zlens {
namespace {

// NIST, FIPS 180-4 example values and the SHA256ShortMsg vectors.
TEST(Sha256, NistVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_hex("\xd3"), "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
}

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

TEST(Sha256, PiecesMakeTheSameHash) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::string text = random_text(random, random() % 400);
    Sha256 hash;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t taken = std::min<std::size_t>(random() % 130, text.size() - at);
      hash.update(std::string_view(text).substr(at, taken));
      at += taken;
    }
    ASSERT_EQ(hash.hex(), sha256_hex(text)) << text.size();
  }
}

TEST(Sha256, BothWaysAgree) {
  const Sha256Blocks accelerated = sha256_blocks_accelerated();
  if (accelerated == nullptr) GTEST_SKIP() << "this processor has no SHA instructions";
  std::mt19937 random(2);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t count = random() % 20;
    const std::string text = random_text(random, 64 * count + 1);
    std::uint32_t fast[8], plain[8];
    for (int word = 0; word < 8; ++word) fast[word] = plain[word] = static_cast<std::uint32_t>(random());
    const auto* data = reinterpret_cast<const std::uint8_t*>(text.data()) + random() % 2;  // aligned and not
    accelerated(fast, data, count);
    sha256_blocks_portable(plain, data, count);
    ASSERT_TRUE(std::equal(fast, fast + 8, plain)) << count;
  }
}

TEST(Sha256, LengthIsPartOfTheHash) {
  std::vector<std::string> hashes;
  for (std::size_t size = 0; size < 200; ++size) hashes.push_back(sha256_hex(std::string(size, '\0')));
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

}  // namespace
}  // namespace zlens
