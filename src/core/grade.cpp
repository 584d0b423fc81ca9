// Outcomes of cohorts: sizes, estimates, grades.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "icp/dqs.hpp"
#include "icp/metric.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

constexpr std::int64_t graded_companies = 10;

// A band with its bounds, on the scale of deals.
std::string letter(double dqs, const std::array<double, 2>& bands) { return dqs > bands[1] ? "A" : dqs < bands[0] ? "C" : "B"; }

bool inside(double low, double high, const std::string& grade, const std::array<double, 2>& bands) {
  if (grade == "A") return low > bands[1];
  if (grade == "C") return high < bands[0];
  return low >= bands[0] && high <= bands[1];
}

// Win rate against all other deals: the log of the ratio and its variance; nothing where either side is empty.
struct Ratio {
  bool known = false;
  double log = 0, variance = 0;
};

double rate_variance(std::span<const Observation> rows, double p, const Stop& stop) {
  // At least the binomial variance of the companies with half a win added: a rate of 0 or 1 is not certain.
  std::set<std::int32_t> companies;
  Pace pace(stop);
  for (const Observation& o : rows) {
    pace.step();
    companies.insert(o.company);
  }
  const double n = static_cast<double>(companies.size());
  const double se = standard_error(rows, stop).value_or(0);
  return std::max(se * se, p * (1 - p) / std::max(1.0, static_cast<double>(rows.size())) + (se > 0 ? 0 : 0.25 / (n * n)));
}

Ratio win_ratio(std::span<const Observation> in, std::span<const Observation> out, const Stop& stop) {
  Ratio r;
  if (in.empty() || out.empty()) return r;
  const auto rate = [](std::span<const Observation> rows) {
    double w = 0, n = 0;
    for (const Observation& o : rows) {
      w += o.weight * o.value;
      n += o.weight;
    }
    return (w + 0.5) / (n + 1);
  };
  const double p = rate(in), q = rate(out);
  r.known = true;
  r.log = std::log(p / q);
  r.variance = rate_variance(in, p, stop) / (p * p) + rate_variance(out, q, stop) / (q * q);
  return r;
}

struct Group {
  std::vector<Observation> dqs, won, ltv, cac, cycle, effort, retention;
  std::set<std::int32_t> companies;
};

void grade_by_dqs(std::vector<Cohort>& cohorts, const std::vector<Group>& groups, const std::array<double, 2>& bands, const Stop& stop) {
  // The variance between companies, pooled over the cohorts. A cohort's own is drawn towards it as if it rested on
  // `prior` more companies (Smyth 2004), so that two companies that happen to agree do not make a cohort sure.
  constexpr double prior = 4;
  const auto own = [&stop](const Group& g) {
    std::set<std::int32_t> companies;
    Pace pace(stop);
    for (const Observation& o : g.dqs) {
      pace.step();
      companies.insert(o.company);
    }
    const double n = static_cast<double>(companies.size()), se = standard_error(g.dqs, stop).value_or(0);
    return std::pair(n, se * se * n);
  };
  double pooled = 0, degrees = 0;
  for (const Group& g : groups) {
    const auto [n, variance] = own(g);
    if (n < 2) continue;
    pooled += (n - 1) * variance;
    degrees += n - 1;
  }
  pooled = degrees > 0 ? pooled / degrees : 100;
  std::vector<double> values, variances, freedom;
  std::vector<std::size_t> index;
  for (std::size_t c = 0; c < cohorts.size(); ++c) {
    if (!cohorts[c].dqs.value) continue;
    const auto [n, variance] = own(groups[c]);
    values.push_back(*cohorts[c].dqs.value);
    freedom.push_back(n - 1 + prior);
    variances.push_back(std::max(1e-6, ((n - 1) * variance + prior * pooled) / ((n - 1 + prior) * n)));
    index.push_back(c);
  }
  const auto shrunk = shrink(values, variances);
  for (std::size_t i = 0; i < index.size(); ++i) {
    Cohort& c = cohorts[index[i]];
    const double se = std::sqrt(shrunk[i].variance), half = student_quantile(0.975, freedom[i]) * se, half90 = student_quantile(0.95, freedom[i]) * se;
    c.dqs_shrunk = c.dqs;
    c.dqs_shrunk.value = shrunk[i].value;
    c.dqs_shrunk.low = shrunk[i].value - half;
    c.dqs_shrunk.high = shrunk[i].value + half;
    if (c.n_companies < graded_companies) continue;
    c.grade = letter(shrunk[i].value, bands);
    c.grade_sure = inside(shrunk[i].value - half90, shrunk[i].value + half90, c.grade, bands);
  }
}

