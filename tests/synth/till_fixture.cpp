#include "tests/synth/till_fixture.h"

#include <fstream>

#include "io/json.h"

namespace zlens::test {
namespace {

struct Receipt {
  const char *name, *company, *date, *total, *address, *text;
};

constexpr Receipt kReceipts[] = {
    {"000", "VELTIA HARDWARE SDN BHD", "05/03/2018", "RM1,060.30", "NO.12, JALAN PISANG 5, TAMAN LANORA, 81100 JOHOR BAHRU",
     "TAX INVOICE\nVELTIA HARDWARE SDN BHD (812345-X)\nNO.12, JALAN PISANG 5,\nTAMAN LANORA,\n81100 JOHOR BAHRU\nTEL: 07-3558899\n"
     "INVOICE NO: CS00012345\nDATE: 05/03/2018 18:05\n2 PIPE\n530.15 1060.30\nSUBTOTAL\nRM1,060.30\nTOTAL RM1,060.30\n"
     "CASH\n1,060.30\nCHANGE\n0.00\nGOODS SOLD BY VELTIA HARDWARE SDN BHD ARE NOT RETURNABLE\nTHANK YOU\n"},
    {"001", "KEDAI LANORA", "2-11-19", "12.50", "LOT 7, LEBUH MANGGA, 31400 IPOH",
     "KEDAI LANORA\r\nLOT 7, LEBUH MANGGA,\r\n31400 IPOH\r\nDATE\r\n2-11-19\r\nMEMBER 20118877\r\nTEA 4.50\r\nRICE 8.00\r\nSUM "
     "12.50\r\n"
     "TOTAL\r\n12.50\r\nCASH 12.50\r\n"},
    {"002", kHeldOutCompany, "14 MAR 2018", "8.20", "3, JALAN ROTI, 43000 KAJANG",
     "TIRENIA BAKERY SDN. BHD.\n3, JALAN ROTI,\n43000 KAJANG\n14 MAR 2018 09:10\nBREAD 8.20\nTOTAL: 8.20\nCASH: 8.20\n"},
    // The reader took M for N.
    {"003", "OSMARA COFFEE CORNER", "2019-01-30", "$ 7.95", "9 LAKE ROAD, OSNARA BAY",
     "WELCOME\nOSNARA COFFEE\nCORNER\n9 LAKE ROAD,\nOSNARA BAY\n0099 2019-01-30 11:45\nCOFFEE 7.95\nAMOUNT DUE $ 7.95\nCARD $ "
     "7.95\n"},
    {"004", kValCompany, "07.08.19", "33.40", "18, JALAN DELIMA, 13000 PENANG",
     "WARUNG SELASA\n18, JALAN DELIMA, 13000 PENANG\n07.08.19 12:01\nNOODLES 33.40\nTOTAL 33.40\nCASH 33.40\n"}};

void add_records(const Receipt& receipt, Json& data) {
  const auto add = [&](const char* field, const char* question, const char* answer) {
    data.push_back({{"questionId", data.size()},
                    {"question", question},
                    {"image", std::string("documents/") + receipt.name + ".jpg"},
                    {"docId", std::stoi(receipt.name)},
                    {"field", field},
                    {"answers", {answer}}});
  };
  add("total", "How much, in all?", receipt.total);
  add("company", "Who sold it?", receipt.company);
  add("date", "When?", receipt.date);
  add("address", "Where?", receipt.address);
}

}  // namespace

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

void write_receipts(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "transcripts");
  Json train = Json::array(), val = Json::array();
  for (const Receipt& receipt : kReceipts) {
    add_records(receipt, receipt.company == kValCompany ? val : train);
    write_text(folder / "transcripts" / (std::string(receipt.name) + ".txt"), receipt.text);
  }
  write_text(folder / "train.json", Json{{"data", train}}.dump());
  write_text(folder / "val.json", Json{{"data", val}}.dump());
  write_text(folder / "test.json", "never opened");
}

}  // namespace zlens::test
