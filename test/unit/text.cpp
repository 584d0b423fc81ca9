#include "icp/text.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace {

TEST(Text, FoldsAsUnicodeSays) {
  EXPECT_EQ(icp::fold("  Wholesale\t"), "wholesale");
  EXPECT_EQ(icp::fold("ОПТОВАЯ Торговля\u00a0"), "оптовая торговля");
  EXPECT_EQ(icp::fold("Straße"), "strasse");
  EXPECT_EQ(icp::fold("e\u0301"), "é");
  EXPECT_EQ(icp::fold(" \t"), "");
}

TEST(Text, CleansWhatIsNotText) {
  EXPECT_TRUE(icp::is_text("ё"));
  EXPECT_FALSE(icp::is_text("\xff"));
  EXPECT_FALSE(icp::is_text(std::string_view("a\0b", 3)));
  EXPECT_EQ(icp::clean("a\xff"), "a\ufffd");
}

TEST(Text, NumbersRoundTrip) {
  EXPECT_EQ(icp::number_text(0.1), "0.1");
  EXPECT_EQ(icp::number_text(NAN), "NaN");
  EXPECT_EQ(icp::parse_number(" +1.5e3 "), 1500.0);
  EXPECT_EQ(icp::parse_number("1e999"), INFINITY);
  EXPECT_FALSE(icp::parse_number("12a"));
  EXPECT_FALSE(icp::parse_number(""));
}

TEST(Text, MomentsAreIso8601) {
  EXPECT_EQ(icp::parse_moment("2000-01-01"), (icp::Moment{0, true}));
  EXPECT_EQ(icp::parse_moment("2000-01-01T03:00:00+03:00"), (icp::Moment{0, false}));
  EXPECT_EQ(icp::parse_moment("1999-12-31 23:59:59.5Z"), (icp::Moment{-500000, false}));
  EXPECT_EQ(icp::parse_moment("2000-01-01T00:00:00.000001"), (icp::Moment{1, true}));
  for (const char* bad : {"2023-02-29", "2024-1-01", "infinity", "2024-01-01T", "2024-01-01T10", "20240101", "2024-01-01T10:00:00+99:00", ""})
    EXPECT_FALSE(icp::parse_moment(bad)) << bad;
}

}  // namespace
