#include <algorithm>
#include <cmath>

#include "icp/accelerate.hpp"

#include "linear.hpp"
#include "scorecard_terms.hpp"

namespace icp::card {

namespace {

constexpr double level_share = 0.01;           // precision of the level of a walk, of that of its steps
constexpr double first_precision = 4;          // points of half a unit of the target
constexpr double least_precision = 1e-3, most_precision = 1e7;
constexpr double common_freedom = 2;           // what variances of one kind have in common weighs as much
constexpr double settled = 0.1;                // degrees of freedom
constexpr int plain_steps = 3;                 // of the precisions, before they are accelerated
constexpr double reach = 2;                    // log precision: acceleration changes no step by more
constexpr double about = 1e-2, nearly = 1e-4, wholly = 1e-8; // log-odds by which the last step moved points
constexpr double furthest = 30;                // log-odds beyond which nothing changes
constexpr double least_information = 1e-8;
constexpr int halvings = 30;
constexpr Eigen::Index inverted_columns = 64, copied_columns = 16;

// A variance component: parameters first..first+size of one kind.
struct Component {
  std::size_t term, first, size;
  bool walk;                                   // steps between neighbours; else each by itself
  double precision = first_precision;
};

class Solver {
 public:
  Solver(const Problem& p, const Stop& stop) : p_(p), stop_(stop) {
    std::size_t next = 1;                      // 0 is the intercept
    for (const Term* t : p.terms) {
      place(*t);
      offset_.push_back(next);
      next += count_.back();
    }
    cells_ = next;
    for (std::size_t t = 0; t < p.terms.size(); ++t) {
      const std::size_t known = p.terms[t]->middle.size();
      if (known == 0) {
        components_.push_back({t, offset_[t], count_[t], false});
        continue;
      }
      components_.push_back({t, offset_[t], known, true});
      components_.push_back({t, next, 1, false});
      line_.push_back({t, next++});
      components_.push_back({t, offset_[t] + known, count_[t] - known, false});
    }
    size_ = next;
    gather();
  }

  Solution run(std::span<const double> start, const Solution* near, int steps) {
    for (std::size_t i = 0; i < std::min(start.size(), components_.size()); ++i) components_[i].precision = start[i];
    beta_ = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(size_));
    beta_[0] = first_intercept();
    measure_within();
    if (near != nullptr) start_at(*near);
    predict();
    for (int step = 0; step < steps; ++step) {
      linearise();
      if (!solve_once() || (update_precisions(true) < settled && moved_ < about)) break;
    }
    // The precisions stand; the points to the end.
    for (int step = 0; step < 20 && !(moved_ < (p_.told ? wholly : nearly)); ++step) {
      linearise();
      if (!solve_once()) break;
    }
    const double most_freedom = p_.freedom_share * rarer();
    if (p_.told || most_freedom > 0) update_precisions(false);
    // Too few deals for so many terms: all are shrunk alike.
    for (int step = 0; most_freedom > 0 && freedom_ > most_freedom && step < 60; ++step) {
      for (Component& c : components_) c.precision = std::min(most_precision, c.precision * 1.3);
      for (int newton = 0; newton < 3; ++newton) {
        linearise();
        if (!solve_once()) break;
      }
      update_precisions(false);
    }
    return result();
  }

 private:
  struct Line {
    std::size_t term, parameter;
  };

  // The parameters of a term's cells: a walk has all of its bins, else those that get points and that any row is in.
  void place(const Term& t) {
    std::vector<std::uint8_t> used(t.cells, 0);
    for (const std::uint32_t r : p_.rows) used[(*t.cell)[r]] = 1;
    for (std::size_t c = 0; c < t.cells; ++c) used[c] = c < t.middle.size() || (used[c] != 0 && t.mute[c] == 0);
    const auto count = static_cast<std::uint16_t>(std::count(used.begin(), used.end(), 1));
    std::vector<std::uint16_t>& slot = slot_.emplace_back(t.cells, count);
    std::uint16_t next = 0;
    for (std::size_t c = 0; c < t.cells; ++c)
      if (used[c] != 0) slot[c] = next++;
    count_.push_back(count);
  }

