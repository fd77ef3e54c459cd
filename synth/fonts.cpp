#include "synth/fonts.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>

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

// Those of one package stand together.
constexpr std::array<Family, 25> kOptional = {{
    {"open-sans/OpenSans-Regular.ttf", "open-sans/OpenSans-Bold.ttf", "fonts-open-sans"},
    {"open-sans/OpenSans-CondBold.ttf", "", "fonts-open-sans"},
    {"paratype/PTS55F.ttf", "paratype/PTS75F.ttf", "fonts-paratype"},
    {"paratype/PTC55F.ttf", "paratype/PTC75F.ttf", "fonts-paratype"},
    {"paratype/PTN57F.ttf", "paratype/PTN77F.ttf", "fonts-paratype"},
    {"paratype/PTF55F.ttf", "paratype/PTF75F.ttf", "fonts-paratype"},
    {"paratype/PTZ55F.ttf", "", "fonts-paratype"},
    {"paratype/PTM55F.ttf", "paratype/PTM75F.ttf", "fonts-paratype"},
    {"crosextra/Carlito-Regular.ttf", "crosextra/Carlito-Bold.ttf", "fonts-crosextra-carlito"},
    {"crosextra/Caladea-Regular.ttf", "crosextra/Caladea-Bold.ttf", "fonts-crosextra-caladea"},
    {"clear-sans/ClearSans-Regular.ttf", "clear-sans/ClearSans-Bold.ttf", "fonts-clear-sans"},
    {"dustin/Dustismo.ttf", "dustin/dustismo_bold.ttf", "fonts-dustin"},
    {"dustin/Dustismo_Roman.ttf", "dustin/Dustismo_Roman_Bold.ttf", "fonts-dustin"},
    {"gentium-basic/GenBasR.ttf", "gentium-basic/GenBasB.ttf", "fonts-sil-gentium-basic"},
    {"tiresias/tiresias_infofont.ttf", "tiresias/tiresias_infofont_bold.ttf", "fonts-tiresias"},
    {"tiresias/tiresias_lpfont.ttf", "tiresias/tiresias_lpfont_bold.ttf", "fonts-tiresias"},
    {"tiresias/tiresias_pcfont.ttf", "tiresias/tiresias_pcfont_bold.ttf", "fonts-tiresias"},
    {"tiresias/tiresias_signfont.ttf", "tiresias/tiresias_signfont_bold.ttf", "fonts-tiresias"},
    {"tuffy/Tuffy.ttf", "tuffy/Tuffy_Bold.ttf", "fonts-tuffy"},
    {"inconsolata/Inconsolata.otf", "", "fonts-inconsolata"},
    {"../fonts-go/Go-Regular.ttf", "../fonts-go/Go-Bold.ttf", "fonts-go"},
    {"../fonts-go/Go-Mono.ttf", "../fonts-go/Go-Mono-Bold.ttf", "fonts-go"},
    {"../opentype/comic-neue/ComicNeue-Regular.otf", "../opentype/comic-neue/ComicNeue-Bold.otf", "fonts-comic-neue"},
    {"../opentype/b612/B612-Regular.otf", "../opentype/b612/B612-Bold.otf", "fonts-b612"},
    {"../opentype/b612/B612Mono-Regular.otf", "../opentype/b612/B612Mono-Bold.otf", "fonts-b612"},
}};

constexpr std::size_t kMostGlyphs = 100'000;  // about 30 MB of small ones

// A rendered character. `left` and `top` lead from the pen to the bitmap's first pixel, `top` upwards.
struct Rendered {
  int left = 0, top = 0, width = 0, rows = 0, advance = 0;
  std::vector<unsigned char> coverage;  // [rows][width]
};

struct Face {
  FT_Face face = nullptr;
  std::uint64_t number = 0;  // among the opened ones
  int size = 0;              // that is set, pixels
};

Rendered copy_of(const FT_GlyphSlotRec_& glyph) {
  const FT_Bitmap& bitmap = glyph.bitmap;
  Rendered out{glyph.bitmap_left,
               glyph.bitmap_top,
               static_cast<int>(bitmap.width),
               static_cast<int>(bitmap.rows),
               static_cast<int>(glyph.advance.x >> 6),
               {}};
  if (out.width == 0) out.rows = 0;
  out.coverage.reserve(static_cast<std::size_t>(out.width * out.rows));
  for (int row = 0; row < out.rows; ++row) {
    const unsigned char* begin = bitmap.buffer + static_cast<std::ptrdiff_t>(row) * bitmap.pitch;
    out.coverage.insert(out.coverage.end(), begin, begin + out.width);
  }
  return out;
}

void blend(cv::Mat& bgr, const Rendered& glyph, cv::Rect box, const cv::Scalar& colour) {
  const cv::Rect inside = box & cv::Rect(0, 0, bgr.cols, bgr.rows);
  for (int row = inside.y; row < inside.y + inside.height; ++row) {
    const unsigned char* coverage = glyph.coverage.data() + static_cast<std::ptrdiff_t>(row - box.y) * glyph.width - box.x;
    for (int column = inside.x; column < inside.x + inside.width; ++column) {
      cv::Vec3b& pixel = bgr.at<cv::Vec3b>(row, column);
      for (int c = 0; c < 3; ++c)
        pixel[c] = cv::saturate_cast<unsigned char>(pixel[c] + (colour[c] - pixel[c]) * coverage[column] / 255);
    }
  }
}

}  // namespace

