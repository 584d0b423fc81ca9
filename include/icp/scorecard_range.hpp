// Between what bounds a score lies while some attributes are unknown, and what to ask next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/scorecard.hpp"

namespace icp {

// The least and the largest score over all known values that the unknown attributes may take.
struct CardRange {
  double low = 0, high = 0;
};
CardRange score_range(const Scorecard& card, std::span<const std::uint16_t> bins);

// By how much an answer narrows the range: its width now less its expected width then, answers being as frequent as among
// the rows learned from. Of a probability the width is that of the probability. Items of a set are added up.
struct CardQuestion {
  std::uint32_t feature = 0;
  double narrowing = 0;
};
// Every unknown feature of the card, the one that narrows most first.
std::vector<CardQuestion> questions(const Scorecard& card, std::span<const std::uint16_t> bins);

}  // namespace icp
