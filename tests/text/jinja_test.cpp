// The engine against jinja2 (tests/fixtures/make_chat_templates.py), and against templates that mean harm.
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "text/chat_template.h"

namespace zlens {
namespace {

std::string render(const std::string& source, const OrderedJson& variables = OrderedJson::object(), std::int64_t now = 0) {
  ChatOptions options;
  options.add_generation_prompt = false;
  options.variables = variables;
  options.now = now;
  return ChatTemplate(source).render(Json::array(), options);
}

std::string message_of(const std::string& source, const OrderedJson& variables = OrderedJson::object()) {
  try {
    return "no error, but: " + render(source, variables);
  } catch (const InputError& error) {
    return error.what();
  }
}

// Of this process alone: other work on the machine does not count.
double seconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double time_limit = 15;
#else
constexpr double time_limit = 1;
#endif

// In the file's order, which templates print.
OrderedJson snippets() {
  return OrderedJson::parse(read_text_file(std::string(ZLENS_FIXTURES) + "/chat_templates/snippets.json"));
}

TEST(Jinja, SnippetsRenderAsJinja2DoesOrFailWhereItFails) {
  const OrderedJson fixture = snippets();
  ASSERT_GE(fixture["cases"].size(), 250u);
  for (const OrderedJson& snippet : fixture["cases"]) {
    const std::string source = snippet["template"];
    SCOPED_TRACE(source);
    if (snippet["expected"].is_null()) {
      EXPECT_THROW(render(source, snippet["variables"], fixture["now"]), InputError);
      continue;
    }
    std::string text;
    EXPECT_NO_THROW(text = render(source, snippet["variables"], fixture["now"])) << message_of(source, snippet["variables"]);
    EXPECT_EQ(text, snippet["expected"].get<std::string>());
  }
}

// Every prefix of a template is either a template or refused with an InputError: nothing else may escape.
TEST(Jinja, CutTemplatesParseOrAreRefused) {
  const OrderedJson fixture = snippets();
  for (const OrderedJson& snippet : fixture["cases"]) {
    const std::string source = snippet["template"];
    for (std::size_t length = 0; length < source.size(); ++length) {
      try {
        render(source.substr(0, length), snippet["variables"]);
      } catch (const InputError&) {
      }
    }
  }
}

TEST(Jinja, ErrorsNameTheLineOnOneLine) {
  EXPECT_NE(message_of("a\n{{ 1 }}\n{{ nope.x }}").find("line 3"), std::string::npos);
  EXPECT_NE(message_of("a\n{% if %}").find("line 2"), std::string::npos);
  EXPECT_NE(message_of("{{ raise_exception('first\nsecond') }}").find("first second"), std::string::npos);
  const OrderedJson fixture = snippets();
  for (const OrderedJson& snippet : fixture["cases"]) {
    if (!snippet["expected"].is_null()) continue;
    const std::string message = message_of(snippet["template"]);
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(message.rfind("chat template, line ", 0), 0u) << message;
  }
}

TEST(Jinja, OneTemplateServesSeveralThreads) {
  const ChatTemplate shared(
      "{% set ns = namespace(n=0) %}{% for i in range(200) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) threads.emplace_back([&] { result = shared.render(Json::array()); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, "19900");
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string in_loops(int depth, const std::string& range, const std::string& body) {
  return repeat("{% for i in " + range + " %}", depth) + body + repeat("{% endfor %}", depth);
}

// A string of `mebibytes` in s.
std::string long_text(int mebibytes) {
  return "{% set s = 'a' * " + std::to_string(mebibytes << 20) + " %}";
}

std::vector<std::string> hostile_templates() {
  const std::string thousand = "range(1000)";
  const std::string many = "range(100000)";
  return {
      in_loops(4, thousand, ""),
      in_loops(3, many, "x"),
      in_loops(90, "range(2)", "{% set x = 1 %}"),
      "{{ range(1000000000) | length }}",
      "{{ range(-9223372036854775807, 9223372036854775807) | length }}",
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = ns.s ~ ns.s %}"),
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = ns.s + ns.s %}"),
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = ns.s.replace('a', 'aa') %}"),
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = ns.s.replace('', ns.s) %}"),
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = ns.s.join([ns.s, ns.s, ns.s]) %}"),
      "{% set ns = namespace(s='ab') %}" + in_loops(1, many, "{% set ns.s = [ns.s, ns.s] | join(ns.s) %}"),
      "{% set ns = namespace(l=[1]) %}" + in_loops(1, many, "{% set ns.l = ns.l + ns.l %}"),
      "{% set ns = namespace(l=[1]) %}" + in_loops(1, many, "{% set ns.l = [ns.l] %}"),
      "{% set ns = namespace(l=[1]) %}" + in_loops(1, many, "{% set ns.l = {'a': ns.l} %}"),
      "{% set ns = namespace(l=[1]) %}" + in_loops(1, "range(60)", "{% set ns.l = [ns.l, ns.l] %}") + "{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}" + in_loops(1, "range(60)", "{% set ns.l = [ns.l, ns.l] %}") + "{{ ns.l | tojson }}",
      "{% set ns = namespace(l=[1], m=[2]) %}" + in_loops(1, "range(60)", "{% set ns.l = [ns.l, 1] %}{% set ns.m = [ns.m, 1] %}") +
          in_loops(2, many, "{{ ns.l == ns.m }}"),
      "{% set ns = namespace(l=1) %}" + in_loops(1, many, "{% for j in [ns.l] %}{% set ns.l = loop %}{% endfor %}"),
      "{% set ns = namespace(l=[]) %}" + in_loops(1, many, "{% set ns.l = [ns.l].index %}"),
      "{{ 'ab' * 10000000000 }}",
      "{{ [1, 2] * 10000000000 }}",
      "{{ 'x'.ljust(10000000000) }}",
      "{{ '%1000000000d' % 1 }}",
      "{{ '{:1000000000}'.format(1) }}",
      "{{ '%.1000000f' % 1.5 }}",
      "{{ 2 ** 100000000000 }}",
      "{{ 9223372036854775807 + 1 }}",
      "{{ [1] | tojson(indent=1000000000) }}",
      "{{ [1] | batch(1000000000, 1) | list }}",
      repeat("{{ x | indent(1000000) }}", 1).replace(3, 1, "'a\\nb'") + in_loops(2, many, "{{ 'a\\nb\\nc' | indent(100000) }}"),
      "{{ " + repeat("(", 100000) + "1" + repeat(")", 100000) + " }}",
      "{{ " + repeat("[", 100000) + repeat("]", 100000) + " }}",
      "{{ " + repeat("{1:", 50000) + "1" + repeat("}", 50000) + " }}",
      "{{ " + repeat("not ", 60000) + "1 }}",
      "{{ " + repeat("-", 200000) + "1 }}",
      "{{ 1" + repeat(" + 1", 60000) + " }}",
      "{{ x" + repeat(".a", 100000) + " }}",
      "{{ x" + repeat("[0]", 80000) + " }}",
      "{{ x" + repeat(" | list", 30000) + " }}",
      "{{ 1" + repeat(" if 1 else 1", 20000) + " }}",
      "{{ 1" + repeat(" and 1", 40000) + " }}",
      repeat("{% if 1 %}", 25000),
      repeat("{% if 1 %}", 8000) + repeat("{% endif %}", 8000),
      repeat("{% set x %}", 8000) + repeat("{% endset %}", 8000),
      repeat("{% for i in x %}", 200) + repeat("{% endfor %}", 200),
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
      "{% macro m(n, x=m(n)) %}{% endmacro %}{{ m(1) }}",
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
      "{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}",
      "{% macro m(c) %}{% macro n() %}{{ c() }}{% endmacro %}{{ m(n) }}{% endmacro %}{{ m(m) }}",
      long_text(8) + in_loops(2, many, "{{ s.find('" + repeat("a", 1000) + "b') }}"),
      long_text(8) + "{% set t = ('a' * 4000000) ~ 'b' %}" + in_loops(1, many, "{% if t in s %}{% endif %}"),
      long_text(8) + in_loops(1, many, "{% set u = s[::-1] %}"),
      long_text(8) + in_loops(1, many, "{% set u = s[4000000] %}"),
      long_text(8) + in_loops(1, many, "{% set u = s | upper %}"),
      long_text(8) + in_loops(1, many, "{% set u = s.strip('a') %}"),
      long_text(8) + in_loops(1, many, "{% set u = s.split('a') %}"),
      long_text(8) + in_loops(1, many, "{% set u = s.rsplit('b', 1) %}"),
      long_text(8) + in_loops(1, many, "{% set u = s | length %}"),
      long_text(8) + in_loops(1, many, "{% set u = s == s ~ 'b' %}"),
      long_text(8) + in_loops(1, many, "{% set u = s | tojson %}"),
      long_text(8) + in_loops(1, many, "{% for c in s %}{% break %}{% endfor %}"),
      long_text(8) + "{{ s.strip(s) }}",
      long_text(15) + in_loops(1, thousand, "{{ s }}"),
      long_text(8) + in_loops(1, many, "{% set u = '%s' % s %}"),
      long_text(8) + in_loops(1, many, "{% set u = strftime_now(s) %}"),
      long_text(8) + "{{ strftime_now('%' ~ s) }}",
      "{% set d = dict(range(3000) | map('string') | batch(2)) %}" + in_loops(2, many, "{{ d['x'] }}"),
      "{% set p = 'a.' * 4000000 %}" + in_loops(1, many, "{% set u = [{}] | map(attribute=p, default={}) | list %}"),
      "{% set t = ('b',) * 100000 %}" + in_loops(1, many, "{% set u = 'a'.startswith(t) %}"),
      "{% set t = ('a',) + ('b',) * 100000 %}" + in_loops(2, many, "{% set u = 'a'.endswith(t) %}"),
      long_text(1) + "{% set d = {s ~ 'b': 1, s ~ 'c': 2, s ~ 'd': 3, s ~ 'e': 4} %}{% set k = s ~ 'f' %}" +
          in_loops(2, many, "{% set u = d[k] %}"),
      in_loops(2, many, "{% set u = range(100000) | sort %}"),
      in_loops(2, many, "{% set u = range(100000) | unique | list %}"),
      in_loops(2, many, "{% set u = range(100000) | map('string') | join %}"),
      "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
      "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a | tojson }}",
      "{{ range }}",
      "{{ [1] | map('upper') }}",
      repeat("{{ '", 40000),
      "{{ '" + repeat("\\", 100001) + "' }}",
      repeat("{#", 100000),
      repeat("{% raw %}", 20000),
      repeat("{% raw %}{% endraw ", 10000),
      "{{ '\\ud800' }}",
      "{{ '\\xff\\N{BULLET}' }}",
      "\xff\xfe{{ 1 }}",
      repeat("x", 300 * 1024),
      "{% include 'x' %}",
      "{% import 'x' as y %}",
      "{% extends 'x' %}",
      "{{ ''.__class__.__mro__[1].__subclasses__() }}",
      "{{ cycler.__init__.__globals__ }}",
  };
}

