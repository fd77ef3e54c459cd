// zlens inside a program: an image in memory in, an answer out.
//   embed IMAGE QUESTION [MODEL]
#include <exception>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "app/session.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: embed IMAGE QUESTION [MODEL]\n";
    return 2;
  }
  try {
    cv::Mat image = cv::imread(argv[1], cv::IMREAD_COLOR);
    if (image.empty()) throw std::runtime_error(std::string(argv[1]) + ": cannot be read");
    cv::cvtColor(image, image, cv::COLOR_BGR2RGB);

    // Loading takes most of the time: keep the session. Several threads may ask it at once.
    zlens::SessionOptions options;
    options.model = argc > 3 ? argv[3] : "smollm2";
    options.attachments = {{"ocr", {}}};
    const zlens::Session session(options);

    // The view does not own the pixels: they must live until ask() returns.
    const zlens::RgbView view{image.data, image.rows, image.cols, static_cast<std::int64_t>(image.step)};
    const zlens::Reply reply = session.ask({.question = argv[2], .inputs = {{"image", view}}});

    std::cout << reply.answer << "\n";
    for (const zlens::Evidence& word : reply.evidence)
      std::cout << "  from '" << word.text << "' at x " << word.left << ", y " << word.top << ", " << word.width << " x "
                << word.height << "\n";
  } catch (const std::exception& error) {
    std::cerr << "embed: " << error.what() << "\n";
    return 1;
  }
}
