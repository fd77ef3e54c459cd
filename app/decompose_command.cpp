#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "app/command_line.h"
#include "app/interrupt.h"
#include "eval/progress.h"
#include "experts/base_hash.h"
#include "experts/factors.h"
#include "io/error.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr Usage kUsage = {
    "decompose --model M [--dtype bf16] [--threads N]",
    "Factors every matrix that experts can adapt (W = U diag(S) V') into the cache, for the dtype that the model will run in. "
    "Whatever\n"
    "needs factors does this by itself; here it can be done ahead. Interrupted or killed, the same command goes on where it was."};

std::uintmax_t bytes_below(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

po::options_description decompose_flags() {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("memory", po::value<double>()->default_value(4, "4")->value_name("GB"),
                      "matrices are worked on at once as far as they fit in this")("json", "print a JSON object");
  return flags;
}

std::string short_number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2g", value);
  return buffer;
}

void print(const Json& out) {
  std::cout << out.at("matrices") << " matrices, " << out.at("computed") << " of them computed now in "
            << duration_text(out.at("seconds").get<double>())
            << "\nlargest |W - USV'| / |W|: " << short_number(out.at("error").get<double>())
            << "\nlargest row of U'U - 1, V'V - 1: " << short_number(out.at("orthogonality").get<double>())
            << "\ncache: " << out.at("folder").get<std::string>() << " (" << out.at("bytes").get<std::uintmax_t>() / 1000000
            << " MB)\n";
}

}  // namespace

int decompose_command(const std::vector<std::string>& arguments) {
  po::options_description flags = decompose_flags();
  flags.add(model_flags());
  const auto values = parse_arguments(arguments, flags, {}, kUsage);
  if (!values) return 0;
  const double memory = (*values)["memory"].as<double>();
  if (!(memory > 0 && memory < 1e6)) throw InputError("--memory must be a number of gigabytes above 0");
  const Session session(base_session_options(*values));
  const auto model = session.model();
  FactorStore factors(model, base_hash(*model, user_cache_folder()), user_cache_folder() / "factors");
  std::unique_ptr<Progress> progress;
  const auto start = std::chrono::steady_clock::now();
  const DecomposeSummary done = factors.decompose({.progress =
                                                       [&](std::int64_t at, std::int64_t total, std::int64_t already) {
                                                         if (!progress)
                                                           progress = std::make_unique<Progress>("decompose", total, already);
                                                         progress->update(at);
                                                       },
                                                   .stop = [] { return caught_signal() != 0; },
                                                   .memory_bytes = static_cast<std::size_t>(memory * 1e9)});
  progress.reset();
  if (!done.complete) {
    std::cerr << "zlens: stopped after " << done.already + done.computed << " of " << done.matrices
              << " matrices; the same command goes on\n";
    return 1;
  }
  const Json out = {{"base", factors.base_hash()},
                    {"matrices", done.matrices},
                    {"computed", done.computed},
                    {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()},
                    {"error", done.error},
                    {"orthogonality", done.orthogonality},
                    {"folder", factors.folder().string()},
                    {"bytes", bytes_below(factors.folder())}};
  if (values->contains("json")) {
    std::cout << out.dump(2) << "\n";
  } else {
    print(out);
  }
  return 0;
}

}  // namespace zlens
