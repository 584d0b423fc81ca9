#include "icp/routing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/matcher.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

constexpr double significant = 0.05;
constexpr std::uint64_t most_managers = 10'000;

double logit(double p) { return std::log(p / (1 - p)); }
double expit(double x) { return 1 / (1 + std::exp(-x)); }

// n independent deals of which y were won, where the log-odds are otherwise `offset`.
struct Binomial {
  double offset = 0, n = 0, y = 0;
};
// k independent deals whose mean is `mean`, where it is otherwise `offset`.
struct Normal {
  double offset = 0, k = 0, mean = 0;
};

// The effects of the units of one step, each given by what it is made of.
struct Step {
  std::vector<double> effect;
  std::optional<double> p;               // of no differences, adjusted
};

std::optional<double> adjusted(double p, double tests) { return std::min(1.0, p * tests); }

// Where the log-odds of a unit lie if a normal effect of variance tau comes on top: the root of a falling function.
double posterior_mode(const std::vector<Binomial>& unit, double tau) {
  double low = -30, high = 30;
  for (int i = 0; i < 80; ++i) {
    const double a = (low + high) / 2;
    double slope = -a / tau;
    for (const Binomial& b : unit) slope += b.y - b.n * expit(b.offset + a);
    (slope > 0 ? low : high) = a;
  }
  return (low + high) / 2;
}

// `fitted`: how many numbers the offsets have taken from the same data. Differences that chance explains count where
// `tests` is 0 only.
Step binomial_step(const std::vector<std::vector<Binomial>>& units, double fitted, double tests) {
  double q = 0, precision = 0, spread = 0, used = 0;
  for (const auto& unit : units) {
    double excess = 0, variance = 0, fourth = 0;
    for (const Binomial& b : unit) {
      const double p = expit(b.offset), pq = p * (1 - p);
      excess += b.y - b.n * p;
      variance += b.n * pq;
      fourth += b.n * pq * (1 - 6 * pq);
    }
    if (variance <= 0) continue;
    ++used;
    q += excess * excess / variance;
    precision += variance;
    spread += 2 + fourth / (variance * variance);
  }
  Step s{std::vector<double>(units.size(), 0), std::nullopt};
  const double freedom = used - fitted;
  if (freedom < 1) return s;
  spread *= freedom / used;
  if (tests > 0) {
    // Without spread Q says nothing.
    s.p = spread > 1e-9 ? adjusted(boost::math::cdf(boost::math::complement(boost::math::gamma_distribution<double>(freedom * freedom / spread, spread / freedom), q)), tests) : 1;
    if (*s.p > significant) return s;
  }
  const double tau = (q - freedom) / precision;
  if (tau <= 0) return s;
  for (std::size_t u = 0; u < units.size(); ++u) s.effect[u] = posterior_mode(units[u], tau);
  return s;
}

// The same for means; `variance` is that of one deal, known with `residual` degrees of freedom.
Step normal_step(const std::vector<std::vector<Normal>>& units, double fitted, double tests, double variance, double residual) {
  std::vector<double> excess(units.size(), 0), weight(units.size(), 0);
  double q = 0, precision = 0, used = 0;
  for (std::size_t u = 0; u < units.size(); ++u) {
    for (const Normal& n : units[u]) {
      excess[u] += n.k * (n.mean - n.offset);
      weight[u] += n.k;
    }
    if (weight[u] <= 0) continue;
    ++used;
    excess[u] /= weight[u];
    q += excess[u] * excess[u] * weight[u] / variance;
    precision += weight[u] / variance;
  }
  Step s{std::vector<double>(units.size(), 0), std::nullopt};
  const double freedom = used - fitted;
  if (freedom < 1) return s;
  if (tests > 0) {
    s.p = residual >= 1 ? adjusted(boost::math::cdf(boost::math::complement(boost::math::fisher_f_distribution<double>(freedom, residual), q / freedom)), tests) : 1;
    if (*s.p > significant) return s;
  }
  const double tau = std::max(0.0, (q - freedom) / precision);
  for (std::size_t u = 0; u < units.size(); ++u)
    if (weight[u] > 0) s.effect[u] = tau / (tau + variance / weight[u]) * excess[u];
  return s;
}

std::optional<double> smaller(std::optional<double> a, std::optional<double> b) { return a && b ? std::min(*a, *b) : a ? a : b; }

std::string trimmed(const std::string& name) {
  const std::size_t first = name.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string() : name.substr(first, name.find_last_not_of(" \t\r\n") - first + 1);
}

