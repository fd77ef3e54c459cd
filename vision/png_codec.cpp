#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>

#include "vision/image_codecs.h"

namespace zlens {

namespace {

// libpng's state and what its callbacks need. libpng leaves by longjmp: no object with a destructor may be made between
// setjmp and the calls into it.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  std::string message;

  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  static_cast<PngReader*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t count) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader->rest.size()) png_error(png, "the data ends too early");
  std::memcpy(out, reader->rest.data(), count);
  reader->rest = reader->rest.subspan(count);
}

void open_reader(PngReader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) throw std::bad_alloc();
  png_set_read_fn(reader.png, &reader, on_read);
  png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
}

// Reads the header and asks for 8-bit RGB or RGBA rows. False where libpng gave up.
bool begin(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the header check has its own
  png_read_info(reader.png, reader.info);
  png_set_expand(reader.png);
  png_set_strip_16(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool read_rows(PngReader& reader, std::vector<png_bytep>& rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows.data());
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

Image decode_png(const CheckedFile& file) {
  PngReader reader;
  reader.rest = file.bytes;
  open_reader(reader);
  if (!begin(reader)) refuse_image(file.subject, "damaged PNG: " + reader.message);
  Image image{{}, file.header.height, file.header.width};
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  const std::size_t channels = png_get_channels(reader.png, reader.info);
  if (row_bytes != channels * static_cast<std::size_t>(image.width) || (channels != 3 && channels != 4)) {
    refuse_image(file.subject, "PNG with " + std::to_string(channels) + " channels after expansion");
  }
  std::vector<std::uint8_t> pixels(row_bytes * image.height);
  std::vector<png_bytep> rows(image.height);
  for (std::int64_t y = 0; y < image.height; ++y) rows[y] = pixels.data() + y * row_bytes;
  if (!read_rows(reader, rows)) refuse_image(file.subject, "damaged PNG: " + reader.message);
  image.rgb = channels == 4 ? composite_on_white(pixels) : std::move(pixels);
  return image;
}

}  // namespace zlens
