// Histories as the models read them: alike ones are one with a weight, in an order that does not depend on the rows'.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/ltv_family.hpp"

namespace icp::ltv {

// Occasions of `period` days after the first purchase. A purchase is of the nearest occasion; the k-th is over when half a
// period has passed since it was due. For subscriptions x is the last renewal.
Customer in_occasions(std::span<const std::int32_t> days, std::int32_t until, double period, bool subscription);
Customer in_occasions(double frequency, double recency, double age, double period, bool subscription);

// What the models see of a row up to a day (nothing: all of it); nothing where it had not bought by then.
std::optional<Customer> customer_of(const LtvSample& sample, const LtvSample::Row& row, LtvKind kind, double period, std::optional<std::int32_t> until = {});

std::vector<Customer> customers_of(const LtvSample& sample, LtvKind kind, double period, std::optional<std::int32_t> until, const Stop& stop);

// Spend of those of whom it is known: of repeat purchases, or of all.
std::vector<Spend> spends_of(const LtvSample& sample, bool all, const Stop& stop);

// Customers that were known on a day and what they did after it, in a fixed order.
struct Later {
  Customer then;
  double horizon = 0, bought = 0;
};
std::vector<Later> later_of(const LtvSample& sample, LtvKind kind, double period, std::int32_t day, const Stop& stop);

// The first and the last day of the histories that have days; nothing where a history has none.
struct Span {
  std::int32_t first = 0, last = 0;
};
std::optional<Span> span_of(const LtvSample& sample);

double weight_of(std::span<const Customer> customers);

}  // namespace icp::ltv