// The deals of one company with one manager in one cohort.
struct Company {
  double mean = 0, deals = 0, within = 0;   // within: the sum of squares around the mean
  double size = 1;                          // how many independent deals they stand for
};

std::vector<Company> by_company(const std::vector<Observation>& observations) {
  std::map<std::int32_t, Company> sums;
  for (const Observation& o : observations) {
    Company& c = sums[o.company];
    c.deals += o.weight;
    c.mean += o.weight * o.value;
  }
  for (auto& [key, c] : sums) c.mean /= c.deals;
  for (const Observation& o : observations) {
    Company& c = sums[o.company];
    c.within += o.weight * (o.value - c.mean) * (o.value - c.mean);
  }
  std::vector<Company> out;
  for (const auto& [key, c] : sums) out.push_back(c);
  return out;
}

// k deals of a company count as k / (1 + (k - 1) r) independent ones (Kish 1965), r the correlation of deals of one company,
// by analysis of variance within cells (Donner & Koval 1980); where too few companies have two deals, a company counts once.
void set_sizes(std::vector<std::vector<Company>>& cells, bool companies) {
  constexpr double enough = 20;
  double deals = 0, groups = 0, filled = 0, within = 0, between = 0, squares = 0;
  for (const auto& cell : cells) {
    double n = 0, sum = 0, square = 0;
    for (const Company& c : cell) {
      n += c.deals;
      sum += c.deals * c.mean;
      square += c.deals * c.deals;
      within += c.within;
    }
    if (n <= 0) continue;
    for (const Company& c : cell) between += c.deals * (c.mean - sum / n) * (c.mean - sum / n);
    deals += n;
    squares += square / n;
    groups += static_cast<double>(cell.size());
    ++filled;
  }
  double r = 1;
  if (deals - groups >= enough && groups > filled) {
    const double usual = (deals - squares) / (groups - filled), ms_within = within / (deals - groups), ms_between = between / (groups - filled);
    const double total = ms_between + (usual - 1) * ms_within;
    r = total > 0 ? std::clamp((ms_between - ms_within) / total, 0.0, 1.0) : 1;
  }
  for (auto& cell : cells)
    for (Company& c : cell) c.size = !companies || c.deals <= 1 ? c.deals : c.deals / (1 + (c.deals - 1) * r);
}

// Managers down, cohorts across; what a method sees of the records.
template <class Unit>
struct Grid {
  std::size_t managers, cohorts;
  std::vector<Unit> cell;
  Unit& at(std::size_t m, std::size_t c) { return cell[m * cohorts + c]; }

  std::vector<std::vector<Unit>> by_cohort() { return units(cohorts, [this](std::size_t c, auto& unit) { for (std::size_t m = 0; m < managers; ++m) unit.push_back(at(m, c)); }); }
  std::vector<std::vector<Unit>> by_manager() { return units(managers, [this](std::size_t m, auto& unit) { for (std::size_t c = 0; c < cohorts; ++c) unit.push_back(at(m, c)); }); }
  std::vector<std::vector<Unit>> by_cell() { return units(cell.size(), [this](std::size_t i, auto& unit) { unit.push_back(cell[i]); }); }

  template <class Fill>
  static std::vector<std::vector<Unit>> units(std::size_t n, Fill fill) {
    std::vector<std::vector<Unit>> out(n);
    for (std::size_t i = 0; i < n; ++i) fill(i, out[i]);
    return out;
  }
  // How many cohorts have anything in them.
  double used(double Unit::*size) {
    double used = 0;
    for (std::size_t c = 0; c < cohorts; ++c) {
      double n = 0;
      for (std::size_t m = 0; m < managers; ++m) n += at(m, c).*size;
      used += n > 0 ? 1 : 0;
    }
    return used;
  }
};

