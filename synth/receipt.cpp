#include "synth/receipt.h"

#include <set>

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kShopKinds[] = {"Mart", "Store", "Minimarket", "Trading", "Grocery", "Supplies", "Bakery"};
constexpr View kShopKindsUnseen[] = {"Emporium", "Deli", "Provisions"};
constexpr View kCurrencies[] = {"", "RM", "$"};
constexpr View kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr View kCompanyCommon[] = {"Who is the seller?", "What is the name of the company?", "Which company issued this receipt?"};
constexpr View kCompanyUnseen[] = {"Which shop is this receipt from?"};
constexpr View kDateCommon[] = {"What is the date of the purchase?", "What is the date on the receipt?",
                                "When was this receipt issued?"};
constexpr View kDateUnseen[] = {"On which day was this bought?"};
constexpr View kTotalCommon[] = {"How much was paid in total?", "What is the total on this receipt?", "What is the total amount?"};
constexpr View kTotalUnseen[] = {"What did the whole purchase cost?"};
constexpr View kItemSum[] = {"What is the sum of {x} and {y}?", "How much do {x} and {y} cost together?",
                             "What is the total price of {x} and {y}?"};
constexpr View kItemSumUnseen[] = {"What would {x} plus {y} alone have cost?"};
constexpr View kItemDifference[] = {"How much more does {x} cost than {y}?", "What is the price difference between {x} and {y}?"};
constexpr View kItemDifferenceUnseen[] = {"By how much is {x} dearer than {y}?"};
constexpr View kTableSum[] = {"What is the sum of all items?", "How much do all items cost together?"};
constexpr View kTableSumUnseen[] = {"Add up the prices of everything bought."};
constexpr View kChange[] = {"How much change is due?", "How much change does the customer get back?"};
constexpr View kChangeUnseen[] = {"How much money is handed back to the customer?"};

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string draw_date(Rng& rng) {
  const std::int64_t year = rng.integer(2012, 2026), month = rng.integer(1, 12), day = rng.integer(1, 28);
  switch (rng.integer(0, 3)) {
    case 0:
      return two_digits(day) + "/" + two_digits(month) + "/" + std::to_string(year);
    case 1:
      return two_digits(day) + "-" + two_digits(month) + "-" + std::to_string(year);
    case 2:
      return std::to_string(year) + "-" + two_digits(month) + "-" + two_digits(day);
    default:
      return two_digits(day) + " " + std::string(kMonths[month - 1]) + " " + std::to_string(year);
  }
}

// What a customer would hand over: the next 5, 10, 20, 50 or 100, or the exact amount.
Decimal draw_cash(Rng& rng, Decimal total) {
  const std::int64_t note = rng.pick(std::vector<std::int64_t>{500, 1000, 2000, 5000, 10000});
  return {(total.units / note + 1) * note, 2};
}

Receipt draw_receipt(Rng& rng, bool unseen) {
  Receipt receipt;
  const bool capitals = rng.chance(0.6);
  const auto cased = [&](std::string text) { return capitals ? upper(std::move(text)) : text; };
  // One draw a statement: the operands of + may be evaluated in any order.
  receipt.shop = kShops.pick(rng, unseen);
  receipt.shop += " " + std::string(unseen ? rng.pick(kShopKindsUnseen) : rng.pick(kShopKinds));
  receipt.shop = cased(receipt.shop + (rng.chance(0.3) ? " Sdn Bhd" : ""));
  const std::string house = std::to_string(rng.integer(1, 240)), code = std::to_string(rng.integer(10000, 99999));
  receipt.address.push_back(cased(house + " " + kStreets.pick(rng, unseen)));
  receipt.address.push_back(cased(code + " " + kCities.pick(rng, unseen)));
  receipt.date = draw_date(rng);
  receipt.currency = rng.pick(kCurrencies);
  std::set<std::int64_t> prices;  // different, so that one is dearer
  for (const View name : rng.pick_some(kGroceries.part(unseen), static_cast<std::size_t>(rng.integer(2, 6)))) {
    std::int64_t price = 0;
    do {
      price = rng.chance(0.5) ? rng.integer(2, 60) * 50 : rng.integer(10, 399) * 5;
    } while (!prices.insert(price).second);
    receipt.items.push_back({cased(std::string(name)), {price, 2}});
  }
  receipt.cash = draw_cash(rng, receipt.total());
  return receipt;
}

struct Asked {
  Receipt& receipt;
  Rng& rng;
  bool unseen;

