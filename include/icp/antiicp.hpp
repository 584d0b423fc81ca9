// Whom not to sell to: segments in which deals are lost, why and at which stage, what they cost, and which of them are
// black holes.
//
// A black hole swallows at least `hours_per_win` hours for each won deal (50) while at most `win_rate` of its deals are won
// (0.1). The figures of a few deals do not show it: what counts is the probability, under Jeffreys' prior, that the true
// share is at most the limit, with companies as the unit. From .75 on it is suspected, from .95 on confirmed. Where many
// segments are looked at, some reach .95 by chance; so a confirmed one is also worse than all other deals by a max-T
// permutation test over all of them (Westfall & Young 1993).
//
// Segments are of two kinds. Those of the vocabulary are there whatever the outcomes are (each category, boolean, item, and
// fifth of a number): nothing chose them, so all their deals count. Rules for losing were chosen by the outcomes: their
// probability stands on the deals held out, and without these they are at most suspected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "icp/estimate.hpp"
#include "icp/model.hpp"

namespace icp {

struct Training;

// Segments of the deals of a training, those most in need of attention first, with `share` of the error budget of the fit: for
// rules for losing, and for black holes. Throws nothing of its own.
AntiIcp find_anti_icp(const Training& training, const Encoder& encoder, double share, const Stop& stop);

// What a black hole is called as an exclusion of a lead.
std::string black_hole_name(const AntiSegment& segment);

// The code of a loss reason as people write it; "" where none of the codes matches.
class LossReasons {
 public:
  explicit LossReasons(const Options& options);
  std::string code_of(std::string_view text) const;
  bool empty() const { return by_text_.empty(); }

 private:
  std::map<std::string, std::string> by_text_;
};

// What icp_check says of reasons (texts that no code matches, lost deals without one) and of exclusions (columns that are
// not there, how many of the closed deals they would have kept away).
void check_loss_reasons(const Dataset& data, const Options& options, std::vector<Finding>& findings);
void check_exclusions(const Dataset& data, const Options& options, bool leads, std::vector<Finding>& findings, const Stop& stop);

}  // namespace icp