std::span<const Family> text_families(bool unseen) {
  return unseen ? std::span<const Family>(kTextUnseen) : kText;
}

std::span<const Family> fixed_families(bool unseen) {
  return unseen ? std::span<const Family>(kFixedUnseen) : kFixed;
}

std::span<const Family> optional_families() {
  return kOptional;
}

struct Fonts::State {
  std::filesystem::path folder;
  FT_Library library = nullptr;
  std::map<std::string, Face, std::less<>> faces;
  std::unordered_map<std::uint64_t, Rendered> glyphs;  // by face, size and index
  std::optional<std::vector<Family>> installed;

  Face& face(const TextStyle& style) {
    const bool bold = style.bold && !style.family.bold.empty();
    const std::string_view name = bold ? style.family.bold : style.family.regular;
    auto found = faces.find(name);
    if (found == faces.end()) {
      const std::filesystem::path file = folder / name;
      FT_Face opened = nullptr;
      if (FT_New_Face(library, file.c_str(), 0, &opened) != 0)
        throw InputError(file.string() + ": the font cannot be read; install the Debian package " +
                         std::string(style.family.package));
      found = faces.emplace(std::string(name), Face{opened, faces.size(), 0}).first;
    }
    set_size(found->second, std::max(1, style.size), name);
    return found->second;
  }

  static void set_size(Face& face, int size, std::string_view name) {
    if (face.size == size) return;
    if (FT_Set_Pixel_Sizes(face.face, 0, static_cast<FT_UInt>(size)) != 0)
      throw InputError(std::string(name) + ": the font has no size of " + std::to_string(size) + " pixels");
    face.size = size;
  }

  const Rendered& glyph(const Face& face, FT_UInt index, const TextStyle& style) {
    const std::uint64_t key = face.number << 48 | static_cast<std::uint64_t>(face.size) << 32 | index;
    if (const auto found = glyphs.find(key); found != glyphs.end()) return found->second;
    if (glyphs.size() >= kMostGlyphs) glyphs.clear();
    const bool loaded = FT_Load_Glyph(face.face, index, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) == 0;
    const FT_GlyphSlot slot = face.face->glyph;
    const bool blank = loaded && (slot->bitmap.rows == 0 || slot->bitmap.width == 0);
    if (!loaded || (!blank && slot->bitmap.pixel_mode != FT_PIXEL_MODE_GRAY))
      throw InputError("the font " + std::string(style.family.regular) + " has a damaged glyph");
    return glyphs.emplace(key, copy_of(*slot)).first->second;
  }

  // Calls use(character, glyph, pen) for each character; returns the pen's position behind the last.
  template <typename Use>
  int walk(std::string_view text, const TextStyle& style, const Use& use) {
    const Face& font = face(style);
    const bool kerned = FT_HAS_KERNING(font.face);
    int pen = 0;
    FT_UInt before = 0;
    while (!text.empty()) {
      const CodePoint step = decode_utf8(text);
      text.remove_prefix(step.length);
      const FT_UInt index = FT_Get_Char_Index(font.face, step.value);
      FT_Vector kerning{};
      if (kerned && before && index) FT_Get_Kerning(font.face, before, index, FT_KERNING_DEFAULT, &kerning);
      pen += static_cast<int>(kerning.x >> 6);
      const Rendered& rendered = glyph(font, index, style);
      use(step.value, rendered, pen);
      pen += rendered.advance;
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
  return state_->walk(text, style, [](char32_t, const Rendered&, int) {});
}

int Fonts::capital_height(const TextStyle& style) {
  int height = 0;
  state_->walk("H", style, [&](char32_t, const Rendered& glyph, int) { height = glyph.top; });
  return height;
}

cv::Rect Fonts::draw(cv::Mat& bgr, std::string_view text, cv::Point pen, const TextStyle& style, std::vector<Glyph>* glyphs) {
  const int capitals = glyphs ? capital_height(style) : 0;
  cv::Rect ink;
  int word = glyphs && !glyphs->empty() ? glyphs->back().word + 1 : 0;
  state_->walk(text, style, [&](char32_t character, const Rendered& glyph, int x) {
    const cv::Rect box(pen.x + x + glyph.left, pen.y - glyph.top, glyph.width, glyph.rows);
    if (box.empty()) {
      ++word;
      return;
    }
    ink = ink.empty() ? box : ink | box;
    blend(bgr, glyph, box, style.colour);
    if (!glyphs) return;
    const int height = std::max(box.height, capitals / 2);
    const int top = std::min(box.y - (height - box.height) / 2, std::max(pen.y, box.br().y) - height);
    glyphs->push_back({character, box, cv::Rect(pen.x + x, top, glyph.advance, height), word});
  });
  return ink;
}

const std::vector<Family>& Fonts::installed() {
  if (!state_->installed) {
    state_->installed.emplace();
    const auto there = [&](std::string_view file) {
      std::error_code error;
      return file.empty() || std::filesystem::is_regular_file(state_->folder / file, error);
    };
    for (const Family& family : kOptional)
      if (there(family.regular) && there(family.bold)) state_->installed->push_back(family);
  }
  return *state_->installed;
}

}  // namespace zlens::synth
