#include <filesystem>

#include "support/model_folder.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::filesystem::create_directories(argv[1]);
  zlens::write_model_folder("llama3", argv[1]);
}
