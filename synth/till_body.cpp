#include "synth/till_body.h"

#include <algorithm>
#include <array>

#include "synth/amounts.h"
#include "synth/till_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;
using Cents = std::int64_t;

constexpr View kTableHeads[] = {"QTY\nDESCRIPTION\nPRICE\nAMOUNT",
                                "ITEM\nQTY\nS/PRICE\nAMOUNT\nTAX",
                                "QTY ITEM\nTOTAL",
                                "DESCRIPTION QTY PRICE AMT",
                                "ITEM QTY U.PRICE AMOUNT(RM)",
                                "RM",
                                "CODE/DESC\nPRICE\nDISC\nAMOUNT\nQTY\nRM\nRM"};

// One of them for a receipt. Without {amount}, all amounts follow the last item in a column.
constexpr View kItemLayouts[] = {"{name} {amount}",
                                 "{name}\n{count} X {price} {amount}",
                                 "{code}\n{name}\n{count}\n{price}\n{amount}",
                                 "{count} {name}\n{amount}",
                                 "{name}\n{code} {unit}\n{count}X{price}\n{amount}",
                                 "{code} {name} {count} {price} {amount}",
                                 "{count} {name}"};

constexpr View kGoods[] = {
    "PIPE",   "NAIL",  "BATTERY", "PAPER", "A4",    "FILE",  "PEN",  "COFFEE", "TEA",   "RICE",     "NOODLE", "CHICKEN", "FISH",
    "SOUP",   "BREAD", "MILK",    "EGG",   "SUGAR", "OIL",   "SOAP", "TOWEL",  "LAMP",  "SOCKET",   "CABLE",  "BULB",    "SCREW",
    "PAINT",  "BRUSH", "TAPE",    "GLUE",  "BOX",   "BAG",   "CUP",  "PLATE",  "SPOON", "CAKE",     "JUICE",  "WATER",   "BEER",
    "BURGER", "FRIES", "ICE",     "CREAM", "SHIRT", "SHOES", "TOY",  "BOOK",   "CARD",  "ENVELOPE", "MASK",   "SYRUP",   "TABLET"};
constexpr View kSizes[] = {"", "", "", "", " 9KG", " 9L", " 9MM", " 9PCS", " 9G", " (9S)", " (99S)"};
constexpr View kItemCodes[] = {"99999", "9999999", "9999999999999"};
constexpr View kUnits[] = {"PKT", "U", "PC"};
constexpr View kTaxMarks[] = {" SR", "", " S", " Z", ""};

constexpr View kSubtotalLabels[] = {"SUB TOTAL", "SUBTOTAL",  "SUB-TOTAL",        "TOTAL SALES",
                                    "AMOUNT",    "GROSS AMT", "SUBTOTAL INCL GST"};
constexpr View kCountLabels[] = {"ITEM(S)", "TOTAL QTY", "QTY", "ITEMS", "TOTAL ITEM"};
constexpr View kDiscountLabels[] = {"DISCOUNT", "DISC", "SAVING", "SPEC.DISC"};
constexpr View kServiceLabels[] = {"SERVICE CHARGE 10%", "SVC CHG 10%"};
constexpr View kTaxLabels[] = {"GST 6%", "TOTAL GST", "GST @6%", "TAX 6%", "TOTAL INCLUDES 6% GST"};
constexpr View kNetLabels[] = {"TOTAL (EXCLUDING GST)", "TOTAL SALES (EXCLUDING GST)", "AMT EXCL. GST"};
constexpr View kRoundingLabels[] = {"ROUNDING", "ROUNDING ADJ", "ROUNDING ADJUSTMENT", "ROUND ADJ"};
constexpr View kTotalLabels[] = {"TOTAL",
                                 "TOTAL",
                                 "TOTAL",
                                 "TOTAL",
                                 "NET TOTAL",
                                 "GRAND TOTAL",
                                 "TOTAL AMOUNT",
                                 "TOTAL (RM)",
                                 "TOTAL RM",
                                 "TOTAL INCL. GST@6%",
                                 "TOTAL SALES (INCLUSIVE OF GST)",
                                 "AMOUNT DUE",
                                 "TOTAL PAYABLE",
                                 "TOTAL AMT PAYABLE",
                                 "ROUNDED TOTAL (RM)",
                                 "TOTAL ROUNDED",
                                 "NETT TOTAL",
                                 "TOTAL DUE",
                                 "TOTAL INCLUSIVE GST",
                                 "TAKEOUT TOTAL (INCL GST)",
                                 "NET AMT",
                                 "BILL TOTAL",
                                 "BALANCE DUE"};
