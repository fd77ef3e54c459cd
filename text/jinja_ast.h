// The tree of a parsed template.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_value.h"

namespace zlens {

struct JinjaExpr;
struct JinjaStmt;
using JinjaExprPtr = std::unique_ptr<JinjaExpr>;
using JinjaBody = std::vector<std::unique_ptr<JinjaStmt>>;

enum class JinjaExprKind {
  constant,   // value
  name,       // text
  list,       // children
  tuple,      // children
  dict,       // children: key, value, key, value, …
  attribute,  // children[0].text
  item,       // children[0][children[1]]
  slice,      // children[0][children[1]:children[2]:children[3]]; null where left out
  call,       // children[0](the rest, then named)
  filter,     // children[0] | filter(the rest, then named)
  test,       // children[0] is test(the rest, then named)
  negate,     // -children[0]
  plus,       // +children[0]
  invert,     // not children[0]
  both,       // children[0] and children[1]
  either,     // children[0] or children[1]
  choice,     // children[0] if children[1] else children[2], which may be null
  binary,     // children[0] op children[1]
  concat,     // children joined as text
  compare,    // children[0] operators[0] children[1] operators[1] children[2] …
};

struct JinjaExpr {
  JinjaExprKind kind;
  int line = 1;
  int depth = 1;
  std::string text;
  JinjaValue value;
  JinjaOperator op = JinjaOperator::add;
  JinjaFilter filter = nullptr;
  JinjaTest test = nullptr;
  std::vector<JinjaExprPtr> children;
  std::vector<std::pair<std::string, JinjaExprPtr>> named;
  std::vector<std::string> operators;  // "==", "!=", "<", "<=", ">", ">=", "in", "not in"
};

enum class JinjaStmtKind {
  text,          // text
  print,         // expr
  condition,     // tests[i] ? bodies[i]; one more body is the else
  loop,          // for target in expr if tests[0]: bodies[0], else bodies[1]
  assign,        // target = expr
  assign_block,  // target = bodies[0] through expr, a chain of filters over a null value, where given
  macro,         // macro text(parameters): bodies[0]
  call_block,    // call expr with bodies[0] as caller(parameters)
  filter_block,  // bodies[0] through expr
  scope,         // targets of `with` (parameters name = default), then bodies[0]
  leave,         // break
  next_round,    // continue
};

struct JinjaTarget {
  std::vector<std::string> names;  // several: unpacking
  std::string attribute;           // of the namespace names[0], where not empty
  bool unpacks = false;
};

struct JinjaParameter {
  std::string name;
  JinjaExprPtr preset;  // null where there is none
};

struct JinjaStmt {
  JinjaStmtKind kind;
  int line = 1;
  std::string text;
  JinjaExprPtr expr;
  JinjaTarget target;
  std::vector<JinjaExprPtr> tests;
  std::vector<JinjaBody> bodies;
  std::vector<JinjaParameter> parameters;
  bool takes_extra = false, takes_extra_named = false;  // a macro that reads varargs, kwargs
};

}  // namespace zlens
