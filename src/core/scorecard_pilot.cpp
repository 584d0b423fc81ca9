// Whether a pilot has kept the promise of icp_reach.
#include <cmath>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/scorecard_report.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double level = 0.05;  // of either test, one-sided: what the size of a pilot is made for

const CardReach& part_of(const Model& m, double share) {
  for (const CardReach& c : m.reach)
    if (std::abs(c.share - share) < 1e-9) return c;
  std::vector<std::string> shares;
  for (const CardReach& c : m.reach) shares.push_back(number_text(c.share));
  if (shares.empty())
    throw Error(ErrorCode::invalid_parameter, "the model has no scorecard for winning, so no part of a list is better than the rest", {}, "See icp_diagnostics.");
  throw Error(ErrorCode::invalid_parameter, fmt::format("the model says nothing of the best {} of a list", number_text(share)), {},
              fmt::format("It does of these shares: {}.", fmt::join(shares, ", ")));
}

// The exact interval for a share (Clopper & Pearson 1934).
std::pair<double, double> exact_interval(std::int64_t n, std::int64_t x) {
  const auto at = [](double a, double b, double p) { return boost::math::quantile(boost::math::beta_distribution<double>(a, b), p); };
  const auto successes = static_cast<double>(x), failures = static_cast<double>(n - x);
  return {x == 0 ? 0 : at(successes, failures + 1, 0.025), x == n ? 1 : at(successes + 1, failures, 0.975)};
}

}  // namespace

Report report_reach_check(const Model& m, double share, std::int64_t leads, std::int64_t won) {
  const CardReach& part = part_of(m, share);
  if (leads < 0 || won < 0 || won > leads)
    throw Error(ErrorCode::invalid_parameter, fmt::format("{} won of {} leads cannot be", won, leads), {}, "Both are counts, and won is at most leads.");
  const double usual = part.lift > 0 ? part.precision / part.lift : 0;
  Report r;
  r.columns = {"share", "leads", "won", "win_rate", "lo", "hi", "expected", "expected_lo", "expected_hi", "usual", "p_usual", "p_expected", "verdict", "missing"};
  Cell rate, low, high, as_usual, as_expected;
  std::string verdict = "no_lift_expected";
  if (leads > 0) {
    const auto [from, to] = exact_interval(leads, won);
    const auto n = static_cast<double>(leads), x = static_cast<double>(won);
    const double p_usual = won == 0 ? 1 : boost::math::cdf(boost::math::complement(boost::math::binomial_distribution<double>(n, usual), x - 1));
    const double p_expected = boost::math::cdf(boost::math::binomial_distribution<double>(n, part.low), x);
    rate = x / n;
    low = from;
    high = to;
    as_usual = p_usual;
    as_expected = p_expected;
    if (part.pilot > 0 && leads >= part.pilot) verdict = p_usual <= level ? "confirmed" : p_expected <= level ? "refuted" : "unclear";
  }
  // Looking again and again until it fits would find what is not there: no verdict before the size set beforehand.
  if (part.pilot > 0 && leads < part.pilot) verdict = "too_early";
  r.rows.push_back({share, leads, won, rate, low, high, part.precision, part.low, part.high, usual, as_usual, as_expected, verdict,
                    part.pilot > leads ? part.pilot - leads : std::int64_t{0}});
  return r;
}

}  // namespace icp