constexpr View kCashLabels[] = {"CASH", "CASH", "CASH", "CASH TENDERED", "TENDER", "PAID", "PAYMENT", "CASH RECEIVED"};
constexpr View kCardLabels[] = {"VISA CARD", "MASTER", "CREDIT CARD", "DEBIT"};
constexpr View kChangeLabels[] = {"CHANGE", "CHANGE DUE", "BALANCE", "CHANGE/BALANCE"};
constexpr View kTaxSummaries[] = {"GST SUMMARY\nAMOUNT(RM)\nTAX(RM)\nSR (6%)\n{net}\n{tax}",
                                  "GST SUMMARY\nTAX CODE\n%\nAMT(RM)\nTAX(RM)\nSR\n6\n{net}\n{tax}\nTOTAL :\n{net}\n{tax}",
                                  "GST @6% INCLUDED IN TOTAL\n{tax}", "TAX SUMMARY\nS = 6% {net} {tax}"};
constexpr Weighted kCurrencies[] = {{3, ""}, {2, "RM"}, {1, "RM "}, {1, "$"}};
constexpr View kColons[] = {":", " :", "", ""};

// How this till prints amounts.
struct Money {
  View currency;
  bool thousands;

  std::string plain(Cents cents) const { return amount_text(cents, thousands); }
  std::string with_currency(Rng& rng, Cents cents) const {
    const bool shown = rng.chance(0.9);
    return (shown ? std::string(currency) : "") + plain(cents);
  }
};

struct Bill {
  Cents items = 0, service = 0, tax = 0, rounding = 0, total = 0;
  std::int64_t count = 0;
  bool taxed = false, tax_included = false;
};

Cents draw_price(Rng& rng) {
  if (rng.chance(0.8)) return rng.integer(1, rng.pick(std::to_array({60, 200, 800, 6000}))) * 5;
  return rng.integer(20, 9000);
}

std::string draw_item_name(Rng& rng) {
  std::string name(rng.pick(kGoods));
  for (std::int64_t more = rng.integer(0, 2); more > 0; --more) name += " " + std::string(rng.pick(kGoods));
  return name.append(stamped(rng, rng.pick(kSizes)));
}

void add_items(Rng& rng, const Money& money, Bill& bill, std::vector<std::string>& lines) {
  const View layout = rng.pick(kItemLayouts);
  const bool in_column = layout.find("{amount}") == layout.npos;
  std::vector<std::string> column;
  for (std::int64_t left = rng.integer(1, 9); left > 0; --left) {
    const Cents price = draw_price(rng);
    const std::int64_t count = rng.pick(std::to_array({1, 1, 1, 1, 2, 3, 5, 10}));
    bill.items += price * count;
    bill.count += count;
    const std::string name = draw_item_name(rng), code = stamped(rng, rng.pick(kItemCodes));
    const std::string mark(bill.taxed ? rng.pick(kTaxMarks) : View());
    const std::string amount = money.plain(price * count) + mark, unit_price = money.plain(price), counted = std::to_string(count);
    const Filling fillings[] = {{"name", name},        {"code", code},     {"unit", rng.pick(kUnits)},
                                {"price", unit_price}, {"amount", amount}, {"count", counted}};
    add_lines(lines, fill(layout, fillings));
    if (in_column) column.push_back(amount);
  }
  lines.insert(lines.end(), column.begin(), column.end());
}

