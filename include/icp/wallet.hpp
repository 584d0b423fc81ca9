// The wallet of a client: what it could buy from us in a year, as a high quantile of what comparable clients do buy.
//
// "Realistic wallet": Rosset, Perlich, Zadrozny, Merugu, Weiss & Lawrence, "Wallet estimation models" (2005); Perlich, Rosset,
// Lawrence & Zadrozny, "High-quantile modeling for customer wallet estimation and other applications" (KDD 2007). A client
// whose purchases stand at the .8 quantile of its like buys more than four of five of them; that is the level which the others
// could reach. Two parts (Cragg 1971): whether a company buys at all, a logistic card; and how much it buys if it does, on
// logarithms. Companies that buy nothing have a wallet too, so they do not lower the quantile of those that buy.
//
// The quantile is location + spread × (correction + shift). Location and spread are additive models with interactions (as
// scorecards: REML), the correction boosted trees under the quantile loss (Friedman 2001), each kept only where it lowers the
// loss of companies that had no say. It is averaged with the quantile of trees that know of no location or spread, in the shares
// that lose least on such companies (stacking: Wolpert 1992; of quantiles: Fakoor, Kim, Mueller, Smola & Tibshirani 2023, "Flexible
// model aggregation for quantile regression"). The shift is conformal: a quantile of the standardised residuals out of fold, of the
// client's own cohort where at least a hundred of its companies buy (Mondrian; Romano, Patterson & Candès 2019, "Conformalized
// quantile regression"), else of all.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"
#include "icp/memory.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/scorecard.hpp"
#include "icp/stop.hpp"

