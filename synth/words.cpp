#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kCountriesCommon[] = {"Norway", "Brazil",   "Japan", "Kenya",   "Canada",  "Spain",   "India",  "Egypt",  "Mexico",
                                     "Poland", "Vietnam",  "Chile", "Greece",  "Finland", "Ghana",   "Turkey", "Peru",   "Italy",
                                     "Sweden", "Thailand", "Iran",  "Morocco", "Ireland", "Austria", "Cuba",   "Lanora", "Veltia"};
constexpr View kCountriesUnseen[] = {"Portugal", "Nepal",   "Jordan",  "Denmark", "Bolivia", "Malaysia",
                                     "Latvia",   "Senegal", "Ecuador", "Fiji",    "Osmara",  "Tirenia"};
constexpr View kCitiesCommon[] = {"Oslo",   "Lima",  "Madrid", "Cairo",  "Boston", "Kyoto", "Dublin", "Accra", "Warsaw", "Athens",
                                  "Denver", "Milan", "Zurich", "Mumbai", "Quito",  "Perth", "Leeds",  "Turin", "Bergen", "Dallas"};
constexpr View kCitiesUnseen[] = {"Porto", "Riga", "Tunis", "Seattle", "Osaka", "Geneva", "Cordoba", "Hanoi", "Bristol", "Malmo"};
constexpr View kCompaniesCommon[] = {"Norvin",    "Delta Foods", "Kestrel", "Blueford", "Oakline",  "Sunray",      "Halden",
                                     "Marbury",   "Pinecrest",   "Tolvex",  "Ferro",    "Greenway", "Aster",       "Quillon",
                                     "Rivermark", "Stanton",     "Velora",  "Winfield", "Zenco",    "Harbor Lines"};
constexpr View kCompaniesUnseen[] = {"Corvana",       "Lindhurst", "Mapleton", "Opaline", "Redgrove",
                                     "Solvent Works", "Tarkin",    "Umbra",    "Yarrow",  "Brightwater"};
constexpr View kProductsCommon[] = {"Laptops", "Phones",   "Cameras", "Tablets", "Printers", "Monitors",
                                    "Chairs",  "Desks",    "Lamps",   "Shoes",   "Jackets",  "Books",
                                    "Toys",    "Bicycles", "Tents",   "Clocks",  "Speakers"};
constexpr View kProductsUnseen[] = {"Keyboards", "Routers", "Sofas", "Mirrors", "Gloves", "Scooters", "Kettles", "Drills", "Rugs"};
constexpr View kFruitsCommon[] = {"Apples",  "Pears", "Plums",  "Grapes",  "Oranges", "Lemons",   "Cherries",
                                  "Peaches", "Wheat", "Barley", "Carrots", "Onions",  "Potatoes", "Tomatoes"};
constexpr View kFruitsUnseen[] = {"Mangoes", "Figs", "Melons", "Rye", "Oats", "Cabbages", "Leeks", "Beans"};
constexpr View kSportsCommon[] = {"Tennis", "Football", "Swimming", "Running", "Cycling",
                                  "Hockey", "Boxing",   "Rowing",   "Chess",   "Judo"};
constexpr View kSportsUnseen[] = {"Golf", "Rugby", "Fencing", "Skiing", "Handball", "Sailing", "Archery"};
constexpr View kDepartmentsCommon[] = {"Sales",    "Finance", "Research", "Support",   "Legal",
                                       "Shipping", "Design",  "Training", "Marketing", "Purchasing"};
constexpr View kDepartmentsUnseen[] = {"Logistics", "Quality", "Security", "Planning", "Repairs", "Catering", "Archive"};
constexpr View kSubjectsCommon[] = {"English", "Biology", "History", "Music", "Physics", "Art", "Geography", "Latin", "Chemistry"};
constexpr View kSubjectsUnseen[] = {"French", "Drama", "Economics", "Algebra", "Religion", "Geometry", "Botany"};
constexpr View kAnimalsCommon[] = {"Foxes", "Deer", "Hares", "Owls", "Seals", "Otters", "Badgers", "Herons", "Wolves", "Swans"};
constexpr View kAnimalsUnseen[] = {"Bears", "Lynxes", "Storks", "Eagles", "Beavers", "Moles", "Geese"};
constexpr View kDrinksCommon[] = {"Tea", "Coffee", "Juice", "Water", "Milk", "Soda", "Cocoa", "Lemonade", "Cider"};
constexpr View kDrinksUnseen[] = {"Espresso", "Smoothie", "Tonic", "Ginger ale", "Yoghurt", "Punch", "Syrup"};
constexpr View kShopsCommon[] = {"Green Leaf",   "Happy Corner", "Golden Bell", "Sunny Side", "River Stone",
                                 "Blue Lantern", "Old Mill",     "City Star",   "Red Maple",  "White Swan",
                                 "Morning Dew",  "Harbour View", "Silver Fern", "Twin Oaks"};
