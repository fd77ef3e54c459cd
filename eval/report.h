// A run as one web page that needs nothing else: no network, no other files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eval/image_data.h"
#include "eval/record.h"
#include "eval/task.h"
#include "io/json.h"

namespace zlens {

struct ReportOptions {
  Thumbnailer thumbnailer;                              // empty: original_image
  std::size_t max_image_bytes = std::size_t{64} << 20;  // of all images before encoding; later ones are named only
};

struct ReportData {
  Json config, summary;
  std::vector<SampleRecord> records;                       // in the order of the page
  std::vector<std::vector<std::filesystem::path>> images;  // of each record, as in its `images`; empty: names only
  bool finished = true;
};

// The page. All text from the run is escaped; a content security policy forbids every request and any script but the page's own.
std::string render_report(const ReportData& data, const ReportOptions& options);

// Reads the run `folder` (also an unfinished one) and, where config.json's `data` still can be read, the samples' image files.
// Throws InputError where the folder holds no run.
ReportData read_report_data(const std::filesystem::path& folder, const TaskRegistry& tasks);

// Writes <folder>/report.html.
void write_report(const std::filesystem::path& folder, const TaskRegistry& tasks, const ReportOptions& options);

}  // namespace zlens
