// dqs_calibrate: percentiles of one's own deals, frozen into a relative scale.
//
// The state is a flat array of 64-bit words that is changed in place and never grows past a fixed size. It is a pure
// function of the multiset of rows, so it merges exactly, in any order:
//  · For each component a histogram of at most 256 bins. A bin is all values whose order-preserving 64-bit keys agree
//    but for the lowest `level` bits, and keeps its smallest and largest value and a count. The level is the least at
//    which the bins suffice; at level 0 a bin is one value, and the percentiles are exact. (The uniform collapse of
//    UDDSketch: Epicoco et al. 2020, here on the bits of the double.)
//  · The 512 distinct rows of least hash, each with its exact count (bottom-k, Cohen & Kaplan 2007), for the bounds of
//    the bands, which need the components jointly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/dqs.hpp"

namespace icp {

// The state as it travels: canonical, described, validated.
struct Calibration {
  static constexpr std::uint16_t version = 1;
  static constexpr std::size_t max_bins = 256;
  static constexpr std::size_t max_sample = 512;
  static constexpr std::size_t max_anchors = 101;  // of a component of the scale that comes of it

  struct Bin {
    std::uint64_t low = 0, high = 0;  // keys of the smallest and largest value
    std::uint64_t count = 0;
    template <class A>
    void describe(A& a) { a.field("low", low); a.field("high", high); a.field("count", count); }
    bool operator==(const Bin&) const = default;
  };
  struct Histogram {
    std::uint8_t level = 0;
    std::vector<Bin> bins;
    template <class A>
    void describe(A& a) { a.field("level", level); a.field("bins", bins); }
    bool operator==(const Histogram&) const = default;
  };
  // A distinct row: the bits of its raw components (unknown: unknown_bits) and how often it occurred.
  struct Row {
    std::uint64_t hash = 0;
    std::array<std::uint64_t, dqs_components> values{};
    std::uint64_t count = 0;
    template <class A>
    void describe(A& a) { a.field("hash", hash); a.field("values", values); a.field("count", count); }
    bool operator==(const Row&) const = default;
  };

  std::uint64_t n = 0;  // rows with at least one known component
  std::array<Histogram, dqs_components> histograms;
  std::vector<Row> sample;

  void validate() const;
  template <class A>
  void describe(A& a) { a.field("n", n); a.field("histograms", histograms); a.field("sample", sample); }
  bool operator==(const Calibration&) const = default;
};

// The same in place. The words belong to the caller; how many they are says their capacity.
class CalibrationWords {
 public:
  // Words for capacity class 0 to classes - 1; new words are zero.
  static constexpr int classes = 4;
  static std::size_t size(int capacity_class);
  // An error (XX001) where these cannot be the words of a state.
  explicit CalibrationWords(std::span<std::uint64_t> words);

  int capacity_class() const { return class_; }
  // Adds a deal; false, and nothing changed, where the next capacity class is needed first. A deal with no known
  // component changes nothing. What cannot be (a negative cost) is an error, as in dqs().
  bool add(const DealInputs& deal);
  // Writes a state that fits into words that are zero.
  void load(const Calibration& state);
  Calibration state() const;

 private:
  std::span<Calibration::Bin> bins(std::size_t component) const;  // all there is room for
  std::span<Calibration::Row> rows() const;

  std::uint64_t* words_;
  int class_ = 0;
};

// The capacity class that a state needs.
int capacity_class_of(const Calibration& state);
Calibration merge(const Calibration& a, const Calibration& b);

// The relative scale: mid-ranks as percentiles (mean 50), more is better for LTV/CAC and retention, less for days and
// effort; bands at the 30th and 80th percentile of the rows' own scores under the default weights. Nothing where no
// row had a known component.
std::optional<DqsScale> calibrated_scale(const Calibration& state);

}  // namespace icp