TEST(Jinja, HostileTemplatesAreRefusedInTime) {
  const std::vector<std::string> templates = hostile_templates();
  ASSERT_GE(templates.size(), 25u);
  for (const std::string& source : templates) {
    SCOPED_TRACE(source.substr(0, 120));
    const std::clock_t start = std::clock();
    const std::string message = message_of(source);
    const double seconds = seconds_since(start);
    EXPECT_EQ(message.rfind("chat template, line ", 0), 0u) << message.substr(0, 200);
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_LT(message.size(), 600u);
    EXPECT_LT(seconds, time_limit) << message;
  }
}

// Sources that take long where a lexer looks back or ahead too far; they are valid and must be quick.
TEST(Jinja, LongTemplatesTakeLinearTime) {
  const int count = 40000;
  const std::string spaces(200000, ' ');
  const std::vector<std::string> sources = {repeat("{{1}}\n", count),
                                            repeat("{ { ", count),
                                            repeat("{%set a=1%}", count / 2),
                                            spaces + "{%- set a = 1 -%}" + std::string(50000, '\n'),
                                            repeat("\n ", count),
                                            "{{ 1" + spaces + "}}",
                                            "{{ [" + repeat("1,", count) + "] | length }}"};
  for (const std::string& source : sources) {
    SCOPED_TRACE(source.substr(0, 40));
    const std::clock_t start = std::clock();
    EXPECT_NO_THROW(render(source));
    const double seconds = seconds_since(start);
    EXPECT_LT(seconds, time_limit);
  }
}