// Service, tax and rounding on top of the items.
void add_up(Rng& rng, Bill& bill) {
  if (rng.chance(0.1)) bill.service = (bill.items + 5) / 10;
  bill.tax_included = rng.chance(0.6);
  if (bill.taxed) bill.tax = bill.tax_included ? (bill.items * 6 + 53) / 106 : ((bill.items + bill.service) * 6 + 50) / 100;
  bill.total = bill.items + bill.service + (bill.tax_included ? 0 : bill.tax);
  if (rng.chance(0.6)) bill.rounding = (bill.total + 2) / 5 * 5 - bill.total;
  bill.total += bill.rounding;
}

Cents draw_cash(Rng& rng, Cents total) {
  std::vector<Cents> enough;
  for (const Cents notes : {5, 10, 20, 50, 100, 150, 200, 500, 1000, 10000})
    if (notes * 100 >= total) enough.push_back(notes * 100);
  enough.resize(std::min<std::size_t>(enough.size(), 4));
  return enough.empty() || rng.chance(0.35) ? total : rng.pick(enough);
}

struct Row {
  std::string label, value;
};

// The rows between items and end, among them the total.
class TotalRows {
 public:
  TotalRows(Rng& rng, const Money& money, const Bill& bill) : rng_(rng), money_(money) {
    before_total(bill);
    add(kTotalLabels, bill.total);
    total_ = rows_.back().value;
    after_total(bill);
  }

  const std::vector<Row>& rows() const { return rows_; }
  const std::string& total() const { return total_; }

 private:
  void before_total(const Bill& bill) {
    if (rng_.chance(0.5)) add(kSubtotalLabels, bill.items);
    if (rng_.chance(0.3)) rows_.push_back({std::string(rng_.pick(kCountLabels)), std::to_string(bill.count)});
    if (rng_.chance(0.3)) add(kDiscountLabels, 0);
    if (bill.service > 0) add(kServiceLabels, bill.service);
    if (bill.taxed && rng_.chance(0.6)) add(kTaxLabels, bill.tax);
    if (bill.taxed && bill.tax_included && rng_.chance(0.3)) add(kNetLabels, bill.items - bill.tax);
    if (bill.rounding != 0 || rng_.chance(0.35)) add(kRoundingLabels, bill.rounding);
  }
  void after_total(const Bill& bill) {
    const bool card = rng_.chance(0.3);
    const Cents given = card ? bill.total : draw_cash(rng_, bill.total);
    if (rng_.chance(0.85)) add(card ? std::span<const View>(kCardLabels) : kCashLabels, given);
    if (rng_.chance(0.8)) add(kChangeLabels, given - bill.total);
  }
  void add(std::span<const View> labels, Cents cents) {
    std::string label(rng_.pick(labels));
    rows_.push_back({std::move(label), money_.with_currency(rng_, cents)});
  }

  Rng& rng_;
  const Money& money_;
  std::vector<Row> rows_;
  std::string total_;
};

// Value below label, value beside label, or all labels and then all values.
void add_rows(Rng& rng, const std::vector<Row>& rows, std::vector<std::string>& lines) {
  const std::string colon(rng.pick(kColons));
  const double layout = rng.real();
  for (const Row& row : rows) {
    lines.push_back(row.label + colon);
    if (layout < 0.5) lines.push_back(row.value);
    if (layout >= 0.5 && layout < 0.85) lines.back() += " " + row.value;
  }
  if (layout < 0.85) return;
  for (const Row& row : rows) lines.push_back(row.value);
}

}  // namespace

TillBody draw_body(Rng& rng) {
  TillBody body;
  Bill bill;
  const View currency = pick_weighted(rng, kCurrencies);
  const Money money{currency, rng.chance(0.6)};
  bill.taxed = rng.chance(0.6);
  if (rng.chance(0.8)) add_lines(body.lines, rng.pick(kTableHeads));
  add_items(rng, money, bill, body.lines);
  add_up(rng, bill);
  const TotalRows totals(rng, money, bill);
  add_rows(rng, totals.rows(), body.lines);
  body.total = totals.total();
  if (bill.taxed && rng.chance(0.6)) {
    const std::string net = money.plain(bill.total - bill.tax), tax = money.plain(bill.tax);
    const Filling fillings[] = {{"net", net}, {"tax", tax}};
    add_lines(body.lines, fill(rng.pick(kTaxSummaries), fillings));
  }
  return body;
}

}  // namespace zlens::synth
