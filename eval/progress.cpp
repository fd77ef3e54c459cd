#include "eval/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace zlens {
namespace {

constexpr int kBarWidth = 24;

std::string format(const char* pattern, double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, pattern, value);
  return buffer;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(std::isfinite(seconds) ? seconds : 0.0, 0.0, 1e9) + 0.5);
  const auto two = [](long long value) { return std::to_string(value / 10) + std::to_string(value % 10); };
  if (whole < 3600) return std::to_string(whole / 60) + ":" + two(whole % 60);
  return std::to_string(whole / 3600) + ":" + two(whole / 60 % 60) + ":" + two(whole % 60);
}

std::string progress_line(std::int64_t done, std::int64_t total, std::int64_t already, double elapsed_s) {
  const double share = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 1.0;
  const int filled = static_cast<int>(share * kBarWidth);
  std::string line = std::to_string(done) + "/" + std::to_string(total) + format("  %5.1f%%  [", 100 * share) +
                     std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(kBarWidth - filled), ' ') + "]";
  const double rate = elapsed_s > 0 ? static_cast<double>(done - already) / elapsed_s : 0;
  if (rate <= 0) return line;
  line += "  " + (rate >= 1 ? format("%.1f/s", rate) : format("%.1f s each", 1 / rate));
  line += done < total ? "  ETA " + duration_text(static_cast<double>(total - done) / rate) : "  in " + duration_text(elapsed_s);
  return line;
}

Progress::Progress(std::string title, std::int64_t total, std::int64_t already, std::FILE* stream)
    : title_(std::move(title)),
      total_(total),
      already_(already),
      done_(already),
      stream_(stream),
      terminal_(::isatty(::fileno(stream)) == 1),
      start_(Clock::now()),
      last_(start_) {
  if (terminal_) draw();
}

Progress::~Progress() {
  finish();
}

void Progress::update(std::int64_t done) {
  done_ = done;
  const auto every = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (finished_ || Clock::now() - last_ < every) return;
  last_ = Clock::now();
  draw();
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  draw();
  if (terminal_) std::fputc('\n', stream_);
  std::fflush(stream_);
}

void Progress::draw() {
  std::string line =
      title_ + "  " + progress_line(done_, total_, already_, std::chrono::duration<double>(Clock::now() - start_).count());
  if (!terminal_) {
    std::fprintf(stream_, "%s\n", line.c_str());
  } else {
    const std::size_t drawn = line.size();
    if (drawn < width_) line.append(width_ - drawn, ' ');
    width_ = drawn;
    std::fprintf(stream_, "\r%s", line.c_str());
  }
  std::fflush(stream_);
}

}  // namespace zlens