// The grade by win rate of each cohort, '\0' where it cannot be told. Also the cap on a grade by DQS.
std::vector<char> grade_by_win_rate(std::vector<Cohort>& cohorts, const std::vector<Group>& groups, double share, bool apply,
                                    const Stop& stop) {
  std::vector<Ratio> ratios;
  std::vector<double> logs, variances;
  for (std::size_t c = 0; c < cohorts.size(); ++c) {
    std::vector<Observation> others;
    for (std::size_t o = 0; o < groups.size(); ++o)
      if (o != c) others.insert(others.end(), groups[o].won.begin(), groups[o].won.end());
    ratios.push_back(win_ratio(groups[c].won, others, stop));
    if (ratios.back().known) {
      logs.push_back(ratios.back().log);
      variances.push_back(ratios.back().variance);
    }
  }
  const auto shrunk = shrink_to(0, logs, variances);
  std::vector<char> grades(cohorts.size(), '\0');
  // Simultaneous over the cohorts (Bonferroni), within the error budget of the fit.
  const double z = normal_quantile(1 - share / (2.0 * static_cast<double>(std::max<std::size_t>(1, logs.size()))));
  const double z90 = normal_quantile(0.95);
  std::size_t i = 0;
  for (std::size_t c = 0; c < cohorts.size(); ++c) {
    if (!ratios[c].known) continue;
    const Shrunken& s = shrunk[i++];
    const double half = z * std::sqrt(ratios[c].variance);
    if (ratios[c].log - half > 0 && std::exp(s.value) >= 1.25) grades[c] = 'A';
    else if (ratios[c].log + half < 0 && std::exp(s.value) <= 0.8) grades[c] = 'C';
    else grades[c] = 'B';
    if (!apply || cohorts[c].n_companies < graded_companies) continue;
    cohorts[c].grade = std::string(1, grades[c]);
    const double half90 = z90 * std::sqrt(s.variance);
    const double low = s.value - half90, high = s.value + half90, most = std::log(1.25), least = std::log(0.8);
    cohorts[c].grade_sure = grades[c] == 'A' ? low >= most : grades[c] == 'C' ? high <= least : low > least && high < most;
  }
  return grades;
}

}  // namespace

void price_cohort(Cohort& c, const Options& o) {
  const auto cost = o.effort_unit == "hours" ? o.hour_cost : o.touch_cost;
  c.cac = c.cac_recorded;
  c.value_per_lead.reset();
  if (!cost || !c.effort.value) return;
  // Winning a customer also cost what went into the deals that were lost on the way.
  for (auto* bound : {&c.cac.value, &c.cac.low, &c.cac.high})
    if (*bound) **bound += c.lost_effort * *cost;
  if (o.margin && c.win_rate.value && c.ltv.value) c.value_per_lead = *c.win_rate.value * *c.ltv.value * *o.margin - *c.effort.value * *cost;
}

