#include <array>
#include <vector>

#include "synth/exercises.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

// The numbers of a story in the order of {a}, {b}, {c}, and the answer.
struct Numbers {
  std::vector<Decimal> shown;
  Decimal answer;
};
using DrawNumbers = Numbers (*)(Rng&);

Decimal whole(Rng& rng, std::int64_t low, std::int64_t high) {
  return {rng.integer(low, high), 0};
}

Numbers two_sum(Rng& rng) {
  const Decimal a = whole(rng, 3, 60), b = whole(rng, 2, 40);
  return {{a, b}, a + b};
}

Numbers three_sum(Rng& rng) {
  const Decimal a = whole(rng, 2, 30), b = whole(rng, 2, 30), c = whole(rng, 2, 30);
  return {{a, b, c}, a + b + c};
}

// What is left of a after b was taken.
Numbers rest(Rng& rng) {
  const Decimal b = whole(rng, 2, 40), left = whole(rng, 1, 50);
  return {{b + left, b}, left};
}

Numbers rest_of_two(Rng& rng) {
  const Decimal b = whole(rng, 2, 20), c = whole(rng, 2, 20), left = whole(rng, 1, 40);
  return {{b + c + left, b, c}, left};
}

Numbers rest_and_more(Rng& rng) {
  const Decimal b = whole(rng, 2, 20), left = whole(rng, 1, 30), c = whole(rng, 2, 30);
  return {{b + left, b, c}, left + c};
}

Numbers product(Rng& rng) {
  const Decimal a = whole(rng, 2, 12), b = whole(rng, 2, 20);
  return {{a, b}, a * b};
}

Numbers share(Rng& rng) {
  const Decimal each = whole(rng, 2, 15), b = whole(rng, 2, 9);
  return {{each * b, b}, each};
}

Numbers product_and_more(Rng& rng) {
  const Decimal a = whole(rng, 2, 9), b = whole(rng, 2, 12), c = whole(rng, 2, 30);
  return {{a, b, c}, a * b + c};
}

// a paid, b pieces at c each: the change.
Numbers change(Rng& rng) {
  const Decimal b = whole(rng, 2, 9), c = whole(rng, 2, 9), left = whole(rng, 1, 20);
  return {{b * c + left, b, c}, left};
}

Numbers price(Rng& rng) {
  const Decimal a = whole(rng, 2, 6), b{rng.integer(2, 39) * 25, 2};
  return {{a, b}, a * b};
}

Numbers price_sum(Rng& rng) {
  const Decimal a{rng.integer(4, 200) * 5, 2}, b{rng.integer(4, 200) * 5, 2};
  return {{a, b}, a + b};
}

Numbers half_more(Rng& rng) {
  const Decimal a = whole(rng, 2, 40);
  return {{a}, a + a};
}

struct Story {
  std::string_view text;  // {p}, {q}: people; {i}: things; {a}, {b}, {c}: numbers
  DrawNumbers draw;
};

