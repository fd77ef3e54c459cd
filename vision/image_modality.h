// What the image modalities of all vision-language families share: decoding, preprocessing, placeholders.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "modules/model_family.h"
#include "vision/image_processor_config.h"
#include "vision/preprocess.h"

namespace zlens {

class PreparedImage : public Prepared {
 public:
  PreparedImage(PreparedViews views, std::string content_hash) : views_(std::move(views)), hash_(std::move(content_hash)) {}
  const std::string& content_hash() const override { return hash_; }
  const PreparedViews& views() const { return views_; }

 private:
  PreparedViews views_;
  std::string hash_;
};

class ImageModality : public Modality {
 public:
  std::string placeholder() const override { return placeholder_; }
  // Throws InputError, too, where processor and encoder disagree about sizes or the number of tokens.
  std::shared_ptr<const Prepared> prepare(const RawInput& input) const override;
  // The placeholder as often as there are embeddings.
  std::string prompt_text(const Prepared& prepared) const override;
  std::int64_t token_count(const Prepared& prepared) const override;
  at::Tensor encode(const Prepared& prepared, Context& context) const override;
  at::Tensor encode_all(const std::vector<const Prepared*>& inputs, Context& context) const override;
  // pixel_values: all views of all inputs, one after the other, [N, 3, H, W].
  std::map<std::string, at::Tensor> tensors(const std::vector<const Prepared*>& inputs) const override;

  const ImageProcessorConfig& processor() const { return processor_; }

 protected:
  // Keys of `processor.tokens` that the files leave open are what the encoder yields.
  ImageModality(ImageProcessorConfig processor, std::string placeholder)
      : processor_(std::move(processor)), placeholder_(std::move(placeholder)) {}
  ImageTokenKeys& token_keys() { return processor_.tokens; }

  // Embeddings of a picture, as the encoder gives them. Default: tokens_of_view for every view.
  virtual std::int64_t count(const PreparedViews& views) const;
  // Of one view, all of which have one size. Throws InputError where the tower has no such size.
  virtual std::int64_t tokens_of_view(const PreparedViews& views) const = 0;
  // As the files of the processor say it. Default: image_token_count.
  virtual std::int64_t promised(const PreparedViews& views) const;
  virtual at::Tensor features(const PreparedViews& views, Context& context) const = 0;  // -> [count, D]
  // True where `features` gives rows for view after view, each by itself.
  virtual bool views_stand_alone() const { return true; }

  static const PreparedViews& views_of(const Prepared& prepared);
  static std::string subject_of(const FamilyFiles& files) { return (files.folder / "config.json").string(); }

 private:
  // Before any pixel is touched, what would be too large for the encoder, or other than it expects, is refused.
  void check(const PreparedViews& planned, const std::string& subject) const;

  ImageProcessorConfig processor_;
  std::string placeholder_;
};

}  // namespace zlens