constexpr View kShopsUnseen[] = {"Copper Kettle", "Lucky Clover", "Stone Bridge", "Wild Thyme",
                                 "Amber Gate",    "Far Meadow",   "Quiet Lake"};
constexpr View kPeopleCommon[] = {"Mara", "Tom",  "Lena", "Omar", "Ines",  "Paul", "Nina",  "Felix",
                                  "Sara", "Ivan", "Ruth", "Leo",  "Amina", "Jack", "Clara", "Ben",
                                  "Mei",  "Hugo", "Elif", "Sam",  "Dora",  "Karl", "Rosa",  "Amir"};
constexpr View kPeopleUnseen[] = {"Greta", "Pedro", "Yuki", "Oskar", "Leila", "Victor",
                                  "Tara",  "Emil",  "Zoe",  "Anton", "Frida", "Raj"};
constexpr View kObjectsCommon[] = {"apples", "pencils", "stamps", "marbles", "cards",   "books",   "shells",  "coins", "stickers",
                                   "cakes",  "buttons", "eggs",   "flowers", "candles", "oranges", "bottles", "photos"};
constexpr View kObjectsUnseen[] = {"badges", "cookies", "ribbons", "lemons", "magnets", "postcards", "beads", "tickets", "nails"};
constexpr View kGroceriesCommon[] = {"Milk 1L",    "White Bread", "Eggs",        "Butter",     "Rice 5kg",  "Sugar 1kg",
                                     "Coffee",     "Green Tea",   "Apple Juice", "Noodles",    "Cheese",    "Soap",
                                     "Toothpaste", "Notebook",    "Ball Pen",    "Light Bulb", "Batteries", "Chocolate",
                                     "Biscuits",   "Fish Fillet", "Chicken",     "Tomatoes",   "Bananas",   "Cooking Oil",
                                     "Shampoo",    "Paper Towel", "Salt",        "Flour 2kg"};
constexpr View kGroceriesUnseen[] = {"Honey Jar", "Oat Flakes", "Yoghurt",  "Garlic", "Mushrooms", "Hand Cream",   "Masking Tape",
                                     "Hammer",    "Key Ring",   "Umbrella", "Ginger", "Sardines",  "Olive Spread", "Candles"};
constexpr View kStreetsCommon[] = {"Station Road", "Mill Lane",   "Park Street", "Church Hill",  "Market Square",
                                   "Queen Street", "Bridge Road", "Lake View",   "North Avenue", "School Lane"};
constexpr View kStreetsUnseen[] = {"Harbour Way", "Castle Row", "Orchard Close", "Abbey Walk", "Forge Street", "Willow Drive"};

}  // namespace

const Words kCountries{kCountriesCommon, kCountriesUnseen}, kCities{kCitiesCommon, kCitiesUnseen},
    kCompanies{kCompaniesCommon, kCompaniesUnseen}, kProducts{kProductsCommon, kProductsUnseen},
    kFruits{kFruitsCommon, kFruitsUnseen}, kSports{kSportsCommon, kSportsUnseen},
    kDepartments{kDepartmentsCommon, kDepartmentsUnseen}, kSubjects{kSubjectsCommon, kSubjectsUnseen},
    kAnimals{kAnimalsCommon, kAnimalsUnseen}, kDrinks{kDrinksCommon, kDrinksUnseen}, kShops{kShopsCommon, kShopsUnseen},
    kPeople{kPeopleCommon, kPeopleUnseen}, kObjects{kObjectsCommon, kObjectsUnseen}, kGroceries{kGroceriesCommon, kGroceriesUnseen},
    kStreets{kStreetsCommon, kStreetsUnseen};

std::string fill(std::string_view pattern, std::span<const Filling> fillings) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{'), close = pattern.find('}', open);
    if (close == pattern.npos) break;
    out += pattern.substr(0, open);
    const std::string_view name = pattern.substr(open + 1, close - open - 1);
    std::string_view value = pattern.substr(open, close - open + 1);
    for (const Filling& filling : fillings)
      if (filling.name == name) value = filling.value;
    out += value;
    pattern.remove_prefix(close + 1);
  }
  return out.append(pattern);
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

}  // namespace zlens::synth