constexpr std::array<Story, 26> kStories = {{
    {"{p} has {a} {i}. {q} gives {p} {b} more. How many {i} does {p} have now?", two_sum},
    {"There are {a} {i} on the table and {b} {i} in the box. How many {i} are there in all?", two_sum},
    {"{p} is {a} years old. {q} is {b} years older. How old is {q}?", two_sum},
    {"{p} walks {a} km in the morning and {b} km in the evening. How many km does {p} walk?", two_sum},
    {"{p} collected {a} {i} in May, {b} in June and {c} in July. How many {i} is that altogether?", three_sum},
    {"A train stops three times: {a} people get on, then {b}, then {c}. How many people got on?", three_sum},
    {"{p} had {a} {i} and gave {b} of them to {q}. How many {i} are left?", rest},
    {"A rope is {a} m long. {p} cuts off {b} m. How long is the rest in m?", rest},
    {"{p} is {a} years old and {q} is {b} years old. How many years older is {p}?", rest},
    {"There were {a} {i} in a shop. {b} were sold. How many {i} remain?", rest},
    {"{p} has {a} dollars and spends {b} dollars. How many dollars are left?", rest},
    {"{p} baked {a} cakes. The family ate {b} and the neighbours ate {c}. How many cakes are left?", rest_of_two},
    {"A book has {a} pages. {p} read {b} pages on Monday and {c} on Tuesday. How many pages are left?", rest_of_two},
    {"{a} people were on a bus. {b} got off and {c} got on. How many people are on the bus now?", rest_and_more},
    {"{p} had {a} {i}, lost {b} and then found {c}. How many {i} does {p} have now?", rest_and_more},
    {"{p} buys {a} {i} at {b} dollars each. How many dollars does {p} pay?", product},
    {"There are {a} boxes with {b} {i} in each. How many {i} are there?", product},
    {"A car drives {b} km every hour. How many km does it drive in {a} hours?", product},
    {"{p} reads {b} pages a day. How many pages does {p} read in {a} days?", product},
    {"{p} shares {a} {i} equally among {b} friends. How many {i} does each friend get?", share},
    {"{a} {i} are packed into bags of {b}. How many bags are filled?", share},
    {"{p} rides {a} km in {b} hours at the same speed. How many km is that in one hour?", share},
    {"{p} has {a} bags with {b} {i} each and {c} loose {i}. How many {i} does {p} have?", product_and_more},
    {"{p} pays for {b} {i} at {c} dollars each with {a} dollars. How much change does {p} get in dollars?", change},
    {"One kilo of rice costs {b} dollars. How much do {a} kilos cost in dollars?", price},
    {"A pen costs {a} dollars and a ruler costs {b} dollars. What do they cost together in dollars?", price_sum},
}};

constexpr std::array<Story, 11> kStoriesUnseen = {{
    {"After {p} won {b} {i}, they had to be added to the {a} from last year. What is the new count?", two_sum},
    {"A tower of {a} m gets a mast of {b} m on top. How tall is it then in m?", two_sum},
    {"Three friends brought {i}: {p} {a}, {q} {b} and a cousin {c}. What did they bring in sum?", three_sum},
    {"Of {a} seats in the hall {b} are taken. How many seats are free?", rest},
    {"{p} wants to save {a} dollars and has {b} dollars so far. How many dollars are missing?", rest},
    {"A tank held {a} litres. {b} litres leaked and {c} litres were used. How many litres does it hold now?", rest_of_two},
    {"Each of {a} classes plants {b} trees. How many trees are planted?", product},
    {"{p} earns {b} dollars an hour. How many dollars does {p} earn in {a} hours?", product},
    {"{a} children form teams of {b}. How many teams are there?", share},
    {"A taxi costs {c} dollars to start and {b} dollars for every km. What does a ride of {a} km cost in dollars?",
     product_and_more},
    {"{p} owns {a} {i} and {q} owns as many. How many {i} do they own together?", half_more},
}};

}  // namespace

Exercise make_word_problem(Rng& rng, bool unseen) {
  const Story& story = unseen ? rng.pick(kStoriesUnseen) : rng.pick(kStories);
  const Numbers numbers = story.draw(rng);
  const auto people = rng.pick_some(kPeople.part(unseen), 2);
  const std::string things = kObjects.pick(rng, unseen);
  std::vector<std::string> shown;
  Exercise out{.field = "word", .text = {}, .answer = numbers.answer, .key = std::string(story.text)};
  for (const Decimal number : numbers.shown) {
    shown.push_back(number.text());
    out.key += "|" + shown.back();
  }
  shown.resize(3);
  const Filling fillings[] = {{"p", people[0]}, {"q", people[1]}, {"i", things}, {"a", shown[0]}, {"b", shown[1]}, {"c", shown[2]}};
  out.text = fill(story.text, fillings);
  return out;
}

}  // namespace zlens::synth
