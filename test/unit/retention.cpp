#include "icp/retention.hpp"

#include <gtest/gtest.h>

#include "icp/error.hpp"

namespace {

using namespace icp;

TEST(Retention, IsTheShareOfThePeriodsWithAPurchase) {
  EXPECT_EQ(retention(0b101, 100, 280, 30, 6), 2.0 / 6);
  EXPECT_EQ(retention(0, 100, 280, 30, 6), 0.0);
  EXPECT_EQ(retention(~std::uint64_t{0}, 100, 280, 30, 6), 1.0);
  EXPECT_EQ(retention(~std::uint64_t{0}, 0, 63, 1, 63), 1.0);
}

TEST(Retention, IsUnknownUntilAllPeriodsHavePassed) {
  EXPECT_FALSE(retention(0b111111, 100, 279, 30, 6));
  EXPECT_FALSE(retention(0, 2147483000, 2147483647, 2147483647, 63));
}

TEST(Retention, RefusesPeriodsThatCannotBe) {
  EXPECT_THROW(retention(0, 0, 100, 0, 6), Error);
  EXPECT_THROW(retention(0, 0, 100, 30, 0), Error);
  EXPECT_THROW(retention(0, 0, 100, 30, 64), Error);
}

}  // namespace
