#include "wallet_additive.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "linear.hpp"
#include "wallet_trees.hpp"

namespace icp::wallet {

namespace {

constexpr std::size_t learned_rows = 30000;        // variances and interactions need no more
constexpr std::size_t most_pairs = 10, most_parameters = 900, pair_cells = 36;
constexpr int first_steps = 40, pair_steps = 20, fold_steps = 8;
constexpr std::int64_t few_companies = 100;
constexpr double freedom_share = 0.1;              // below few_companies: effective terms for each row
constexpr double slope_shrinkage = 10;             // rows of no effect on a slope
constexpr double least_width = 1e-6;               // of bins, beside the range of their middles, for a slope within them
constexpr double unseen_variance = 4;              // of points, in variances of the target, times companies: what escapes notice
constexpr double no_doubt = 0.02;                  // error, of the target's deviation, below which a term goes too
constexpr double beyond = 0.5;                     // of a bin at an end: as far a line is drawn on
constexpr double nothing = 1e-3;                   // mean absolute points, of the target's deviation, below which a term goes

}  // namespace

Places::Places(const card::Binned& binned, const Table& table) : binned_(binned) {
  for (std::size_t c = 0; c < binned.columns.size(); ++c)
    if (!binned.middle[c].empty()) columns_.push_back(c);
  offset_.resize(table.rows * columns_.size());
  low_.assign(size(), 0);
  high_.assign(size(), 0);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t c = columns_[i];
    const std::vector<double>& numbers = table.columns[binned.columns[c].feature].numbers;
    for (std::size_t r = 0; r < table.rows; ++r) {
      const std::size_t bin = (*binned.bin[c])[r];
      if (bin < binned.columns[c].bins) offset_[r * columns_.size() + i] = static_cast<float>(numbers[r] - binned.middle[c][bin]);
    }
    const auto [least, most] = std::minmax_element(binned.middle[c].begin(), binned.middle[c].end());
    measure(i, table.rows, std::max(1.0, *most - *least));   // numbers are scaled
  }
}

// How far the numbers of a column go. Where bins hold one number each, what is left of it beside their middles is rounding: of that
// a slope would be anything.
void Places::measure(std::size_t i, std::size_t rows, double range) {
  const std::size_t first = 3 * i;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto [place, x] = at(i, r);
    low_[place] = std::min(low_[place], x);
    high_[place] = std::max(high_[place], x);
  }
  for (std::size_t p = first; p < first + 3; ++p)
    if (high_[p] - low_[p] <= least_width * range) low_[p] = high_[p] = 0;
  low_[first] -= beyond * (high_[first] - low_[first]);
  high_[first + 2] += beyond * (high_[first + 2] - low_[first + 2]);
  for (std::size_t r = 0; r < rows; ++r)
    if (const auto [place, x] = at(i, r); low_[place] == high_[place]) offset_[r * columns_.size() + i] = 0;
}

AdditiveLearner::AdditiveLearner(const card::Binned& binned, const Places& places, const Buyers& b, const Stop& stop)
    : binned_(binned), places_(places), b_(b), stop_(stop), speaks_(binned.columns.size(), true) {
  for (std::uint32_t r = 0; r < b.size(); ++r) {
    all_.push_back(r);
    if (r < learned_rows) sample_.push_back(r);
  }
}

// Without interactions; a constant where that does no better than chance.
Additive AdditiveLearner::learn(std::span<const double> target) const {
  return better(target, with_terms(target, false, nullptr));
}

// The same with slopes within bins, and with interactions too where these lower the squares of rows that had no say.
std::vector<Additive> AdditiveLearner::candidates(std::span<const double> target) const {
  std::vector<Additive> out;
  out.push_back(better(target, with_terms(target, true, nullptr)));
  if (out[0].constant) return out;
  Additive pairs = with_terms(target, true, &out[0]);
  if (pairs.terms.size() > out[0].terms.size() && gain(target, out[0].held, pairs.held) > sure) {
    doubt(pairs, target);
    out.push_back(std::move(pairs));
  }
  return out;
}

Additive AdditiveLearner::better(std::span<const double> target, Additive a) const {
  Additive base = constant(target);
  if (gain(target, base.held, a.held) > sure) {
    doubt(a, target);
    return a;
  }
  // What was not found may be there all the same.
  const double intercept = base.solution.intercept;
  base.constant = true;
  base.terms = std::move(a.terms);
  base.solution = std::move(a.solution);
  base.solution.intercept = intercept;
  for (auto& effect : base.solution.effect) std::fill(effect.begin(), effect.end(), 0.0);
  doubt(base, target);
  return base;
}

