#include <csetjmp>
#include <cstdio>  // jpeglib.h uses FILE without including it
#include <new>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "vision/image_codecs.h"

namespace zlens {

namespace {

// libjpeg fills missing or damaged data with grey and goes on with a warning; OpenCV hides these warnings, so the library is
// called directly. It leaves by longjmp: no object with a destructor may be made between setjmp and the calls into it.
struct JpegReader {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf stop;
  char message[JMSG_LENGTH_MAX] = {};

  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
  auto* reader = static_cast<JpegReader*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reader->message);
  std::longjmp(reader->stop, 1);
}

// Warnings that mean lost picture data. Others (bytes between segments, odd markers) occur in whole pictures.
bool loses_data(int code) {
  switch (code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_PROGRESSION:
      return true;
    default:
      return false;
  }
}

void on_message(j_common_ptr jpeg, int level) {
  if (level < 0 && loses_data(jpeg->err->msg_code)) on_error(jpeg);
}

bool begin(JpegReader& reader, const CheckedFile& file) {
  if (setjmp(reader.stop) != 0) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.client_data = &reader;
  const auto* data = reinterpret_cast<const unsigned char*>(file.bytes.data());
  jpeg_mem_src(&reader.jpeg, data, file.bytes.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  reader.jpeg.out_color_space = reader.jpeg.num_components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&reader.jpeg);
  return true;
}

bool read_rows(JpegReader& reader, std::uint8_t* pixels, std::size_t row_bytes) {
  if (setjmp(reader.stop) != 0) return false;
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = pixels + row_bytes * reader.jpeg.output_scanline;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

// [n, 4] CMYK -> [n, 3] RGB without a profile. Adobe's files store the complement of the ink.
std::vector<std::uint8_t> cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, bool inverted) {
  std::vector<std::uint8_t> rgb(cmyk.size() / 4 * 3);
  for (std::size_t i = 0; i < cmyk.size() / 4; ++i) {
    const int light = inverted ? cmyk[4 * i + 3] : 255 - cmyk[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const int channel = inverted ? cmyk[4 * i + c] : 255 - cmyk[4 * i + c];
      rgb[3 * i + c] = static_cast<std::uint8_t>((channel * light + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace

Image decode_jpeg(const CheckedFile& file) {
  JpegReader reader;
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.jpeg.client_data = &reader;
  if (!begin(reader, file)) refuse_image(file.subject, std::string("damaged JPEG: ") + reader.message);
  Image image{{}, file.header.height, file.header.width};
  const auto channels = static_cast<std::size_t>(reader.jpeg.output_components);
  if (reader.jpeg.output_width != image.width || reader.jpeg.output_height != image.height || (channels != 3 && channels != 4)) {
    refuse_image(file.subject, "damaged JPEG: two frame headers disagree");
  }
  const std::size_t row_bytes = channels * image.width;
  std::vector<std::uint8_t> pixels(row_bytes * image.height);
  if (!read_rows(reader, pixels.data(), row_bytes)) refuse_image(file.subject, std::string("damaged JPEG: ") + reader.message);
  image.rgb = channels == 4 ? cmyk_to_rgb(pixels, reader.jpeg.saw_Adobe_marker != 0) : std::move(pixels);
  return image;
}

}  // namespace zlens
