// The rows of a scorecard as cells of its terms, and what is solved on them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "icp/scorecard.hpp"

namespace icp::card {

// Points are multiples of 2^-32, so that they add up exactly in any order.
inline double rounded(double x) { return std::nearbyint(x * 0x1p32) * 0x1p-32; }

// The cell of every row; terms and their copies share it.
using Cells = std::shared_ptr<const std::vector<std::uint16_t>>;

// The columns of a card and the bin of every row in each. Bins depend on the attributes alone, never on the target.
struct Binned {
  std::vector<CardColumn> columns;
  std::vector<Cells> bin;                        // [column], by row
  std::vector<std::vector<double>> middle;       // [column][bin] numeric: mean of the scaled numbers in it; else empty
};
Binned bin_rows(const Table& table, const Encoder& encoder, const Stop& stop);

// A term before it has points: the cell of every row. `speaks`: whether "not known" has points (of a pair, by column).
struct Term {
  std::vector<std::uint32_t> columns;
  std::vector<std::vector<std::uint16_t>> group;
  std::uint32_t width = 0;
  std::size_t cells = 0;
  std::vector<double> middle;                    // a number's: of the cells of known values, standardised; else empty
  std::vector<std::uint8_t> mute;                // cells that get no points
  Cells cell;                                    // by row
};
Term main_term(const Binned& rows, std::uint32_t column, bool speaks);
Term pair_term(const Binned& rows, std::uint32_t first, std::uint32_t second, const std::vector<bool>& speaks);

// What a solution is made for.
struct Problem {
  std::vector<const Term*> terms;
  std::span<const std::uint32_t> rows;           // those learned from
  std::span<const double> target, weight;        // by row of the table
  std::span<const std::uint32_t> count;
  std::span<const std::int32_t> company;         // likewise, 0 ...
  bool logistic = true;
  double tilt = 0;                               // by which class weights raise the log-odds
  bool told = true;                              // errors and degrees of freedom are asked for; else points alone
  double within = std::numeric_limits<double>::quiet_NaN();  // correlation of the deals of one company; NaN: as they differ before anything is learned
  double freedom_share = 0;                      // most effective degrees of freedom of all terms, for each deal of the rarer outcome; 0: as many as the data give
};

struct Solution {
  double intercept = 0;
  std::vector<std::vector<double>> effect;       // [term][cell], in units of the target
  std::vector<std::vector<double>> error;
  std::vector<double> slope;                     // [term] of the line that the effects of a number include
  std::vector<double> precision;                 // of each variance component, where the next solution may start
  std::vector<double> effective;                 // [term] degrees of freedom
  double within = 0;

  double at(const std::vector<const Term*>& terms, std::size_t row) const {
    double sum = intercept;
    for (std::size_t t = 0; t < terms.size(); ++t) sum += effect[t][(*terms[t]->cell)[row]];
    return sum;
  }
};

// How alike the residuals of one company are, of companies 0 … companies − 1: by moments, 0 to 1. `count`: deals of each row.
double correlation_within(std::span<const double> residual, std::span<const double> count, std::span<const std::uint32_t> company, std::size_t companies);

// Penalised iteratively reweighted least squares with the variance components estimated on the way. `start` holds
// precisions from which to start (of the first components, others at their default), `steps` the most steps. `near`: a solution
// of the same terms, or of the first of them, whose points are nearer to those looked for than none.
Solution solve(const Problem& problem, std::span<const double> start, int steps, const Stop& stop, const Solution* near = nullptr);

// Pairs of columns whose cells leave more in the residuals of `solution` than chance would, the strongest first.
// (FAST: Lou et al. 2013, with a test of the residuals in place of the drop in squared error.)
std::vector<std::pair<std::uint32_t, std::uint32_t>> find_pairs(const Binned& rows, const Problem& problem, const Solution& solution, std::size_t most,
                                                                const std::vector<bool>& speaks, const Stop& stop);

}  // namespace icp::card