// Errors of points, as far as few companies leave open how much attributes say at all. An estimated variance of points is taken for
// known where errors follow from it, so that one estimated as nothing would leave no error; here each is larger by about its own
// standard error, and how far the points would be elsewhere then is part of the error.
void AdditiveLearner::doubt(Additive& a, std::span<const double> target) const {
  const double more = unseen_variance / static_cast<double>(std::max<std::int64_t>(1, b_.companies));
  std::vector<double> precision = a.solution.precision;
  std::size_t i = 0;
  for (const card::Term& t : a.terms) {
    if (!t.middle.empty()) ++i;                      // steps of a walk stay as small as they are: its line may be steeper
    for (const std::size_t end = i + (t.middle.empty() ? 1 : 2); i < end; ++i) precision[i] = 1 / (1 / precision[i] + more);
  }
  card::Problem p = problem(a.terms, target, sample_);
  p.freedom_share = 0;
  const card::Solution wide = card::solve(p, precision, 0, stop_);
  for (std::size_t t = 0; t < a.terms.size(); ++t)
    for (std::size_t c = 0; c < a.terms[t].cells; ++c)
      a.solution.error[t][c] = std::hypot(wide.error[t][c], wide.effect[t][c] - a.solution.effect[t][c]);
}

// Slopes within bins, of what is left over (ridge regression).
void AdditiveLearner::add_slopes(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows) const {
  const auto size = static_cast<Eigen::Index>(places_.size());
  Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(size, size);
  Eigen::VectorXd products = Eigen::VectorXd::Zero(size);
  std::vector<const card::Term*> terms;
  for (const card::Term& t : a.terms) terms.push_back(&t);
  std::vector<std::pair<std::size_t, double>> x(places_.columns().size());
  Pace pace(stop_);
  for (const std::uint32_t r : rows) {
    pace.step();
    const double e = target[r] - a.solution.at(terms, r);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = places_.at(i, r);
      const auto row = static_cast<Eigen::Index>(x[i].first);
      products[row] += b_.weight[r] * x[i].second * e;
      for (std::size_t k = 0; k <= i; ++k) squares(row, static_cast<Eigen::Index>(x[k].first)) += b_.weight[r] * x[i].second * x[k].second;
    }
  }
  for (Eigen::Index i = 0; i < size; ++i)
    squares(i, i) = squares(i, i) > 0 ? squares(i, i) * (1 + slope_shrinkage / static_cast<double>(rows.size())) : 1;
  const Eigen::VectorXd slopes = squares.selfadjointView<Eigen::Lower>().llt().solve(products);
  a.slopes.assign(places_.size(), 0);
  if (slopes.allFinite())
    for (Eigen::Index i = 0; i < size; ++i) a.slopes[static_cast<std::size_t>(i)] = slopes[i];
}

card::Problem AdditiveLearner::problem(const std::vector<card::Term>& terms, std::span<const double> target, std::span<const std::uint32_t> rows) const {
  card::Problem p;
  for (const card::Term& t : terms) p.terms.push_back(&t);
  p.rows = rows;
  p.target = target;
  p.weight = b_.weight;
  p.count = b_.count;
  p.company = b_.company;
  p.logistic = false;
  p.freedom_share = b_.companies < few_companies ? freedom_share : 0;
  return p;
}

void AdditiveLearner::solve(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows, std::vector<double> start, int steps, bool told) const {
  card::Problem p = problem(a.terms, target, rows);
  p.told = told;
  a.solution = card::solve(p, start, steps, stop_);
}

// Interactions that chance does not leave in the residuals of a solution on those rows.
void AdditiveLearner::add_pairs(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows, int steps, bool told) const {
  std::size_t cells = 1;
  for (const card::Term& t : a.terms) cells += t.cells;
  const std::size_t room = cells < most_parameters ? (most_parameters - cells) / pair_cells : 0;
  const auto pairs = card::find_pairs(binned_, problem(a.terms, target, rows), a.solution, std::min(most_pairs, room), speaks_, stop_);
  if (pairs.empty()) return;
  for (const auto& [first, second] : pairs) a.terms.push_back(card::pair_term(binned_, first, second, speaks_));
  solve(a, target, rows, a.solution.precision, steps, told);
}

// `from`: the same without interactions, which are then looked for.
Additive AdditiveLearner::with_terms(std::span<const double> target, bool slopes, const Additive* from) const {
  const bool sampled = sample_.size() < all_.size();
  Additive out;
  if (from != nullptr) {
    out = Additive{false, from->terms, from->solution, {}, {}, {}};
    add_pairs(out, target, sample_, pair_steps, !sampled);
    if (out.terms.size() == from->terms.size()) return out;
  } else {
    for (std::uint32_t c = 0; c < binned_.columns.size(); ++c) out.terms.push_back(card::main_term(binned_, c, true));
    solve(out, target, sample_, {}, first_steps, true);
  }
  const std::vector<card::Term> main = from != nullptr ? from->terms : out.terms;
  out.held.assign(b_.size(), 0);
  for (int k = 0; k < b_.folds; ++k) {
    std::vector<std::uint32_t> in;
    for (const std::uint32_t r : sample_)
      if (b_.fold[r] != k) in.push_back(r);
    // Of few rows the variances are the fold's own; of many those of all are as good.
    const int steps = sampled ? 0 : fold_steps;
    Additive part;
    part.terms = main;
    if (from != nullptr) {
      part.solution = from->parts[static_cast<std::size_t>(k)];
      add_pairs(part, target, in, steps, false);
    } else {
      solve(part, target, in, out.solution.precision, steps, slopes);   // interactions are looked for by degrees of freedom
    }
    if (slopes) add_slopes(part, target, in);
    predict(part, k, out.held);
    out.parts.push_back(std::move(part.solution));
  }
  if (sampled) solve(out, target, all_, out.solution.precision, 0, true);
  if (slopes) add_slopes(out, target, all_);
  return out;
}

