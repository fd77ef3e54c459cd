#include "modules/lru_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace zlens {
namespace {

TEST(LruCache, TheLeastRecentlyUsedGoesFirst) {
  LruCache<int> cache(30);
  cache.put("a", std::make_shared<int>(1), 10);
  cache.put("b", std::make_shared<int>(2), 10);
  cache.put("c", std::make_shared<int>(3), 10);
  EXPECT_EQ(*cache.get("a"), 1);
  cache.put("d", std::make_shared<int>(4), 10);
  EXPECT_EQ(cache.get("b"), nullptr);
  EXPECT_EQ(*cache.get("a"), 1);
  EXPECT_EQ(cache.size(), 3U);
  cache.put("huge", std::make_shared<int>(5), 31);
  EXPECT_EQ(cache.get("huge"), nullptr) << "larger than the bound";
  EXPECT_EQ(cache.size(), 3U);
}

TEST(LruCache, AnEntryInUseOutlivesItsEviction) {
  LruCache<int> cache(10);
  cache.put("a", std::make_shared<int>(7), 10);
  const auto held = cache.get("a");
  cache.put("b", std::make_shared<int>(8), 10);
  EXPECT_EQ(cache.get("a"), nullptr);
  EXPECT_EQ(*held, 7);
}

TEST(LruCache, ManyThreads) {
  LruCache<int> cache(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const int key = (i * 7 + t) % 40;
        const auto found = cache.get(std::to_string(key));
        EXPECT_TRUE(!found || *found == key);
        cache.put(std::to_string(key), std::make_shared<int>(key), 10);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.size(), 10U);
}

}  // namespace
}  // namespace zlens