  Sample worded(std::string field, std::span<const View> common, std::span<const View> held_out, const ReceiptItem& x = {},
                const ReceiptItem& y = {}) const {
    const Filling fillings[] = {{"x", x.name}, {"y", y.name}};
    return {.field = std::move(field), .question = fill(rng.pick(unseen ? held_out : common), fillings), .unseen = unseen};
  }

  Sample copied(Sample sample, std::string answer) const {
    sample.answers = {std::move(answer)};
    sample.metric = "anls";
    return sample;
  }
  Sample computed(Sample sample, Decimal answer) const {
    sample.answers = number_answers(answer);
    sample.metric = "numeric";
    return sample;
  }

  Sample field() const {
    switch (rng.integer(0, 2)) {
      case 0:
        return copied(worded("company", kCompanyQuestions.common, kCompanyQuestions.unseen), receipt.shop);
      case 1:
        return copied(worded("date", kDateQuestions.common, kDateQuestions.unseen), receipt.date);
      default:
        return copied(worded("total", kTotalQuestions.common, kTotalQuestions.unseen), receipt.total().text());
    }
  }

  // What is asked for is not printed.
  Sample table() const {
    const auto two = rng.pick_some(receipt.items, 2);
    const bool ordered = two[1].price < two[0].price;
    const ReceiptItem &x = two[ordered ? 0 : 1], &y = two[ordered ? 1 : 0];
    switch (rng.integer(0, 3)) {
      case 0:
        receipt.shows_total = receipt.items.size() > 2;
        receipt.shows_change = receipt.shows_total;
        return computed(worded("item sum", kItemSum, kItemSumUnseen, two[0], two[1]), two[0].price + two[1].price);
      case 1:
        return computed(worded("item difference", kItemDifference, kItemDifferenceUnseen, x, y), x.price - y.price);
      case 2:
        receipt.shows_total = receipt.shows_change = false;
        return computed(worded("table sum", kTableSum, kTableSumUnseen), receipt.total());
      default:
        break;
    }
    receipt.shows_change = false;
    return computed(worded("change", kChange, kChangeUnseen), receipt.cash - receipt.total());
  }
};

std::string key_of(const Receipt& receipt) {
  std::string key = "receipt|" + receipt.shop + "|" + receipt.date;
  for (const ReceiptItem& item : receipt.items) key += "|" + item.name + "|" + item.price.text();
  return key;
}

}  // namespace

const Words kCompanyQuestions{kCompanyCommon, kCompanyUnseen}, kDateQuestions{kDateCommon, kDateUnseen},
    kTotalQuestions{kTotalCommon, kTotalUnseen};

Decimal Receipt::total() const {
  Decimal sum{0, 2};
  for (const ReceiptItem& item : items) sum = sum + item.price;
  return sum;
}

std::vector<ReceiptLine> lines_of(const Receipt& receipt) {
  std::vector<ReceiptLine> lines = {{receipt.shop, ""}};
  for (const std::string& line : receipt.address) lines.push_back({line, ""});
  lines.push_back({"DATE " + receipt.date, ""});
  for (const ReceiptItem& item : receipt.items) lines.push_back({item.name, item.price.text()});
  const std::string currency = receipt.currency.empty() ? "" : receipt.currency + " ";
  // Where the sum is asked for, cash alone would give it away.
  if (receipt.shows_total) {
    lines.push_back({"TOTAL", currency + receipt.total().text()});
    lines.push_back({"CASH", currency + receipt.cash.text()});
  }
  if (receipt.shows_change) lines.push_back({"CHANGE", currency + (receipt.cash - receipt.total()).text()});
  lines.push_back({"THANK YOU", ""});
  if (!receipt.note.empty()) lines.push_back({receipt.note, ""});
  return lines;
}

std::string describe(const Receipt& receipt) {
  std::string out;
  for (const ReceiptLine& line : lines_of(receipt))
    out += (out.empty() ? "" : "\n") + line.left + (line.right.empty() ? "" : " " + line.right);
  return out;
}

ReceiptSample make_receipt(Rng& rng, Split split, const ReceiptOptions& options) {
  ReceiptSample out = in_split(rng, split, [&](Rng& draw) {
    const bool unseen = draw_unseen(draw, split);
    ReceiptSample made;
    made.receipt = draw_receipt(draw, unseen);
    made.key = key_of(made.receipt);
    const Asked asked{made.receipt, draw, unseen};
    made.sample = options.questions == ReceiptQuestions::Fields ? asked.field() : asked.table();
    return made;
  });
  if (options.note_question) out.receipt.note = "Question: " + out.sample.question;
  out.sample.text = describe(out.receipt);
  return out;
}

}  // namespace zlens::synth
