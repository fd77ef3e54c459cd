// Loads a model by path and asks it one question: consumer MODEL QUESTION
#include <exception>
#include <iostream>

#include "app/session.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    zlens::SessionOptions options;
    options.model = argv[1];
    options.dtype = "fp32";
    const zlens::Session session(options);
    std::cout << session.ask({.question = argv[2]}, {.max_new_tokens = 4}).new_tokens << " tokens\n";
  } catch (const std::exception& error) {
    std::cerr << "consumer: " << error.what() << "\n";
    return 1;
  }
}
