#include "text/transcript_modality.h"

#include "io/error.h"
#include "io/mapped_file.h"
#include "io/regular_file.h"
#include "io/sha256.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr int kFoldersUp = 3;
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

class Transcript : public Prepared {
 public:
  explicit Transcript(std::string text) : text_(std::move(text)), hash_(sha256_hex("transcript\n" + text_)) {}
  const std::string& content_hash() const override { return hash_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_, hash_;
};

std::string transcript_name(const fs::path& image) {
  return image.stem().string() + ".txt";
}

// Empty where there is none.
fs::path find_transcript(const fs::path& image, const fs::path& folder) {
  const std::string name = transcript_name(image);
  if (!folder.empty()) return folder / name;
  fs::path above = fs::absolute(image).parent_path();
  for (int i = 0; i < kFoldersUp; ++i, above = above.parent_path())
    if (has_regular_file(above / "transcripts" / name)) return above / "transcripts" / name;
  return {};
}

}  // namespace

std::shared_ptr<const Prepared> TranscriptModality::prepare(const RawInput& input) const {
  const auto* image = std::get_if<fs::path>(&input);
  if (!image) throw InputError("a transcript can only be found for an image that is a file");
  const fs::path file = find_transcript(*image, folder_);
  if (file.empty()) throw InputError(image->string() + ": no transcripts/" + transcript_name(*image) + " in the folders above it");
  std::string text = read_text_file(file, kMaxBytes);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return std::make_shared<Transcript>(std::move(text));
}

std::vector<fs::path> TranscriptModality::files(const RawInput& input) const {
  const auto* image = std::get_if<fs::path>(&input);
  const fs::path file = image ? find_transcript(*image, folder_) : fs::path();
  return file.empty() ? std::vector<fs::path>() : std::vector{file};
}

std::string TranscriptModality::prompt_text(const Prepared& prepared) const {
  return dynamic_cast<const Transcript&>(prepared).text();
}

ModalityEntry transcript_modality_entry() {
  return {.name = "transcript",
          .description = "the text of transcripts/<image stem>.txt beside the data, in place of the image",
          .input = "image",
          .option_names = {"folder"},
          .create = [](const ModalityOptions& options) { return std::make_shared<TranscriptModality>(options.get("folder", "")); }};
}

}  // namespace zlens
