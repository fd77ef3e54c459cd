// How far long work is, for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace zlens {

// One line of progress: "  128/500  25.6%  [#####               ]  3.1/s  ETA 2:00". `done` counts from `already`, what an earlier
// run had done, so that the rate is that of this run. Pure.
std::string progress_line(std::int64_t done, std::int64_t total, std::int64_t already, double elapsed_s);

// "1:02:03", "2:03".
std::string duration_text(double seconds);

// Redraws one line on a terminal, at most ten times a second; elsewhere prints a plain line every few seconds and at the end.
// Not thread-safe. Writes to `stream`, which must outlive it; failures to write are ignored.
class Progress {
 public:
  Progress(std::string title, std::int64_t total, std::int64_t already = 0, std::FILE* stream = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::int64_t done);
  void finish();  // draws the last state and ends the line; later calls do nothing

 private:
  using Clock = std::chrono::steady_clock;
  void draw();
  std::string title_;
  std::int64_t total_, already_, done_;
  std::FILE* stream_;
  bool terminal_;
  bool finished_ = false;
  std::size_t width_ = 0;  // of the line on the screen, which a shorter one must cover
  Clock::time_point start_, last_;
};

}  // namespace zlens
