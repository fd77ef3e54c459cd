// Which modalities there are: a plain object, filled by one visible list (app/builtin.cpp).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/modality.h"

namespace zlens {

// What a modality is built with. Options are the modality's own words (`language` of ocr), as given by --attach NAME:KEY=VALUE,….
struct ModalityOptions {
  std::map<std::string, std::string> values;
  // The value of `key`, or the fallback.
  std::string get(const std::string& key, const std::string& fallback) const;
};

struct ModalityEntry {
  std::string name;
  std::string description;                // one line for `zlens models`
  std::string input;                      // the kind of input that it reads: the NAME of --input NAME=FILE, e.g. "image"
  std::vector<std::string> option_names;  // keys of ModalityOptions that it reads; others are refused
  std::function<std::shared_ptr<const Modality>(const ModalityOptions&)> create;
};

class ModalityRegistry {
 public:
  void add(ModalityEntry entry);  // throws InputError on a name that is taken
  // Throws InputError on an unknown name (listing the known ones) or an unknown option.
  std::shared_ptr<const Modality> create(std::string_view name, const ModalityOptions& options = {}) const;
  std::vector<const ModalityEntry*> all() const;  // by name

 private:
  std::map<std::string, ModalityEntry, std::less<>> entries_;
};

}  // namespace zlens