// The three steps. `base`, at first what is so of all deals, receives what each cohort gives whoever sells; the cells'
// offsets become what is expected of them. Where managers differ, a cohort's rate depends on who has sold there: the first
// two steps then take turns.
template <class Unit, class Method>
std::pair<std::optional<double>, std::optional<double>> three_steps(Grid<Unit>& grid, std::vector<double>& base, double Unit::*size, Method method) {
  constexpr int turns = 8;
  const std::vector<double> all = base;
  std::vector<double> added(grid.managers, 0);
  const auto expect = [&] {
    for (std::size_t m = 0; m < grid.managers; ++m)
      for (std::size_t c = 0; c < grid.cohorts; ++c) grid.at(m, c).offset = base[c] + added[m];
  };
  std::optional<double> differ;
  for (int turn = 0; turn < turns; ++turn) {
    base = all;
    expect();
    const Step cohorts = method(grid.by_cohort(), 1.0, false);
    for (std::size_t c = 0; c < grid.cohorts; ++c) base[c] += cohorts.effect[c];
    std::fill(added.begin(), added.end(), 0.0);
    expect();
    const Step managers = method(grid.by_manager(), 1.0, turn == 0);
    if (turn == 0) differ = managers.p;
    added = managers.effect;
    if (!differ || *differ > significant) break;
  }
  expect();
  const Step cells = method(grid.by_cell(), grid.used(size) + (differ && *differ <= significant ? static_cast<double>(grid.managers) - 1 : 0), true);
  for (std::size_t i = 0; i < grid.cell.size(); ++i) grid.cell[i].offset += cells.effect[i];
  return {differ, cells.p};
}

}  // namespace

ManagerExpectations expect_managers(const std::vector<ManagerRecord>& records, bool companies, const Stop& stop) {
  std::set<std::string> manager_set, cohort_set{""};
  for (const ManagerRecord& r : records) {
    manager_set.insert(r.manager);
    cohort_set.insert(r.cohort);
  }
  const std::vector<std::string> managers(manager_set.begin(), manager_set.end()), cohorts(cohort_set.begin(), cohort_set.end());
  const std::size_t cells = managers.size() * cohorts.size();
  const auto place = [](const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::lower_bound(names.begin(), names.end(), name) - names.begin());
  };
  std::vector<const ManagerRecord*> record(cells, nullptr);
  Grid<Binomial> wins{managers.size(), cohorts.size(), std::vector<Binomial>(cells)};
  Grid<Normal> quality{managers.size(), cohorts.size(), std::vector<Normal>(cells)};
  std::vector<std::vector<Company>> won(cells), scored(cells);
  for (const ManagerRecord& r : records) {
    stop.poll();
    const std::size_t i = place(managers, r.manager) * cohorts.size() + place(cohorts, r.cohort);
    record[i] = &r;
    won[i] = by_company(r.wins);
    scored[i] = by_company(r.quality);
  }
  set_sizes(won, companies);
  set_sizes(scored, companies);
  double n = 0, y = 0, k = 0, sum = 0, within = 0, residual = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    Binomial& b = wins.cell[i];
    for (const Company& c : won[i]) {
      b.n += c.size;
      b.y += c.size * c.mean;
    }
    n += b.n;
    y += b.y;
    Normal& q = quality.cell[i];
    double total = 0;
    for (const Company& c : scored[i]) {
      q.k += c.size;
      total += c.size * c.mean;
    }
    if (scored[i].empty()) continue;
    q.mean = total / q.k;
    for (const Company& c : scored[i]) within += c.size * (c.mean - q.mean) * (c.mean - q.mean);
    residual += (companies ? static_cast<double>(scored[i].size()) : q.k) - 1;
    sum += total;
    k += q.k;
  }
  ManagerExpectations out;
  const bool have_wins = n > 0 && y < n, have_quality = k > 0;
  const double tests = have_wins && have_quality ? 4 : 2;
  std::vector<double> win_base(cohorts.size(), logit((y + 0.5) / (n + 1))), quality_base(cohorts.size(), have_quality ? sum / k : 0);
  for (Binomial& b : wins.cell) b.offset = win_base[0];
  for (Normal& q : quality.cell) q.offset = quality_base[0];
  if (have_wins) {
    const auto [managers_p, cells_p] = three_steps(wins, win_base, &Binomial::n, [&](const auto& units, double fitted, bool test) { return binomial_step(units, fitted, test ? tests : 0); });
    out.p_managers = managers_p;
    out.p_cohorts = cells_p;
  }
  if (have_quality) {
    // The scale is 0 to 100: less than a point between deals is not believed.
    const double variance = std::max(1.0, residual >= 1 ? within / residual : 0);
    const auto [managers_p, cells_p] =
        three_steps(quality, quality_base, &Normal::k, [&](const auto& units, double fitted, bool test) { return normal_step(units, fitted, test ? tests : 0, variance, residual); });
    out.p_managers = smaller(out.p_managers, managers_p);
    out.p_cohorts = smaller(out.p_cohorts, cells_p);
  }
  const auto add = [&](const std::string& manager, std::size_t c, const ManagerRecord* r, double odds, double dqs) {
    ManagerExpectation& e = out.cells.emplace_back();
    if (r != nullptr) e.record = *r;
    e.record.manager = manager;
    e.record.cohort = cohorts[c];
    if (have_wins) e.win_rate = expit(odds);
    if (have_quality) e.dqs = std::clamp(dqs, 0.0, 100.0);
    if (have_wins || have_quality) e.value = e.win_rate.value_or(1) * (have_quality ? *e.dqs / 100 : 1);
  };
  for (std::size_t c = 0; c < cohorts.size(); ++c) {
    add("", c, nullptr, win_base[c], quality_base[c]);
    for (std::size_t m = 0; m < managers.size(); ++m) add(managers[m], c, record[m * cohorts.size() + c], wins.at(m, c).offset, quality.at(m, c).offset);
  }
  return out;
}

