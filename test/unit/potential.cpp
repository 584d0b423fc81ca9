#include "icp/potential.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using namespace icp;

int place(double potential, double purchases, double low = 50000, double high = 500000, double reached_from = 1) {
  return place_potential(potential, purchases, low, high, reached_from, 0.0, 1.0);
}

TEST(Potential, BoundsBelongToMedium) {
  EXPECT_EQ(place(49999.99, 0), 1);
  EXPECT_EQ(place(50000, 0), 4);
  EXPECT_EQ(place(500000, 0), 4);
  EXPECT_EQ(place(500000.01, 0), 7);
}

TEST(Potential, Progress) {
  EXPECT_EQ(place(100, -5), 1);
  EXPECT_EQ(place(100, 0), 1);
  EXPECT_EQ(place(100, 0.01), 2);
  EXPECT_EQ(place(100, 99.99), 2);
  EXPECT_EQ(place(100, 100), 3);
  EXPECT_EQ(place(100, 250), 3);
  EXPECT_EQ(place(1e6, 9.5e5, 50000, 500000, 0.95), 9);
  EXPECT_EQ(place(1e6, 949999, 50000, 500000, 0.95), 8);
  EXPECT_EQ(place(0, 10), 0);
}

TEST(Potential, ImpossibleArgumentsAreErrors) {
  EXPECT_THROW(place(-1, 0), Error);
  EXPECT_THROW(place(1, 0, -1, 5), Error);
  EXPECT_THROW(place(1, 0, 6, 5), Error);
  EXPECT_THROW(place(1, 0, 5, 6, 0), Error);
  EXPECT_THROW(place(1, 0, 5, 6, 1.01), Error);
  EXPECT_NO_THROW(place(1, 0, 5, 5));
}

TEST(Potential, EveryCellHasItsWordsInEveryLanguage) {
  std::set<std::string> seen;
  for (int number = 1; number <= static_cast<int>(potential_cells); ++number) {
    EXPECT_EQ(potential_cell_number(potential_cell_keys[static_cast<std::size_t>(number - 1)]), number);
    for (const Language language : {Language::en, Language::ru}) {
      EXPECT_TRUE(seen.insert(potential_cell_title(number, language)).second);
      EXPECT_TRUE(seen.insert(potential_cell_strategy(number, language)).second);
    }
  }
  EXPECT_EQ(potential_cell_number("gold"), 0);
  EXPECT_STREQ(potential_cell_title(9, parse_language("RU")), "VIP-клиенты (высокий)");
  EXPECT_THROW(parse_language("de"), Error);
  EXPECT_THROW(parse_language(""), Error);
}

}  // namespace