  // Points near those looked for, of the same terms or of the first of them.
  void start_at(const Solution& near) {
    beta_[0] = p_.logistic ? near.intercept : (near.intercept - mean_) / unit_;
    for (std::size_t t = 0; t < std::min(near.effect.size(), p_.terms.size()); ++t) {
      if (near.effect[t].size() != p_.terms[t]->cells) continue;
      for (std::size_t c = 0; c < p_.terms[t]->cells; ++c)
        if (slot_[t][c] < count_[t]) beta_[index(offset_[t] + slot_[t][c])] = near.effect[t][c] / unit_;
    }
    for (const Line& l : line_)
      if (l.term < near.slope.size() && near.effect[l.term].size() == p_.terms[l.term]->cells) {
        const double slope = beta_[index(l.parameter)] = near.slope[l.term] / unit_;
        for (std::size_t c = 0; c < p_.terms[l.term]->middle.size(); ++c) beta_[index(offset_[l.term] + c)] -= slope * p_.terms[l.term]->middle[c];
      }
  }

  // Deals of the rarer outcome, as if companies had one each; of numbers all of them.
  double rarer() const {
    double n[2] = {0, 0};
    for (std::size_t i = 0; i < target_.size(); ++i) n[p_.logistic && target_[i] > 0.5] += weight_[i] * effect_[i];
    return p_.logistic ? std::min(n[0], n[1]) : n[0];
  }

  void gather() {
    const std::size_t n = p_.rows.size();
    weight_.resize(n);
    information_.resize(n);
    response_.resize(n);
    target_.resize(n);
    company_.reserve(n);
    std::vector<std::int32_t> index;           // of the companies that have rows here
    std::uint32_t companies = 0;
    double total = 0, mean = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t r = p_.rows[i];
      const auto company = static_cast<std::size_t>(p_.company[r]);
      if (company >= index.size()) index.resize(company + 1, -1);
      if (index[company] < 0) index[company] = static_cast<std::int32_t>(companies++);
      company_.push_back(static_cast<std::uint32_t>(index[company]));
      weight_[i] = p_.weight[r];
      total += weight_[i];
      mean += weight_[i] * p_.target[r];
    }
    companies_ = companies;
    mean /= total;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += weight_[i] * (p_.target[p_.rows[i]] - mean) * (p_.target[p_.rows[i]] - mean);
    mean_ = mean;
    // Numbers are standardised, so that one set of starting precisions fits any unit.
    unit_ = p_.logistic ? 1 : std::sqrt(squares / total);
    if (!(unit_ > 0)) unit_ = 1;
    for (std::size_t i = 0; i < n; ++i) target_[i] = p_.logistic ? p_.target[p_.rows[i]] : (p_.target[p_.rows[i]] - mean) / unit_;
    // The deals of each company, as if of equal weight (Kish 1965).
    std::vector<double> all(companies_, 0), square(companies_, 0);
    for (std::size_t i = 0; i < n; ++i) {
      all[company_[i]] += weight_[i];
      square[company_[i]] += weight_[i] * weight_[i] / p_.count[p_.rows[i]];
    }
    company_deals_.assign(companies_, 0);
    for (std::size_t c = 0; c < companies_; ++c)
      if (square[c] > 0) company_deals_[c] = all[c] * all[c] / square[c];
    effect_.assign(n, 1);
    cell_.resize(p_.terms.size());
    for (std::size_t t = 0; t < p_.terms.size(); ++t) {
      stop_.poll();
      cell_[t].resize(n);
      for (std::size_t i = 0; i < n; ++i) cell_[t][i] = slot_[t][(*p_.terms[t]->cell)[p_.rows[i]]];
    }
  }

  double first_intercept() const { return p_.logistic ? std::log(mean_ / (1 - mean_)) : 0; }

