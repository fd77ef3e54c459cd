#include "text/transcript_modality.h"

#include <gtest/gtest.h>

#include <fstream>

#include "io/error.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

TEST(TranscriptModality, ReadsTheTextBesideTheData) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "transcripts");
  std::filesystem::create_directories(folder / "documents");
  std::ofstream(folder / "transcripts/7.txt") << "SHOP\nTOTAL 3.00\n\n";
  const TranscriptModality modality;
  const auto prepared = modality.prepare(folder / "documents/7.jpg");
  EXPECT_EQ(modality.prompt_text(*prepared), "SHOP\nTOTAL 3.00");
  EXPECT_EQ(modality.token_count(*prepared), 0);
  EXPECT_EQ(prepared->content_hash(), modality.prepare(folder / "documents/7.png")->content_hash());
  EXPECT_EQ(TranscriptModality(folder / "transcripts").prepare(std::filesystem::path("/elsewhere/7.jpg"))->content_hash(),
            prepared->content_hash());
}

TEST(TranscriptModality, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  const TranscriptModality modality;
  EXPECT_THROW(modality.prepare(folder / "documents/8.jpg"), InputError);
  EXPECT_THROW(modality.prepare(RgbView{}), InputError);
  std::filesystem::create_directories(folder / "transcripts");
  std::filesystem::create_symlink("8.txt", folder / "transcripts/8.txt");
  EXPECT_THROW(modality.prepare(folder / "documents/8.jpg"), InputError) << "a link to itself";
}

}  // namespace
}  // namespace zlens
