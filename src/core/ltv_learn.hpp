// Parts of a fit that ltv_fit and ltv_fit_by share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/ltv_customers.hpp"
#include "core/ltv_maximum.hpp"

namespace icp::ltv {

// A part with its search: the bounds that its parameters reached.
struct Learned {
  LtvPart part;
  std::vector<bool> bound;
};
Learned learn_purchases(const Family& family, std::span<const Customer> customers, const Prior& prior, const LtvPart* start, const Stop& stop);
Learned learn_spend(std::span<const Spend> spends, const Prior& prior, const LtvPart* start, const Stop& stop);

// Too few to tell the spread of spend between customers.
inline constexpr double least_spenders = 10;

// The whole fit, and what it stands on.
struct Fit {
  LtvModel model;
  LtvOptions options;
};
std::optional<Fit> fit(const LtvSample& sample, const Stop& stop, std::uint64_t memory_limit);

// Findings, in the two languages.
struct Words {
  std::string en, ru;
};
void say(LtvModel& model, const char* severity, const char* name, Words message, std::optional<double> value = {},
         std::optional<double> low = {}, std::optional<double> high = {});
void describe_fit(LtvModel& model, const Learned& purchases, std::span<const Customer> customers);
void describe_spend(LtvModel& model, const LtvSample& sample, const Learned& spend, std::span<const Spend> spends, const Stop& stop);
// Learns from the time before the hold-out and compares what it expects with what came. Returns the part learned so.
std::optional<Learned> check_holdout(LtvModel& model, const LtvSample& sample, const LtvOptions& options, const Stop& stop);
// Expected spend of a customer of whom nothing is known, where the fitted mean is within a factor of two of the observed one.
std::optional<double> population_spend(const LtvModel& model);
double observed_spend(std::span<const Spend> spends);

}  // namespace icp::ltv
