// Engagement: the sum of the weights of a lead's events, each halved with every half-life that has passed since.
//
// An event at q half-lives and a rest counts weight * 2^(rest of a half-life) * 2^q. Weights are multiples of 2^-32 and the
// factor of the rest is rounded to a multiple of 2^-52, so every term is an integer times a power of two, and sums of them
// are exact: the same events in any order, split and merged in any way, give the same bytes and the same number at any time.
//
// The latest events are kept as they are, so that the past can be asked for; earlier ones are folded into exact sums. A sum
// is kept for each block of 64 half-lives, and only for the last three blocks: what lies at least 128 half-lives before the
// latest folded event counts less than 2^-128 of its weight and is left out. So decades of events with a half-life of
// minutes neither overflow nor grow, and what is left out depends on the events alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "icp/error.hpp"

namespace icp {

// What was folded.
struct FoldedEvents {
  using Wide = std::array<std::uint64_t, 4>;   // 256 bits, two's complement, the lowest first
  static constexpr std::size_t blocks = 3;

  std::uint64_t count = 0;
  std::int64_t to = 0;                         // the latest of them
  std::int64_t block = 0;                      // its block; sums[k] is the sum of block - k, in units of 2^(64 * block - 84)
  std::array<Wide, blocks> sums{};

  void fold(std::int64_t at, std::int64_t weight, std::int64_t half_life);
  void merge(const FoldedEvents& other);
  // The sum at `as_of`, which is not before `to`.
  double at(std::int64_t as_of, std::int64_t half_life) const;
  bool operator==(const FoldedEvents&) const = default;

 private:
  void reach(std::int64_t new_block);          // moves the blocks up
};

// The state as it travels: canonical, described, validated. Times and the half-life are microseconds, times since 2000 (UTC).
struct Engagement {
  static constexpr std::uint16_t version = 1;
  static constexpr std::size_t max_events = 64;
  static constexpr double max_weight = 1e9;

  using Event = std::pair<std::int64_t, std::int64_t>;   // when; weight in units of 2^-32, not 0

  std::int64_t half_life = 0;
  FoldedEvents folded;
  std::vector<Event> events;                             // the latest ones, in order; max_events where any was folded

  void validate() const;
  template <class A>
  void describe(A& a) {
    a.field("half_life", half_life);
    a.field("folded", folded.count);
    a.field("folded_to", folded.to);
    a.field("block", folded.block);
    a.field("sums", folded.sums);
    a.field("events", events);
  }
  bool operator==(const Engagement&) const = default;

  // Events after `as_of` do not count. An error where earlier events than those that are kept would have to be left out.
  double at(std::int64_t as_of) const;
  // The earliest time that can be asked for; nothing where that is any time.
  std::optional<std::int64_t> known_from() const { return folded.count > 0 ? std::optional(folded.to) : std::nullopt; }
};

// The same in place. The words belong to the caller; how many they are says their capacity.
class EngagementWords {
 public:
  // Words for capacity class 0 to classes - 1; new words are zero.
  static constexpr int classes = 3;
  static std::size_t size(int capacity_class);
  // An error (XX001) where these cannot be the words of a state.
  explicit EngagementWords(std::span<std::uint64_t> words);

  int capacity_class() const { return class_; }
  // Adds an event; false, and nothing changed, where the next capacity class is needed first. An error where the weight is
  // not finite or too large, the half-life is not positive or not that of the events so far.
  bool add(double weight, std::int64_t at, std::int64_t half_life);
  // Writes a state that fits into words that are zero.
  void load(const Engagement& state);
  Engagement state() const;

 private:
  struct Header;
  Header& header() const;
  std::span<Engagement::Event> room() const;

  std::uint64_t* words_;
  int class_ = 0;
};

// The capacity class that a state needs.
int capacity_class_of(const Engagement& state);
// An error where their half-lives differ.
Engagement merge(const Engagement& a, const Engagement& b);

}  // namespace icp