void AdditiveLearner::predict(const Additive& a, int fold, std::vector<double>& held) const {
  std::vector<const card::Term*> terms;
  for (const card::Term& t : a.terms) terms.push_back(&t);
  Pace pace(stop_);
  for (const std::uint32_t r : all_) {
    pace.step();
    if (b_.fold[r] != fold) continue;
    held[r] = a.solution.at(terms, r);
    for (std::size_t i = 0; !a.slopes.empty() && i < places_.columns().size(); ++i) {
      const auto [place, x] = places_.at(i, r);
      held[r] += a.slopes[place] * x;
    }
  }
}

Additive AdditiveLearner::constant(std::span<const double> target) const {
  Additive out;
  std::array<double, most_folds> sum{}, weight{};
  double all = 0, total = 0;
  for (const std::uint32_t r : all_) {
    sum[b_.fold[r]] += b_.weight[r] * target[r];
    weight[b_.fold[r]] += b_.weight[r];
  }
  for (int k = 0; k < b_.folds; ++k) {
    all += sum[k];
    total += weight[k];
  }
  out.solution.intercept = all / total;
  for (const std::uint32_t r : all_) {
    const double left = total - weight[b_.fold[r]];
    out.held.push_back(left > 0 ? (all - sum[b_.fold[r]]) / left : out.solution.intercept);
  }
  return out;
}

// By how many standard errors the second predictions have the smaller squares.
double AdditiveLearner::gain(std::span<const double> target, std::span<const double> a, std::span<const double> b) const {
  std::vector<double> g;
  for (const std::uint32_t r : all_) g.push_back(b_.weight[r] * ((target[r] - a[r]) * (target[r] - a[r]) - (target[r] - b[r]) * (target[r] - b[r])));
  return standardised_gain(g, b_.company);
}

CardColumn counted(const card::Binned& binned, std::size_t c, const Buyers& b) {
  CardColumn column = binned.columns[c];
  column.n.assign(static_cast<std::size_t>(column.bins) + 1, 0);
  for (std::size_t r = 0; r < b.size(); ++r) column.n[(*binned.bin[c])[r]] += b.weight[r];
  return column;
}

Scorecard card_of(const Additive& a, const card::Binned& binned, const Buyers& b, std::span<const double> target, const char* name) {
  Scorecard card;
  card.target = name;
  card.intercept = rounded(a.solution.intercept);
  card.within = a.solution.within;
  card.n = static_cast<std::int64_t>(b.size());
  card.companies = b.companies;
  double sum = 0, squares = 0, total = 0;
  for (std::size_t r = 0; r < b.size(); ++r) {
    sum += b.weight[r] * target[r];
    squares += b.weight[r] * target[r] * target[r];
    total += b.weight[r];
  }
  const double deviation = std::sqrt(std::max(0.0, squares / total - sum / total * (sum / total)));
  std::vector<std::int32_t> place(binned.columns.size(), -1);
  for (std::size_t t = 0; t < a.terms.size(); ++t) {
    const card::Term& term = a.terms[t];
    CardTerm out;
    out.columns = term.columns;
    out.group = term.group;
    out.width = term.width;
    out.n.assign(term.cells, 0);
    for (std::size_t r = 0; r < b.size(); ++r) out.n[(*term.cell)[r]] += b.weight[r];
    for (std::size_t c = 0; c < term.cells; ++c) {
      out.points.push_back(rounded(a.solution.effect[t][c]));
      out.error.push_back(a.solution.error[t][c]);
      out.importance += out.n[c] * std::abs(out.points[c]) / total;
    }
    if (out.importance < nothing * deviation && *std::max_element(out.error.begin(), out.error.end()) < no_doubt * deviation) continue;
    card.effective_terms += a.solution.effective[t];
    for (auto& c : out.columns) {
      if (place[c] < 0) {
        place[c] = static_cast<std::int32_t>(card.columns.size());
        card.columns.push_back(counted(binned, c, b));
      }
      c = static_cast<std::uint32_t>(place[c]);
    }
    card.terms.push_back(std::move(out));
  }
  std::stable_sort(card.terms.begin(), card.terms.end(), [](const CardTerm& x, const CardTerm& y) { return x.importance > y.importance; });
  return card;
}

}  // namespace icp::wallet
