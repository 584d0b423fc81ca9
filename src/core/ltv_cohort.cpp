// Models of cohorts, shrunk to the whole: empirical Bayes.
//
// The logarithms of a cohort's parameters are taken for normal about those of the whole, with a variance of their own for
// each parameter. The variances are estimated from all cohorts by EM with Laplace's approximation (Dempster, Laird & Rubin
// 1977; Tierney & Kadane 1986): each cohort's parameters maximise likelihood times prior, and a variance is the mean over the cohorts
// of the squared distance plus what the cohort leaves uncertain. So a large cohort keeps its own parameters, a small one
// has nearly the whole's, and no group of correlated parameters is torn apart.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/ltv_learn.hpp"

namespace icp {

namespace ltv {

namespace {

constexpr int rounds = 40;
constexpr double least_variance = 1e-6;

// Learns the parts of all cohorts about the whole's; `learn(cohort, prior, start)` learns one.
template <class Learn>
std::vector<Learned> shrink_all(const LtvPart& whole, std::size_t cohorts, std::vector<double>& variance, Learn&& learn) {
  const std::size_t k = whole.values.size();
  Prior prior;
  for (const double v : whole.values) prior.mean.push_back(std::log(v));
  prior.variance.assign(k, 0.25);
  std::vector<Learned> out(cohorts);
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> next(k, 0);
    for (std::size_t c = 0; c < cohorts; ++c) {
      out[c] = learn(c, prior, round == 0 ? &whole : &out[c].part);
      for (std::size_t i = 0; i < k; ++i) {
        const double d = std::log(out[c].part.values[i]) - prior.mean[i], left = out[c].part.covariance[i * k + i];
        next[i] += (d * d + (left > 0 ? left : prior.variance[i])) / static_cast<double>(cohorts);
      }
    }
    double moved = 0;
    for (std::size_t i = 0; i < k; ++i) {
      next[i] = std::max(next[i], least_variance);
      moved = std::max(moved, std::abs(std::log(next[i] / prior.variance[i])));
      prior.variance[i] = next[i];
    }
    if (moved < 0.01) break;
  }
  variance = prior.variance;
  return out;
}

// How much of its own a cohort keeps, from 0 to 1, by the uncertainty that its data take away.
double own_share(const LtvPart& part, const std::vector<double>& variance) {
  double sum = 0;
  for (std::size_t i = 0; i < variance.size(); ++i) sum += 1 - std::min(1.0, part.covariance[i * variance.size() + i] / variance[i]);
  return sum / static_cast<double>(variance.size());
}

}  // namespace

}  // namespace ltv

std::vector<LtvCohort> fit_ltv_by(std::span<const std::pair<std::string, const LtvSample*>> samples, const Stop& stop, std::uint64_t memory_limit) {
  using namespace ltv;
  LtvSample all;
  for (const auto& [name, sample] : samples) all.merge(*sample);
  const auto whole = fit(all, stop, memory_limit);
  if (!whole) return {};
  const LtvModel& model = whole->model;
  std::vector<std::vector<Customer>> customers;
  std::vector<std::vector<Spend>> spends;
  for (const auto& [name, sample] : samples) {
    customers.push_back(customers_of(*sample, model.kind, model.period_days, {}, stop));
    spends.push_back(spends_of(*sample, model.spend_all, stop));
  }
  const bool several = samples.size() > 1;
  std::vector<double> between, between_spend;
  std::vector<Learned> learned, learned_spend;
  if (several) {
    learned = shrink_all(model.purchases, samples.size(), between, [&](std::size_t c, const Prior& prior, const LtvPart* start) {
      return learn_purchases(family_of(model.kind), customers[c], prior, start, stop);
    });
    if (!model.spend.values.empty())
      learned_spend = shrink_all(model.spend, samples.size(), between_spend, [&](std::size_t c, const Prior& prior, const LtvPart* start) {
        return learn_spend(spends[c], prior, start, stop);
      });
  }
  std::vector<LtvCohort> out;
  for (std::size_t c = 0; c < samples.size(); ++c) {
    LtvCohort one{samples[c].first, weight_of(customers[c]), model};
    if (several) {
      LtvModel& m = one.model;
      m.findings.clear();
      m.purchases = learned[c].part;
      m.customers = one.customers;
      describe_fit(m, learned[c], customers[c]);
      if (!learned_spend.empty()) m.spend = learned_spend[c].part;
      // The mean of a small cohort leans on the whole's as its parameters do.
      double spenders = 0;
      for (const Spend& s : spends[c]) spenders += s.weight;
      m.mean_spend = (spenders * observed_spend(spends[c]) + least_spenders * model.mean_spend) / (spenders + least_spenders);
      describe_spend(m, *samples[c].second, learned_spend.empty() ? Learned{} : learned_spend[c], spends[c], stop);
      say(m, "info", "shrinkage", {"share of the parameters that is the cohort's own; the rest is the whole's", "доля собственных параметров когорты; остальное — от всех вместе"}, own_share(m.purchases, between));
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace icp
