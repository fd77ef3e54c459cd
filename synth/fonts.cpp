#include "synth/fonts.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "io/error.h"
#include "io/utf8.h"

namespace zlens::synth {
namespace {

constexpr std::string_view kLiberation = "fonts-liberation", kDejaVu = "fonts-dejavu-core";
constexpr std::array<Family, 3> kText = {{
    {"liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf", kLiberation},
    {"liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSerif-Bold.ttf", kLiberation},
    {"dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", kDejaVu},
}};
constexpr std::array<Family, 2> kTextUnseen = {{
    {"dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSerif-Bold.ttf", kDejaVu},
    {"liberation/LiberationSansNarrow-Regular.ttf", "liberation/LiberationSansNarrow-Bold.ttf", kLiberation},
}};
constexpr std::array<Family, 1> kFixed = {
    {{"liberation/LiberationMono-Regular.ttf", "liberation/LiberationMono-Bold.ttf", kLiberation}}};
constexpr std::array<Family, 1> kFixedUnseen = {{{"dejavu/DejaVuSansMono.ttf", "dejavu/DejaVuSansMono-Bold.ttf", kDejaVu}}};

}  // namespace

std::span<const Family> text_families(bool unseen) {
  return unseen ? std::span<const Family>(kTextUnseen) : kText;
}

std::span<const Family> fixed_families(bool unseen) {
  return unseen ? std::span<const Family>(kFixedUnseen) : kFixed;
}

struct Fonts::State {
  std::filesystem::path folder;
  FT_Library library = nullptr;
  std::map<std::string, FT_Face, std::less<>> faces;

  FT_Face face(const TextStyle& style) {
    const std::string_view name = style.bold ? style.family.bold : style.family.regular;
    auto found = faces.find(name);
    if (found == faces.end()) {
      const std::filesystem::path file = folder / name;
      FT_Face opened = nullptr;
      if (FT_New_Face(library, file.c_str(), 0, &opened) != 0)
        throw InputError(file.string() + ": the font cannot be read; install the Debian package " +
                         std::string(style.family.package));
      found = faces.emplace(std::string(name), opened).first;
    }
    if (FT_Set_Pixel_Sizes(found->second, 0, static_cast<FT_UInt>(std::max(1, style.size))) != 0)
      throw InputError(std::string(name) + ": the font has no size of " + std::to_string(style.size) + " pixels");
    return found->second;
  }

  // Calls use(glyph, pen) for each character, loaded and rendered; returns the pen's position behind the last.
  template <typename Use>
  int walk(std::string_view text, const TextStyle& style, const Use& use) {
    const FT_Face font = face(style);
    int pen = 0;
    FT_UInt before = 0;
    while (!text.empty()) {
      const CodePoint step = decode_utf8(text);
      text.remove_prefix(step.length);
      const FT_UInt index = FT_Get_Char_Index(font, step.value);
      FT_Vector kerning{};
      if (before && index) FT_Get_Kerning(font, before, index, FT_KERNING_DEFAULT, &kerning);
      pen += static_cast<int>(kerning.x >> 6);
      const bool loaded = FT_Load_Glyph(font, index, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) == 0;
      const bool blank = loaded && (font->glyph->bitmap.rows == 0 || font->glyph->bitmap.width == 0);
      if (!loaded || (!blank && font->glyph->bitmap.pixel_mode != FT_PIXEL_MODE_GRAY))
        throw InputError("the font " + std::string(style.family.regular) + " has a damaged glyph");
      use(*font->glyph, pen);
      pen += static_cast<int>(font->glyph->advance.x >> 6);
      before = index;
    }
    return pen;
  }
};

Fonts::Fonts(std::filesystem::path folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
  if (FT_Init_FreeType(&state_->library) != 0) throw Error("the font library FreeType does not start");
}

Fonts::~Fonts() {
  FT_Done_FreeType(state_->library);  // its faces with it
}

int Fonts::width(std::string_view text, const TextStyle& style) {
  return state_->walk(text, style, [](const FT_GlyphSlotRec_&, int) {});
}

int Fonts::capital_height(const TextStyle& style) {
  int height = 0;
  state_->walk("H", style, [&](const FT_GlyphSlotRec_& glyph, int) { height = glyph.bitmap_top; });
  return height;
}

cv::Rect Fonts::draw(cv::Mat& bgr, std::string_view text, cv::Point pen, const TextStyle& style) {
  cv::Rect ink;
  const cv::Rect image(0, 0, bgr.cols, bgr.rows);
  state_->walk(text, style, [&](const FT_GlyphSlotRec_& glyph, int x) {
    const FT_Bitmap& bitmap = glyph.bitmap;
    const cv::Rect box(pen.x + x + glyph.bitmap_left, pen.y - glyph.bitmap_top, static_cast<int>(bitmap.width),
                       static_cast<int>(bitmap.rows));
    if (box.empty()) return;
    ink = ink.empty() ? box : ink | box;
    const cv::Rect inside = box & image;
    for (int row = inside.y; row < inside.y + inside.height; ++row) {
      const unsigned char* coverage = bitmap.buffer + static_cast<std::ptrdiff_t>(row - box.y) * bitmap.pitch - box.x;
      for (int column = inside.x; column < inside.x + inside.width; ++column) {
        cv::Vec3b& pixel = bgr.at<cv::Vec3b>(row, column);
        for (int c = 0; c < 3; ++c)
          pixel[c] = cv::saturate_cast<unsigned char>(pixel[c] + (style.colour[c] - pixel[c]) * coverage[column] / 255);
      }
    }
  });
  return ink;
}

}  // namespace zlens::synth