  // The effect of every parameter of a term, lines included; the last is that of cells without one.
  std::vector<double> effects(std::size_t t) const {
    const Term& term = *p_.terms[t];
    std::vector<double> out(count_[t] + 1, 0);
    for (std::size_t c = 0; c < count_[t]; ++c) out[c] = beta_[index(offset_[t] + c)];
    for (const Line& l : line_)
      if (l.term == t)
        for (std::size_t c = 0; c < term.middle.size(); ++c) out[c] += term.middle[c] * beta_[index(l.parameter)];
    return out;
  }

  void predict() {
    const std::size_t n = target_.size();
    predicted_.assign(n, beta_[0]);
    for (std::size_t t = 0; t < cell_.size(); ++t) {
      stop_.poll();
      const std::vector<double> effect = effects(t);
      for (std::size_t i = 0; i < n; ++i) predicted_[i] += effect[cell_[t][i]];
    }
  }

  // The penalised log-likelihood of outcomes as they are predicted.
  double likelihood() const {
    double sum = 0;
    for (std::size_t i = 0; i < target_.size(); ++i) {
      const double eta = predicted_[i];
      sum += weight_[i] * effect_[i] * (target_[i] * eta - std::max(0.0, eta) - std::log1p(std::exp(-std::abs(eta))));
    }
    const auto square = [&](std::size_t a) { return beta_[index(a)] * beta_[index(a)]; };
    for (const Component& c : components_)
      for (std::size_t i = 0; i < c.size; ++i) {
        const std::size_t at = c.first + i;
        const double d = c.walk && i > 0 ? beta_[index(at)] - beta_[index(at - 1)] : 0;
        sum -= 0.5 * c.precision * ((c.walk ? level_share : 1) * square(at) + d * d);
      }
    return sum;
  }

  void linearise() {
    const std::size_t n = target_.size();
    Pace pace(stop_);
    double squares = 0, total = 0;
    for (std::size_t i = 0; i < n; ++i) {
      pace.step();
      const double w = weight_[i] * effect_[i];
      if (p_.logistic) {
        const double eta = std::clamp(predicted_[i], -furthest, furthest), mean = probability_of(eta);
        const double v = std::max(least_information, mean * (1 - mean));
        information_[i] = w * v;
        response_[i] = eta + (target_[i] - mean) / v;
      } else {
        const double e = target_[i] - predicted_[i];
        squares += w * e * e;
        total += w;
        information_[i] = w;
        response_[i] = target_[i];
      }
    }
    if (!p_.logistic) noise_ = std::max(squares / std::max(total - freedom_ - 1, total / 10), 1e-6);
  }

  // What each deal weighs beside the others of its company. Where it is not known how alike these are, it is what they are before any
  // attribute has a say: what is left once attributes have been fitted looks the smaller, the more they have been believed.
  void measure_within() {
    within_ = p_.within;
    if (std::isnan(within_)) {
      std::vector<double> residual(target_.size()), count(target_.size());
      const double mean = p_.logistic ? probability_of(beta_[0] - p_.tilt) : 0;
      for (std::size_t i = 0; i < residual.size(); ++i) {
        residual[i] = target_[i] - mean;
        count[i] = p_.count[p_.rows[i]];
      }
      within_ = correlation_within(residual, count, company_, companies_);
    }
    for (std::size_t i = 0; i < effect_.size(); ++i) effect_[i] = 1 / (1 + std::max(0.0, company_deals_[company_[i]] - 1) * within_);
    summed_ = false;
  }

  static Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

  // The sums stand above the diagonal of the system, whose lower half is solved in place; those on it stand beside.
  double sum_at(std::size_t a, std::size_t b) const { return a == b ? diagonal_[a] : a < b ? system_(index(a), index(b)) : system_(index(b), index(a)); }

