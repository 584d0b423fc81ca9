// Groups in mixed, incomplete data: a latent-class mixture (Lazarsfeld & Henry 1968; McLachlan & Peel 2000).
//
// Within a group the features are independent, except strongly correlated numbers, which a Gaussian copula joins.
// A number is read through at most 64 cells; a group's distribution over them is a Gaussian or, where the data pay for
// it, any single-peaked shape, beside free masses at values that repeat (zero-inflated numbers), so that a uniform,
// skewed or heavy-tailed number does not split a group. A category has a smoothed multinomial, a set one Bernoulli
// variable an item. Missing values are integrated out exactly.
//
// The same rows in any order, with the same options, give the same mixture bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "icp/archive.hpp"
#include "icp/stop.hpp"
#include "icp/table.hpp"

namespace icp {

struct MixtureOptions {
  int k = 0;                      // number of clusters; 0: chosen from the data, 1..k_max
  int k_max = 12;                 // the most clusters that a choice may give, 1..64
  int starts = 10;                // random starts, 1..1000
  std::uint64_t seed = 0;
  std::size_t fit_rows = 20000;   // distinct rows learned from; beyond it a sample by a seeded hash of their content
  // The clusters are to explain every association of the features, as in the classical latent-class model: numbers are
  // not joined within clusters, and telling clusters apart costs nothing. For a k that somebody named: whoever asks for
  // two groups of hand spans and heights wants them cut along what the two have in common.
  bool explain = false;
  // By column, 0..1: how much each counts; empty: all 1. Towards 0 a feature's distribution in each cluster is drawn to
  // that in the whole (their geometric mean), so that it tells less of membership, in the fit and in the mixture alike.
  std::vector<double> column_weight;
  // With `k` given: the cluster 0..k-1 of each row of the table, to start from beside the random starts (below 0: of a row
  // with nothing known). Empty: random starts alone.
  std::vector<std::int32_t> start;
};

// One feature of a fitted mixture. A "level" is a cell of a number, a category or an item of a set.
struct MixtureFeature {
  Kind kind = Kind::numeric;
  bool distinguishes = false;       // some clusters differ in it
  std::int32_t levels = 0;
  std::vector<double> edges;        // numeric: increasing; a number's cell is how many of them are <= it
  std::vector<double> log_cluster;  // [level * clusters + cluster]: log probability of the level; set: log odds
  std::vector<double> log_whole;    // [level]: the same in the whole
  std::vector<double> log_empty;    // set: [cluster]: log probability of the empty set; else empty

  template <class A>
  void describe(A& a) {
    a.field("kind", kind);
    a.field("distinguishes", distinguishes);
    a.field("levels", levels);
    a.field("edges", edges);
    a.field("log_cluster", log_cluster);
    a.field("log_whole", log_whole);
    a.field("log_empty", log_empty);
  }
  std::int32_t cell(double x) const;  // of a known number
};

// Numbers that are correlated within clusters, joined by a Gaussian copula with one correlation matrix a cluster.
struct MixtureBlock {
  static constexpr std::size_t max_size = 8;
  std::vector<std::int32_t> features;         // increasing, numeric, 2..max_size of them
  std::vector<double> correlation;            // [cluster][i][j], unit diagonal, positive definite
  std::vector<std::vector<double>> scores;    // per feature: [level * clusters + cluster]: the normal score of the cell

  template <class A>
  void describe(A& a) {
    a.field("features", features);
    a.field("correlation", correlation);
    a.field("scores", scores);
  }
};

// How the number of clusters was chosen.
struct MixtureChoice {
  bool given = false;                // the caller named k
  bool converged = false;
  std::int32_t iterations = 0;       // of the final fit
  double rows = 0;                   // weight of the rows learned from
  std::vector<double> criterion;     // [k - 1]: integrated completed log-likelihood, -infinity where not tried

  template <class A>
  void describe(A& a) {
    a.field("given", given);
    a.field("converged", converged);
    a.field("iterations", iterations);
    a.field("rows", rows);
    a.field("criterion", criterion);
  }
};

struct Mixture {
  static constexpr std::uint16_t version = 1;

  std::vector<double> log_weight;          // [cluster], largest first
  std::vector<MixtureFeature> features;    // as the table's columns
  std::vector<MixtureBlock> blocks;        // no feature is in two of them
  MixtureChoice choice;

  int clusters() const { return static_cast<int>(log_weight.size()); }

  // out[c] = log weight of cluster c + log probability of the known features in it. `out` has clusters() elements.
  void log_joint(const EncodedRow& row, std::span<double> out) const;
  // Log of the product of the marginal probabilities of the known features (each the mixture's own): how likely the
  // row is when its attributes are drawn apart. Under that law q the ratio of any p to q is at least x with a
  // probability of at most 1/x (Markov), whatever is missing.
  double log_independent(const EncodedRow& row) const;

  // Log probability of one known value in a cluster; in the whole. Of a number: of its cell. 0 where missing.
  double log_feature(const EncodedRow& row, std::size_t feature, int cluster) const;
  double log_feature_whole(const EncodedRow& row, std::size_t feature) const;

  template <class A>
  void describe(A& a) {
    a.field("log_weight", log_weight);
    a.field("features", features);
    a.field("blocks", blocks);
    a.field("choice", choice);
    if constexpr (A::reading) {
      validate();
      prepare();
    }
  }
  // Throws Error(corrupted) unless every size, index and number is what a fit can make.
  void validate() const;
  // Derives what log_joint() reads from the stored fields; called by whoever fills them.
  void prepare();

 private:
  // Derived from a block, for one set of its features known (bit i: the i-th): [cluster][i][j] of the known ones: inverse
  // of the correlation minus identity; [cluster]: half the log determinant of the correlation. Empty: not derived.
  struct Joint {
    std::vector<double> excess, half_log;
  };
  std::vector<std::vector<Joint>> joints_;   // [block][bits of known features]
  // Where to start looking for a number's cell: by an even grid over the edges.
  struct Grid {
    double low = 0, scale = 0;
    std::vector<std::uint16_t> start;
  };
  std::vector<Grid> grids_;                  // [feature]
  std::int32_t cell(std::size_t feature, double x) const;
  void add_block(std::size_t block, const EncodedRow& row, double* out) const;
  template <std::size_t K>
  void add_features(const EncodedRow& row, double* out) const;
};

// Learns a mixture from a table. Rows with nothing known are left out. Throws Error(invalid_parameter) for options out
// of their range, Cancelled.
Mixture fit_mixture(const Table& table, const MixtureOptions& options, const Stop& stop);

// One label a row of the table: clusters numbered from 1 by decreasing weight of the rows they hold (ties: in the
// mixture's own order); 0 for a row with nothing known.
std::vector<std::int32_t> assign_clusters(const Mixture& mixture, const Table& table, const Stop& stop);

}  // namespace icp
