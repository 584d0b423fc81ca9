// Quantiles of what a client of whom something is not known could buy: those of a mixture of what it would buy, were it in that as
// the clients that buy are. A mean of logarithms is no quantile: it says nothing of how far they are apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/wallet.hpp"
#include "wallet_trees.hpp"

namespace icp::wallet {

// The value of a distribution given by its quantiles at even steps; and the share at or below a value.
double at_share(const std::vector<double>& quantiles, double share);
double share_of(const std::vector<double>& quantiles, double value);

// Parts that each have the same distribution, moved and stretched: of part i the quantile at `share` is place + spread × theirs.
class WalletMixture {
 public:
  WalletMixture(std::span<const WalletPart> parts, const std::vector<double>& scores) : parts_(parts), scores_(scores) {}
  // Of the centre.
  double quantile(double share) const { return solve(share, &WalletPart::centre, 0); }
  double share_below(double value) const { return below(value, &WalletPart::centre, 0); }
  // Of each part the value that it has at a share is known.
  double quantile(double share, double WalletPart::* known) const { return solve(share, known, at_share(scores_, share)); }

 private:
  double below(double value, double WalletPart::* place, double score) const;
  double solve(double share, double WalletPart::* place, double score) const;

  std::span<const WalletPart> parts_;
  const std::vector<double>& scores_;
};

// What stands in for attributes that are not known: clients that differ in them, each with its share of all.
struct StandIn {
  std::uint32_t client = 0;
  double weight = 1;
};
void choose_stand_ins(std::span<const WalletStandIn> all, std::span<const std::uint32_t> unknown, std::vector<StandIn>& out);
// Whether a row says of that attribute what was learned from.
bool is_told(const WalletStandIn& s, const EncodedRow& row);
// Chooses clients evenly among `order`, rows from those that buy least to those that buy most, and keeps what they are by the features
// that are used, where something is not told of these.
std::vector<WalletStandIn> learn_stand_ins(const FineBins& rows, const Encoder& encoder, const std::vector<bool>& used,
                                           std::span<const std::uint32_t> order, std::span<const double> weight);
// Puts the value of a client in the place of one that is not known.
void stand_in(const WalletStandIn& s, std::uint32_t client, Kind kind, EncodedBuffer& row);

}  // namespace icp::wallet
