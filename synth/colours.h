// The colours that small pictures are made of and that patch labels name. Free of torch and OpenCV.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace zlens::synth {

struct NamedColour {
  std::string_view name;
  int rgb;  // 0xRRGGBB
};

// Their order is that of the patch labels: it never changes.
inline constexpr std::array<NamedColour, 12> kColours = {{{"red", 0xDC2828},
                                                          {"green", 0x2E9B3C},
                                                          {"blue", 0x2850D2},
                                                          {"yellow", 0xF0D21E},
                                                          {"black", 0x141414},
                                                          {"white", 0xFAFAFA},
                                                          {"gray", 0x8C8C8C},
                                                          {"brown", 0x82501E},
                                                          {"orange", 0xF58214},
                                                          {"purple", 0x8228AA},
                                                          {"pink", 0xF582B4},
                                                          {"teal", 0x1E9696}}};

}  // namespace zlens::synth