  void sum_up() {
    const std::size_t n = target_.size();
    if (!p_.logistic && summed_) return;       // what is summed depends on no step
    summed_ = true;
    system_.setZero(index(size_), index(size_));
    right_.setZero(index(size_));
    diagonal_.assign(size_, 0);
    double total = 0, sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      total += information_[i];
      sum += information_[i] * response_[i];
    }
    diagonal_[0] = total;
    right_[0] = sum;
    std::vector<double> table;
    for (std::size_t a = 0; a < cell_.size(); ++a) {
      stop_.poll();
      const std::size_t height = count_[a];
      std::vector<double> w(height + 1, 0), wy(height + 1, 0);
      for (std::size_t i = 0; i < n; ++i) {
        w[cell_[a][i]] += information_[i];
        wy[cell_[a][i]] += information_[i] * response_[i];
      }
      for (std::size_t c = 0; c < height; ++c) {
        const std::size_t at = offset_[a] + c;
        diagonal_[at] = system_(0, index(at)) = w[c];
        right_[index(at)] = wy[c];
      }
      for (std::size_t b = a + 1; b < cell_.size(); ++b) {
        stop_.poll();
        const std::size_t width = count_[b] + 1;
        const std::size_t size = (height + 1) * width;
        table.assign(2 * size, 0);
        const std::uint16_t *first = cell_[a].data(), *second = cell_[b].data();
        // Two tables, since a sum waits for the one before where both are of the same cell.
        double *even = table.data(), *odd = even + size;
        for (std::size_t i = 0; i + 1 < n; i += 2) {
          even[first[i] * width + second[i]] += information_[i];
          odd[first[i + 1] * width + second[i + 1]] += information_[i + 1];
        }
        if (n % 2 == 1) even[first[n - 1] * width + second[n - 1]] += information_[n - 1];
        for (std::size_t d = 0; d < count_[b]; ++d)
          for (std::size_t c = 0; c < height; ++c) system_(index(offset_[a] + c), index(offset_[b] + d)) = even[c * width + d] + odd[c * width + d];
      }
    }
    // Lines: sums over the cells of their term.
    for (std::size_t k = 0; k < line_.size(); ++k) {
      const Term& term = *p_.terms[line_[k].term];
      const std::size_t at = line_[k].parameter, first = offset_[line_[k].term];
      for (std::size_t j = 0; j < cells_ + k; ++j) {
        double s = 0;
        const std::size_t other = j < cells_ ? j : line_[j - cells_].parameter;
        for (std::size_t c = 0; c < term.middle.size(); ++c) s += term.middle[c] * sum_at(first + c, other);
        system_(index(other), index(at)) = s;
      }
      double right = 0;
      for (std::size_t c = 0; c < term.middle.size(); ++c) {
        diagonal_[at] += term.middle[c] * sum_at(first + c, at);
        right += term.middle[c] * right_[index(first + c)];
      }
      right_[index(at)] = right;
    }
  }

  bool solve_once() {
    sum_up();
    const double scale = p_.logistic ? 1 : 1 / noise_;
    // Some columns at a time, as they lie in memory.
    for (Eigen::Index at = 0; at < index(size_); at += copied_columns) {
      const Eigen::Index end = std::min(at + copied_columns, index(size_));
      for (Eigen::Index row = at; row < index(size_); ++row)
        for (Eigen::Index column = at; column < std::min(row, end); ++column) system_(row, column) = scale * system_(column, row);
    }
    for (std::size_t i = 0; i < size_; ++i) system_(index(i), index(i)) = scale * diagonal_[i];
    for (const Component& c : components_) {
      for (std::size_t i = 0; i < c.size; ++i) system_(index(c.first + i), index(c.first + i)) += c.precision * (c.walk ? level_share : 1);
      if (!c.walk) continue;
      for (std::size_t i = 1; i < c.size; ++i) {
        const auto a = index(c.first + i - 1), b = index(c.first + i);
        system_(a, a) += c.precision;
        system_(b, b) += c.precision;
        system_(b, a) -= c.precision;
      }
    }
    stop_.poll();
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(system_);   // in place
    if (factor.info() != Eigen::Success) return false;
    const Eigen::VectorXd next = factor.solve(scale * right_);
    if (!next.allFinite()) return false;
    const Eigen::VectorXd before = beta_;
    const double reached = p_.logistic ? likelihood() : 0;
    beta_ = next;
    predict();
    // A Newton step that overshoots, as where outcomes are nearly separated, is halved until it is a step up.
    for (int i = 0; p_.logistic && i < halvings && !(likelihood() >= reached - 1e-9 * std::abs(reached)); ++i) {
      beta_ = 0.5 * (beta_ + before);
      predict();
    }
    moved_ = (beta_ - before).cwiseAbs().maxCoeff();
    return true;
  }

  // The inverse of the factor, whose square is the covariance: rows below the diagonal, some columns at a time, since what is above
  // stays nothing.
  void invert() {
    inverse_.setZero(index(size_), index(size_));
    for (Eigen::Index at = 0; at < index(size_); at += inverted_columns) {
      stop_.poll();
      const Eigen::Index rows = index(size_) - at, columns = std::min(inverted_columns, rows);
      auto part = inverse_.block(at, at, rows, columns);
      part.topRows(columns).setIdentity();
      system_.block(at, at, rows, rows).triangularView<Eigen::Lower>().solveInPlace(part);
    }
  }

  // The degrees of freedom of all terms, and one Fellner–Schall step of every component; returns by how many, at most, that step changes
  // them.
  double update_precisions(bool change) {
    invert();
    freedom_ = 0;
    effective_.assign(p_.terms.size(), 0);
    struct Found {
      double freedom = 0, size = 0;
    };
    std::vector<Found> found;
    for (Component& c : components_) {
      double trace = 0, size = 0;
      for (std::size_t i = 0; i < c.size; ++i) {
        const auto at = index(c.first + i);
        trace += (c.walk ? level_share : 1) * variance(at);
        size += (c.walk ? level_share : 1) * beta_[at] * beta_[at];
        if (!c.walk || i == 0) continue;
        double v = 0;
        for (Eigen::Index k = at - 1; k < inverse_.rows(); ++k) {
          const double d = inverse_(k, at) - inverse_(k, at - 1);
          v += d * d;
        }
        trace += v;
        const double d = beta_[at] - beta_[at - 1];
        size += d * d;
      }
      const double freedom = std::clamp(static_cast<double>(c.size) - c.precision * trace, 0.0, static_cast<double>(c.size));
      freedom_ += freedom;
      effective_[c.term] += freedom;
      found.push_back({freedom, size});
    }
    if (!change) return 0;
    // The variances of components of one kind come from one scaled inverse chi-squared distribution (Smyth 2004), whose scale is estimated
    // by EM: their harmonic mean, so that a few attributes that matter do not let chance in by all the others.
    struct Common {
      double components = 0, precision = 0;
      double scale() const { return precision > 0 ? components / precision : 0; }
    };
    Common common[3];
    for (const Component& c : components_) {
      if (c.size == 0) continue;
      common[kind(c)].components += 1;
      common[kind(c)].precision += c.precision;
    }
    std::vector<double> now, next, weight;
    double most_change = 0;
    for (std::size_t i = 0; i < components_.size(); ++i) {
      const Component& c = components_[i];
      const double prior = kind(c) == 2 ? 0 : common_freedom;
      const double size = found[i].size + prior * common[kind(c)].scale(), freedom = found[i].freedom + prior;
      const double precision = size > 0 ? freedom / size : most_precision;
      now.push_back(std::log(c.precision));
      next.push_back(std::log(std::clamp(precision, least_precision, most_precision)));
      weight.push_back(found[i].freedom);
      most_change += found[i].freedom * std::abs(next[i] - now[i]);
    }
    if (++updates_ > plain_steps) next = accelerator_.next(now, next, weight, reach);
    for (std::size_t i = 0; i < components_.size(); ++i) components_[i].precision = std::clamp(std::exp(next[i]), least_precision, most_precision);
    return most_change;
  }

  std::size_t kind(const Component& c) const { return c.walk ? 0 : p_.terms[c.term]->columns.size() == 1 ? 1 : 2; }

  double variance(Eigen::Index at) const {
    double v = 0;
    for (Eigen::Index k = at; k < inverse_.rows(); ++k) v += inverse_(k, at) * inverse_(k, at);
    return v;
  }

  Solution result() const {
    Solution s;
    s.slope.assign(p_.terms.size(), 0);
    for (const Line& l : line_) s.slope[l.term] = unit_ * beta_[index(l.parameter)];
    s.intercept = p_.logistic ? beta_[0] : mean_ + unit_ * beta_[0];
    s.effective = effective_;
    s.within = within_;
    for (const Component& c : components_) s.precision.push_back(c.precision);
    for (std::size_t t = 0; t < p_.terms.size(); ++t) {
      const Term& term = *p_.terms[t];
      const std::vector<double> own = effects(t);
      std::vector<double>& effect = s.effect.emplace_back(term.cells);
      for (std::size_t c = 0; c < term.cells; ++c) effect[c] = unit_ * own[slot_[t][c]];
      if (p_.told) s.error.push_back(errors(t));
    }
    return s;
  }

  // Points are told as differences from the term's mean, and so are their errors.
  std::vector<double> errors(std::size_t t) const {
    const Term& term = *p_.terms[t];
    std::vector<double> out(term.cells, 0), n(count_[t] + 1, 0);
    double total = 0;
    for (std::size_t i = 0; i < cell_[t].size(); ++i) {
      if (cell_[t][i] == count_[t]) continue;
      n[cell_[t][i]] += weight_[i];
      total += weight_[i];
    }
    const auto line = std::find_if(line_.begin(), line_.end(), [t](const Line& l) { return l.term == t; });
    Eigen::MatrixXd columns(index(size_), index(count_[t]));
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(index(size_));
    for (std::size_t c = 0; c < count_[t]; ++c) {
      auto column = columns.col(index(c));
      column = inverse_.col(index(offset_[t] + c));
      if (line != line_.end() && c < term.middle.size()) column += term.middle[c] * inverse_.col(index(line->parameter));
      if (n[c] > 0) mean += n[c] / total * column;
    }
    stop_.poll();
    for (std::size_t c = 0; c < term.cells; ++c)
      if (slot_[t][c] < count_[t]) out[c] = unit_ * (columns.col(index(slot_[t][c])) - mean).norm();
    return out;
  }

  const Problem& p_;
  const Stop& stop_;
  std::vector<std::vector<std::uint16_t>> slot_;  // [term][cell] its parameter in the term; count_[term]: none
  std::vector<std::size_t> count_;             // of the parameters of each term
  std::vector<std::size_t> offset_;            // of each term's cells among the parameters
  std::size_t cells_ = 0, size_ = 0, companies_ = 0;
  std::vector<Component> components_;
  std::vector<Line> line_;
  std::vector<std::vector<std::uint16_t>> cell_;  // [term][row learned from] the parameter in the term
  std::vector<std::uint32_t> company_;
  std::vector<double> company_deals_, weight_, effect_, target_, information_, response_, predicted_;
  double mean_ = 0, unit_ = 1, noise_ = 1, within_ = 0, moved_ = 1, freedom_ = 0;
  std::vector<double> effective_;
  bool summed_ = false;
  int updates_ = 0;
  Accelerator accelerator_;
  Eigen::MatrixXd system_, inverse_;             // system_: sums above the diagonal; below, what is solved and then its factor
  std::vector<double> diagonal_;                 // of the sums
  Eigen::VectorXd right_, beta_;
};

}  // namespace

Solution solve(const Problem& problem, std::span<const double> start, int steps, const Stop& stop, const Solution* near) {
  return Solver(problem, stop).run(start, near, steps);
}

}  // namespace icp::card