Report report_managers(const Model& model, const Sample& deals, const Zone& zone, const Stop& stop) {
  const Options options = parse_options(deals.options());
  const Dataset d = read_dataset(deals, options, zone, stop);
  const DataColumn* owner = d.find(options.column_of("owner"));
  if (owner == nullptr || (owner->type != ColumnType::text && owner->type != ColumnType::number && owner->type != ColumnType::empty))
    throw Error(ErrorCode::undefined_column, fmt::format("the deals have no column \"{}\" that names their managers", options.column_of("owner")), {},
                "Add it to the deals view as text or a number, or name it: {\"roles\": {\"owner\": \"…\"}}.");
  if (owner->distinct > most_managers)
    throw Error(ErrorCode::invalid_parameter, fmt::format("the column \"{}\" names more than {} managers", owner->name, most_managers), {}, "Name the column that says who sold the deal.");
  std::vector<Finding> findings;
  const Training t = prepare_training(d, options, findings, stop);
  Encoder encoder = model.encoder;
  encoder.prepare();
  std::vector<std::int32_t> cohort(t.closed.size(), -1);
  if (!model.cohorts.empty()) {
    const Table table = encoder.encode(d, t.closed, stop);
    const Matcher matcher(encoder, model.mixture, model.cohorts, parse_options(model.options));
    EncodedBuffer buffer;
    encoder.resize(buffer);
    std::vector<double> joint;
    for (std::size_t i = 0; i < t.closed.size(); ++i) {
      if (i % 1024 == 0) stop.poll();
      load_row(table, i, buffer);
      cohort[i] = matcher.assign(buffer.row(), joint);
    }
  }
  std::map<std::pair<std::string, std::string>, ManagerRecord> records;
  for (std::size_t i = 0; i < t.closed.size(); ++i) {
    const std::uint32_t r = t.closed[i];
    if (owner->known[r] == 0) continue;
    const std::string manager = owner->type == ColumnType::number ? number_text(owner->numbers[r]) : trimmed(owner->words[static_cast<std::size_t>(owner->codes[r])]);
    if (manager.empty()) continue;
    const std::string key = cohort[i] < 0 ? "" : model.cohorts[static_cast<std::size_t>(cohort[i])].key;
    ManagerRecord& record = records[{manager, key}];
    record.manager = manager;
    record.cohort = key;
    const bool won = d.outcome[r] == Outcome::won;
    if (t.has_lost && t.rated[r] != 0) {
      record.closed += static_cast<std::int64_t>(d.count[r]);
      record.won += won ? static_cast<std::int64_t>(d.count[r]) : 0;
      record.wins.push_back(t.observe(r, won ? 1 : 0));
    }
    if (!std::isnan(t.dqs[r])) record.quality.push_back(t.observe(r, t.dqs[r]));
  }
  std::vector<ManagerRecord> list;
  for (auto& [key, record] : records) list.push_back(std::move(record));
  const ManagerExpectations expected = expect_managers(list, d.has_company, stop);
  Report out;
  out.columns = {"manager", "cohort", "closed", "won", "n_companies", "win_rate", "expected_win_rate", "win_rate_lo", "win_rate_hi", "dqs", "expected_dqs", "dqs_lo", "dqs_hi", "value", "p_managers", "p_cohorts"};
  for (const ManagerExpectation& e : expected.cells) {
    const Estimate wins = share_estimate(e.record.wins, stop), dqs = mean_estimate(e.record.quality, stop);
    out.rows.push_back({e.record.manager, e.record.cohort, e.record.closed, e.record.won, wins.companies, cell(wins.value), cell(e.win_rate), cell(wins.low), cell(wins.high),
                        cell(dqs.value), cell(e.dqs), cell(dqs.low), cell(dqs.high), cell(e.value), cell(expected.p_managers), cell(expected.p_cohorts)});
  }
  return out;
}

}  // namespace icp