TEST(Jinja, RequestsAreBoundedToo) {
  Json deep = 1;
  for (int i = 0; i < 200; ++i) deep = Json::array({deep});
  EXPECT_NE(message_of("{{ x }}", {{"x", deep}}).find("deeper"), std::string::npos);
  EXPECT_NE(message_of("{{ x }}", {{"x", 18446744073709551615ull}}).find("2^63"), std::string::npos);
  EXPECT_EQ(render("{{ x }}", {{"x", "a\xff z"}}), "a\xef\xbf\xbd z");
}

TEST(Jinja, DictsOfARequestKeepTheirOrder) {
  const OrderedJson tool = {{"type", "function"},
                            {"function", {{"name", "f"}, {"description", "d"}, {"arguments", {{"z", 1}, {"a", 2}}}}}};
  EXPECT_EQ(render("{{ tool | tojson }}", {{"tool", tool}}),
            R"({"type": "function", "function": {"name": "f", "description": "d", "arguments": {"z": 1, "a": 2}}})");
  EXPECT_EQ(ChatTemplate("{{ messages[0] }}").render(OrderedJson::array({{{"role", "user"}, {"content", "x"}}})),
            "{'role': 'user', 'content': 'x'}");
}

TEST(Jinja, DictLiteralsKeepTheirOrder) {
  EXPECT_EQ(render("{{ {'z': 1, 'a': 2, 'm': 3} | tojson }}"), R"({"z": 1, "a": 2, "m": 3})");
}

}  // namespace
}  // namespace zlens
