#include "text/jinja_parser.h"

#include <algorithm>

#include "io/utf8.h"

namespace zlens {
namespace {

using StmtPtr = std::unique_ptr<JinjaStmt>;

class StatementParser : public JinjaExprParser {
 public:
  using JinjaExprParser::JinjaExprParser;

  JinjaBody run() {
    JinjaBody statements = body({});
    if (current().kind != JinjaTokenKind::end) fail_unexpected();
    return statements;
  }

 private:
  using Ends = std::initializer_list<std::string_view>;

  static StmtPtr make_stmt(JinjaStmtKind kind, int line) {
    auto stmt = std::make_unique<JinjaStmt>();
    stmt->kind = kind;
    stmt->line = line;
    return stmt;
  }

  // Statements up to a tag that starts with one of `ends`; its name is then the current token.
  JinjaBody body(Ends ends) {
    const Nesting nesting(*this);
    JinjaBody statements;
    while (current().kind != JinjaTokenKind::end) {
      if (current().kind == JinjaTokenKind::data) {
        statements.push_back(make_stmt(JinjaStmtKind::text, current().line));
        statements.back()->text = current().text;
        advance();
      } else if (current().kind == JinjaTokenKind::variable_begin) {
        statements.push_back(print());
      } else {
        expect_kind(JinjaTokenKind::block_begin);
        if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return is_name(end); })) return statements;
        add_statement(statements);
      }
    }
    if (ends.size() > 0) fail("unexpected end of template, expected '" + std::string(*(ends.end() - 1)) + "'");
    return statements;
  }

  void end_tag() { expect_kind(JinjaTokenKind::block_end); }

  JinjaBody body_until(std::string_view end) {
    JinjaBody statements = body({end});
    expect_name(end);
    end_tag();
    return statements;
  }

  StmtPtr print() {
    StmtPtr stmt = make_stmt(JinjaStmtKind::print, current().line);
    advance();
    stmt->expr = tuple();
    expect_kind(JinjaTokenKind::variable_end);
    return stmt;
  }

  void add_statement(JinjaBody& statements) {
    const int line = current().line;
    const std::string tag = take_name();
    if (tag == "if") return statements.push_back(condition(line));
    if (tag == "for") return statements.push_back(loop(line));
    if (tag == "set") return statements.push_back(assignment(line));
    if (tag == "macro") return statements.push_back(macro(line));
    if (tag == "call") return statements.push_back(call_block(line));
    if (tag == "filter") return statements.push_back(filter_block(line));
    if (tag == "with") return statements.push_back(with(line));
    if (tag == "generation") return statements.push_back(generation(line));
    if (tag == "break" || tag == "continue") return statements.push_back(jump(tag, line));
    fail_in_template(line, "unknown tag '" + tag + "'");
  }

  StmtPtr condition(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::condition, line);
    do {
      stmt->tests.push_back(tuple(false));
      end_tag();
      stmt->bodies.push_back(body({"elif", "else", "endif"}));
    } while (skip_name("elif"));
    if (skip_name("else")) {
      end_tag();
      stmt->bodies.push_back(body({"endif"}));
    }
    expect_name("endif");
    end_tag();
    return stmt;
  }

  StmtPtr loop(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::loop, line);
    stmt->target = target();
    expect_name("in");
    stmt->expr = tuple(false, "recursive");
    if (skip_name("if")) stmt->tests.push_back(expression());
    if (is_name("recursive")) fail("recursive loops are not supported");
    end_tag();
    ++loops_;
    stmt->bodies.push_back(body({"else", "endfor"}));
    --loops_;
    if (skip_name("else")) {
      end_tag();
      stmt->bodies.push_back(body({"endfor"}));
    }
    expect_name("endfor");
    end_tag();
    return stmt;
  }

  std::string target_name() {
    static constexpr std::string_view constants[] = {"true", "True", "false", "False", "none", "None"};
    std::string name = take_name();
    if (std::find(std::begin(constants), std::end(constants), name) != std::end(constants)) fail("can't assign to '" + name + "'");
    return name;
  }

  // a | a.b | a, b | (a, b)
  JinjaTarget target() {
    JinjaTarget result;
    const bool bracket = skip_symbol("(");
    result.names.push_back(target_name());
    if (!bracket && skip_symbol(".")) {
      result.attribute = take_name();
      return result;
    }
    while (skip_symbol(",")) {
      result.unpacks = true;
      if (bracket && is_symbol(")")) break;
      result.names.push_back(target_name());
    }
    if (bracket) expect_symbol(")");
    return result;
  }

  StmtPtr assignment(int line) {
    JinjaTarget assigned = target();
    const bool is_block = !is_symbol("=");
    StmtPtr stmt = make_stmt(is_block ? JinjaStmtKind::assign_block : JinjaStmtKind::assign, line);
    stmt->target = std::move(assigned);
    if (skip_symbol("=")) {
      stmt->expr = tuple();
      end_tag();
      return stmt;
    }
    stmt->expr = filter_chain(nullptr, false);
    end_tag();
    stmt->bodies.push_back(separate_body("endset"));
    return stmt;
  }

  // The body of a block that a loop around it cannot be left from.
  JinjaBody separate_body(std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    JinjaBody statements = body_until(end);
    loops_ = loops;
    return statements;
  }

  void parameters(JinjaStmt& stmt) {
    expect_symbol("(");
    while (!is_symbol(")")) {
      JinjaParameter parameter{target_name(), nullptr};
      if (skip_symbol("=")) {
        parameter.preset = expression();
      } else if (!stmt.parameters.empty() && stmt.parameters.back().preset) {
        fail("a parameter without default follows one with a default");
      }
      stmt.parameters.push_back(std::move(parameter));
      if (!is_symbol(")")) expect_symbol(",");
    }
    advance();
  }

  void macro_body(JinjaStmt& stmt, std::string_view end) {
    auto outer_names = std::exchange(seen_names_, {});
    stmt.bodies.push_back(separate_body(end));
    stmt.takes_extra = seen_names_.contains("varargs");
    stmt.takes_extra_named = seen_names_.contains("kwargs");
    seen_names_.merge(outer_names);
  }

  StmtPtr macro(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::macro, line);
    stmt->text = target_name();
    parameters(*stmt);
    end_tag();
    macro_body(*stmt, "endmacro");
    return stmt;
  }

  StmtPtr call_block(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::call_block, line);
    stmt->text = "caller";
    if (is_symbol("(")) parameters(*stmt);
    stmt->expr = expression();
    if (stmt->expr->kind != JinjaExprKind::call) fail("a call block needs a call");
    end_tag();
    macro_body(*stmt, "endcall");
    return stmt;
  }

  StmtPtr filter_block(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::filter_block, line);
    stmt->expr = filter_chain(nullptr, true);
    end_tag();
    stmt->bodies.push_back(separate_body("endfilter"));
    return stmt;
  }

  StmtPtr with(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::scope, line);
    while (current().kind != JinjaTokenKind::block_end) {
      if (!stmt->parameters.empty()) expect_symbol(",");
      JinjaParameter parameter{target_name(), nullptr};
      expect_symbol("=");
      parameter.preset = expression();
      stmt->parameters.push_back(std::move(parameter));
    }
    end_tag();
    stmt->bodies.push_back(body_until("endwith"));
    return stmt;
  }

  // Marks what an assistant wrote; for the text alone it is a scope.
  StmtPtr generation(int line) {
    StmtPtr stmt = make_stmt(JinjaStmtKind::scope, line);
    end_tag();
    stmt->bodies.push_back(separate_body("endgeneration"));
    return stmt;
  }

  StmtPtr jump(const std::string& tag, int line) {
    if (loops_ == 0) fail_in_template(line, "'" + tag + "' outside a loop");
    end_tag();
    return make_stmt(tag == "break" ? JinjaStmtKind::leave : JinjaStmtKind::next_round, line);
  }

  int loops_ = 0;
};

}  // namespace

JinjaBody parse_template(std::string_view source) {
  if (source.size() > JinjaLimits::source_bytes) {
    fail_in_template(1, "the template has " + std::to_string(source.size()) + " bytes, over the limit of " +
                            std::to_string(JinjaLimits::source_bytes));
  }
  if (!is_valid_utf8(source)) fail_in_template(1, "the template is not valid UTF-8");
  return StatementParser(tokenize_template(source)).run();
}

}  // namespace zlens