namespace icp {

// A figure that people have of a client, and what backs it: the columns of a row that hold it.
struct WalletEvidence {
  std::string kind;                        // budget, competitors, expert
  std::string column, source, dated;       // source and dated: "" none
  template <class A>
  void describe(A& a) { a.field("kind", kind); a.field("column", column); a.field("source", source); a.field("dated", dated); }
};

// A number within its bin of the location: a slope in the lowest bin, one between, one in the highest. It goes no further from
// the middle of a bin than the rows that it was learned from, at the ends half a bin more: a line of logarithms that is drawn on gives
// absurd money.
struct WalletLine {
  CardColumn column;
  std::vector<double> middle;              // of the bins, scaled
  std::array<double, 3> slope{}, low{}, high{};
  static std::size_t part(std::size_t bin, std::size_t bins) { return bin == 0 ? 0 : bin + 1 < bins ? 1 : 2; }
  double at(const EncodedRow& row) const {
    const std::size_t bin = column.bin(row);
    if (bin >= column.bins) return 0;
    const std::size_t p = part(bin, column.bins);
    return slope[p] * std::clamp(row.numbers[column.feature] - middle[bin], low[p], high[p]);
  }
  template <class A>
  void describe(A& a) { a.field("column", column); a.field("middle", middle); a.field("slope", slope); a.field("low", low); a.field("high", high); }
};

// What is told of a tree's rows by bins: one goes left where the bit of its bin is set.
struct WalletTree {
  struct Node {
    std::int32_t column = -1;              // of WalletModel::columns; -1 a leaf
    std::vector<std::uint64_t> left;       // a bit for each bin, "not known" last
    std::uint32_t child = 0;               // the left one; the right one follows it
    double value = 0;                      // of a leaf
    bool goes_left(std::uint16_t bin) const { return (left[bin / 64] >> (bin % 64) & 1) != 0; }
    template <class A>
    void describe(A& a) { a.field("column", column); a.field("left", left); a.field("child", child); a.field("value", value); }
  };
  std::vector<Node> nodes;
  template <class Bin>                     // bin(column)
  double at(Bin&& bin) const {
    std::size_t i = 0;
    while (nodes[i].column >= 0) i = nodes[i].child + (nodes[i].goes_left(bin(static_cast<std::size_t>(nodes[i].column))) ? 0 : 1);
    return nodes[i].value;
  }
  template <class A>
  void describe(A& a) { a.field("nodes", nodes); }
};

struct WalletTrees {
  double start = 0;
  std::vector<WalletTree> trees;
  template <class Bin>
  double at(Bin&& bin) const {
    double sum = start;
    for (const WalletTree& t : trees) sum += t.at(bin);
    return sum;
  }
  template <class A>
  void describe(A& a) { a.field("start", start); a.field("trees", trees); }
};

// What stands in for an attribute that is not known, where nothing was learned of clients of whom it is not: the values that it has
// among clients that buy, the same clients of every attribute.
struct WalletStandIn {
  static constexpr std::size_t most_clients = 200;
  std::uint32_t feature = 0;               // of the encoder
  std::vector<std::uint8_t> told;          // whether there was enough to learn from: of each category, if it has some; last: not known
  std::vector<std::vector<double>> values; // a number, a category, or the items of a set
  std::vector<std::uint16_t> value;        // by client; as many as there are values: not known
  template <class A>
  void describe(A& a) { a.field("feature", feature); a.field("told", told); a.field("values", values); a.field("value", value); }
  void validate(const Encoder& encoder, std::size_t clients) const;
};

// Those whose residuals calibrate a quantile: a cohort, or all.
struct WalletGroup {
  std::string name, title;                 // folded, and as it is most often written; "" all
  std::int64_t n = 0, companies = 0;       // rows that buy, and their companies
  double shift = 0, high_shift = 0;        // conformal, in units of the spread: of the quantile, of the .95 quantile
  std::vector<double> scores;              // quantiles of the residuals at 0, 1/200 ... 1, rising
  double below = 0;                        // share of purchases out of fold below the quantile before it was calibrated
  double loss = 0, base_loss = 0;          // mean pinball loss out of fold on logarithms; the same of one quantile for all
  template <class A>
  void describe(A& a) {
    a.field("name", name); a.field("title", title); a.field("n", n); a.field("companies", companies); a.field("shift", shift);
    a.field("high_shift", high_shift); a.field("scores", scores); a.field("below", below); a.field("loss", loss); a.field("base_loss", base_loss);
  }
};

struct WalletModel {
  static constexpr std::uint16_t version = 1;
  static constexpr double high = 0.95;     // above it purchases say that the potential is underestimated
  static constexpr std::size_t steps = 200;
  static constexpr std::int64_t fewest_companies = 20, cohort_companies = 100;

  std::string options;                     // as given to the fit, JSON
  double quantile = 0.8;
  std::string purchases, cohort;           // columns
  std::vector<WalletEvidence> evidence;
  double as_of = 0;                        // day at which ages are taken; NaN none
  std::int64_t rows = 0, buyers = 0, companies = 0, buying_companies = 0;
  Encoder encoder;
  Scorecard buys, location, spread;        // log-odds of buying; logarithm of purchases; root of its absolute residual
  std::vector<WalletLine> lines;           // of the location
  double least_spread = 0;                 // root, below which the spread does not go
  double noise = 0;                        // variance of the residuals of the location
  double mean_spread = 1;                  // mean of the squared spread
  std::vector<CardColumn> columns;         // of the trees
  WalletTrees correction, high_correction;
  double model_share = 1;                  // of location, spread and correction in the quantile; the rest is of the direct trees
  WalletTrees direct;                      // the quantile of the logarithm by itself
  std::vector<WalletStandIn> stand_ins;    // by feature, of those that the figures of purchases ask for
  std::vector<WalletGroup> groups;         // all first; then cohorts by name; none where too few buy
  std::vector<Finding> findings;

