// From raw values to features: one piece of code for training, clustering, scoring, look-alikes and drift.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/options.hpp"
#include "icp/table.hpp"
#include "icp/value.hpp"

namespace icp {

// A category of a feature: matched by its folded name; a predicate lists every raw spelling seen in training.
struct Category {
  std::string name;                    // folded
  std::vector<std::string> spellings;  // raw, the most frequent first
  const std::string& title() const { return spellings.empty() ? name : spellings.front(); }
  template <class A>
  void describe(A& a) { a.field("name", name); a.field("spellings", spellings); }
};

struct Feature {
  std::string name;
  Kind kind = Kind::numeric;
  std::string level;                   // firmographic, technographic, situational, psychographic
  bool age = false;                    // numeric: the column is a date, the feature its age in days at first contact
  bool log_scaled = false;             // numeric: z = (log(x + shift) - center) / scale, else (x - center) / scale
  double shift = 0, center = 0, scale = 1;
  double low = 0, high = 0;            // z is limited to this range: the training rows' own, widened by 1
  std::vector<Category> categories;    // categorical: those seen in at least five companies; set: its items; binary: false, true
  double known_share = 1;              // of the training rows

  double scaled(double x) const;       // raw number → z, limited
  double raw(double z) const;          // z → raw number
  template <class A>
  void describe(A& a) {
    a.field("name", name); a.field("kind", kind); a.field("level", level); a.field("age", age);
    a.field("log_scaled", log_scaled); a.field("shift", shift); a.field("center", center); a.field("scale", scale);
    a.field("low", low); a.field("high", high); a.field("categories", categories); a.field("known_share", known_share);
  }
  void validate() const;
};

// Memory for one encoded row; reused from row to row.
struct EncodedBuffer {
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  std::vector<std::vector<std::int32_t>> items;
  std::vector<std::span<const std::int32_t>> sets;
  std::vector<std::uint8_t> known;
  EncodedRow row() const { return {numbers, codes, sets, known}; }
};

class Encoder {
 public:
  std::vector<Feature> features;  // sorted by name

  template <class A>
  void describe(A& a) { a.field("features", features); }
  void validate() const;

  // Makes the look-up tables; call once after learning or reading.
  void prepare();
  void resize(EncodedBuffer& buffer) const;
  // Encodes one value of feature `f` into the buffer. `reference` is the day (since 2000-01-01) at which ages are taken,
  // `zone` that of moments without one.
  void encode(std::size_t f, const Value& value, double reference, EncodedBuffer& buffer, const Zone& zone = {}) const;
  // Encodes rows of a dataset.
  Table encode(const Dataset& data, std::span<const std::uint32_t> rows, const Stop& stop) const;
  bool has_age() const;

  static constexpr std::uint64_t category_floor = 5;  // companies
  static constexpr double nearly_empty = 0.05;        // share of rows below which a column says next to nothing

 private:
  std::int32_t code_of(std::size_t f, std::string_view raw) const;
  struct Lookup {
    std::unordered_map<std::string, std::int32_t> by_name;
    // Raw spellings by hash, open addressing; a hit is confirmed by comparing bytes.
    std::vector<std::pair<std::string_view, std::int32_t>> by_spelling;
    std::uint64_t mask = 0;
  };
  std::vector<Lookup> lookups_;
};

// Whether a column's name says that it holds identifiers: id, …_id, …Id.
bool identifier_name(const std::string& name);
// A text read as a boolean: 1, 0, or missing_category.
std::int32_t truth(std::string_view text);

// Chooses the features among the columns of `data` and learns their encoding from `rows`; what was left out and why is
// added to `findings`. `companies_floor` is the number of companies in which a category must be seen.
Encoder learn_encoder(const Dataset& data, std::span<const std::uint32_t> rows, const Options& options,
                      std::vector<Finding>& findings, const Stop& stop,
                      std::uint64_t companies_floor = Encoder::category_floor);

}  // namespace icp