void judge_cohorts(std::vector<Cohort>& cohorts, const Training& t, std::span<const std::uint32_t> rows, std::span<const std::int32_t> cohort) {
  const Dataset& d = t.data;
  std::vector<Group> groups(cohorts.size() + 1);  // the last: the deals of no cohort, to compare with
  const bool one_currency = d.currencies.size() <= 1;
  const std::set<std::string> metrics = metrics_of(d, t.options);
  for (Cohort& c : cohorts) {
    c.n = c.n_closed = c.n_companies = c.immature = 0;
    c.grade.clear();
    c.grade_sure = false;
    c.grade_reason.clear();
  }
  std::int64_t all = 0;
  Pace pace(t.stop);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    pace.step();
    const std::uint32_t r = rows[i];
    all += static_cast<std::int64_t>(d.count[r]);
    if (cohort[i] < 0) {
      if (t.rated[r] != 0) groups.back().won.push_back(t.observe(r, d.outcome[r] == Outcome::won ? 1 : 0));
      continue;
    }
    const auto k = static_cast<std::size_t>(cohort[i]);
    Group& g = groups[k];
    Cohort& c = cohorts[k];
    const bool won = d.outcome[r] == Outcome::won;
    c.n_closed += static_cast<std::int64_t>(d.count[r]);
    g.companies.insert(d.company[r]);
    if (t.rated[r] != 0) g.won.push_back(t.observe(r, won ? 1 : 0));
    if (d.effort[r] >= 0) g.effort.push_back(t.observe(r, d.effort[r]));
    if (!won) continue;
    c.n += static_cast<std::int64_t>(d.count[r]);
    if (t.immature[r] != 0) c.immature += static_cast<std::int64_t>(d.count[r]);
    if (!std::isnan(t.dqs[r])) g.dqs.push_back(t.observe(r, t.dqs[r]));
    if (!std::isnan(d.cycle[r])) g.cycle.push_back(t.observe(r, d.cycle[r]));
    if (d.retention[r] >= 0) g.retention.push_back(t.observe(r, d.retention[r]));
    if (one_currency && !std::isnan(d.ltv[r])) g.ltv.push_back(t.observe(r, d.ltv[r]));
    if (one_currency && d.cac[r] >= 0) g.cac.push_back(t.observe(r, d.cac[r]));
  }
  for (std::size_t k = 0; k < cohorts.size(); ++k) {
    Cohort& c = cohorts[k];
    const Group& g = groups[k];
    c.n_companies = static_cast<std::int64_t>(g.companies.size());
    c.share = all > 0 ? static_cast<double>(c.n_closed) / static_cast<double>(all) : 0;
    c.dqs = c.dqs_shrunk = mean_estimate(g.dqs, t.stop);
    c.win_rate = t.has_lost ? share_estimate(g.won, t.stop) : Estimate{};
    c.ltv = company_mean_estimate(g.ltv, t.stop);
    c.cac_recorded = company_mean_estimate(g.cac, t.stop);
    c.cycle = mean_estimate(g.cycle, t.stop);
    c.effort = mean_estimate(g.effort, t.stop);
    c.retention = company_mean_estimate(g.retention, t.stop);
    double won_weight = 0, lost_effort = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      pace.step();
      if (cohort[i] != static_cast<std::int32_t>(k)) continue;
      const std::uint32_t r = rows[i];
      if (d.outcome[r] == Outcome::won) won_weight += d.weight_of(r);
      else if (d.effort[r] >= 0) lost_effort += d.effort[r] * d.weight_of(r);
    }
    c.lost_effort = won_weight > 0 ? lost_effort / won_weight : 0;
    price_cohort(c, t.options);
    for (const std::string& name : metrics) {
      std::vector<Observation> values;
      const DataColumn* column = d.find(name);
      for (std::size_t i = 0; i < rows.size() && column != nullptr; ++i) {
        pace.step();
        const std::uint32_t r = rows[i];
        if (cohort[i] != static_cast<std::int32_t>(k) || d.outcome[r] != Outcome::won || column->known[r] == 0) continue;
        if (column->type == ColumnType::number) values.push_back(t.observe(r, column->numbers[r]));
        else if (column->type == ColumnType::boolean) values.push_back(t.observe(r, column->codes[r]));
      }
      c.metrics[name] = mean_estimate(values, t.stop);
    }
    const std::int64_t won = c.n, lost = c.n_closed - c.n;
    c.reliability = reliability_word(c.n_companies, won, lost, !t.has_lost);
  }
  if (t.judged_by_dqs) {
    grade_by_dqs(cohorts, groups, parse_dqs_scale(t.options.dqs_scale).bands, t.stop);
    if (t.has_lost) {
      const auto by_rate = grade_by_win_rate(cohorts, groups, t.share, false, t.stop);
      for (std::size_t k = 0; k < cohorts.size(); ++k)
        if (cohorts[k].grade == "A" && by_rate[k] == 'C') {
          cohorts[k].grade = "B";
          cohorts[k].grade_reason = fmt::format("A by DQS, capped at B: {} of {} closed deals were won", cohorts[k].n, cohorts[k].n_closed);
        }
    }
  } else if (t.has_lost) {
    grade_by_win_rate(cohorts, groups, t.share, true, t.stop);
  }
  for (Cohort& c : cohorts) {
    if (c.grade.empty() && c.n_companies < graded_companies)
      c.grade_reason = fmt::format("no grade: {} companies with closed deals, fewer than {}", c.n_companies, graded_companies);
    else if (c.grade.empty())
      c.grade_reason = t.judged_by_dqs ? "no grade: no won deal of the cohort has a DQS"
                                       : "no grade: there are no other deals to compare its win rate with";
  }
}

}  // namespace icp