  template <class A>
  void describe(A& a) {
    a.field("options", options); a.field("quantile", quantile); a.field("purchases", purchases); a.field("cohort", cohort);
    a.field("evidence", evidence); a.field("as_of", as_of); a.field("rows", rows); a.field("buyers", buyers); a.field("companies", companies);
    a.field("buying_companies", buying_companies); a.field("encoder", encoder); a.field("buys", buys); a.field("location", location);
    a.field("spread", spread); a.field("lines", lines); a.field("least_spread", least_spread); a.field("noise", noise); a.field("mean_spread", mean_spread); a.field("columns", columns);
    a.field("correction", correction); a.field("high_correction", high_correction);
    a.field("model_share", model_share); a.field("direct", direct);
    a.field("stand_ins", stand_ins); a.field("groups", groups); a.field("findings", findings);
    if constexpr (A::reading) encoder.prepare();
  }
  void validate() const;
};

// Learns from the rows of a sample: one row a client and year, with its purchases. Errors: no such column of purchases, one
// that holds no numbers, options as icp_fit's.
WalletModel fit_wallet(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory = no_memory_limit);

// A figure of evidence against what the model expects.
struct EvidenceCheck {
  std::string kind, source;
  double figure = 0;
  std::optional<double> dated;             // day
  // agrees: from the median to the .95 quantile of comparable buyers; low: below the median; far_above: above the .95
  // quantile; below_purchases: the client buys more; unchecked: there is no model to check it against.
  std::string verdict;
  bool verified = false, used = false;     // it has a source; it made the potential
};

struct PotentialFigure {
  std::optional<double> potential, low, high, median, high_quantile, buys, reach;
  std::int64_t n = 0;                      // comparable clients: as many as would tell the location as surely
  std::string cohort;                      // whose residuals calibrate it; "" all
  std::string basis, source;               // model, or the kind of evidence; "" nothing is known
  std::optional<double> dated;
  std::optional<bool> underestimated;      // purchases above the .95 quantile; nothing where they are not known
  std::string reliability;
  std::vector<EvidenceCheck> evidence;
};

// What is told of a client, as if all that is not known of it were known. Logarithms of money.
struct WalletPart {
  double weight = 1, centre = 0, spread = 1;
  double high = 0;                         // the .95 quantile
  double variance = 0;                     // of the location
  double stretch_error = 0;                // of the quantile, for the error of the spread
};

// Memory for one row.
struct WalletBuffer {
  EncodedBuffer encoded;
  std::vector<std::uint16_t> bins, tree_bins;
  std::vector<WalletPart> parts;
};

class WalletScorer {
 public:
  explicit WalletScorer(WalletModel model, const Zone& zone = {});
  const WalletModel& model() const { return model_; }
  // The columns of a row in the order of `values`: the features first.
  const std::vector<std::string>& columns() const { return columns_; }
  WalletBuffer buffer() const;
  PotentialFigure estimate(std::span<const Value> values, WalletBuffer& buffer) const;
  [[noreturn]] void no_features() const;   // the error of a row that has none of them

 private:
  struct Place {
    std::size_t figure, source, dated;     // of values; nowhere: none
  };
  static constexpr std::size_t nowhere = SIZE_MAX;
  std::size_t place(const std::string& column);
  const WalletGroup& group_of(std::span<const Value> values) const;
  void ask_model(PotentialFigure& f, std::span<const Value> values, WalletBuffer& buffer) const;
  void find_parts(const WalletGroup& g, WalletBuffer& buffer) const;
  WalletPart part(const WalletGroup& g, WalletBuffer& buffer) const;
  void weigh(PotentialFigure& f, std::span<const Value> values) const;

  WalletModel model_;
  Zone zone_;
  std::vector<std::string> columns_;
  std::size_t purchases_ = nowhere, cohort_ = nowhere;
  std::vector<Place> evidence_;
};

// A verdict in words, `en` or `ru`.
std::string verdict_text(const EvidenceCheck& check, const std::string& language);

Report report_groups(const WalletModel& model);   // potential_groups
Report report_wallet(const WalletModel& model);   // potential_summary

}  // namespace icp
