// What Python says: written by tests/fixtures/make_metrics.py.
#pragma once

#include "io/json.h"

namespace zlens {

inline const Json& python_vectors() {
  static const Json loaded = read_json_file(ZLENS_FIXTURES "/metrics/python.json");
  return loaded;
}

}  // namespace zlens
