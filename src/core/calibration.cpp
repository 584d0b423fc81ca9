#include "icp/calibration.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "icp/hash.hpp"

namespace icp {

namespace {

using Bin = Calibration::Bin;
using Row = Calibration::Row;

constexpr std::uint64_t sign_bit = 1ULL << 63;
constexpr std::uint64_t unknown_bits = ~0ULL;  // of a component of a row; a NaN that no value has
// 257 values never all differ in their highest 8 bits.
constexpr std::uint8_t max_level = 56;
constexpr std::uint64_t max_count = 1ULL << 62;

constexpr std::array<std::size_t, CalibrationWords::classes> bin_capacity = {8, 32, 128, Calibration::max_bins};
constexpr std::array<std::size_t, CalibrationWords::classes> row_capacity = {8, 32, 128, Calibration::max_sample};

// The words: n, level and number of bins of each component, number of rows, version, one unused, bins, rows.
constexpr std::size_t header_words = 8, n_word = 0, histogram_word = 1, rows_word = 5, version_word = 6;
static_assert(sizeof(Bin) == 24 && sizeof(Row) == 48 && std::is_trivially_copyable_v<Bin> && std::is_trivially_copyable_v<Row>);

std::uint64_t key_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits & sign_bit ? ~bits : bits | sign_bit;
}
double value_of(std::uint64_t key) { return std::bit_cast<double>(key & sign_bit ? key & ~sign_bit : ~key); }

// LTV/CAC keeps 15 significant bits: the same money in another unit gives ratios that differ in the last bit, and two
// anchors that close would make a cliff of it.
double canonical(double value, std::size_t component) {
  if (std::abs(value) < 1 / DqsScale::max_raw) return 0;
  value = std::clamp(value, -DqsScale::max_raw / 2, DqsScale::max_raw / 2);
  if (component != dqs_ltv_cac) return value;
  constexpr int dropped = 38;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return std::bit_cast<double>((bits + (1ULL << (dropped - 1))) >> dropped << dropped);
}

std::uint64_t hash_of(const std::array<std::uint64_t, dqs_components>& values) {
  std::array<char, 8 * dqs_components> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(values[i / 8] >> (8 * (i % 8)));
  return hash64({bytes.data(), bytes.size()});
}

bool before(const Row& a, const Row& b) { return a.hash != b.hash ? a.hash < b.hash : a.values < b.values; }
bool same(const Row& a, const Row& b) { return a.hash == b.hash && a.values == b.values; }

[[noreturn]] void damaged() { throw Error(ErrorCode::corrupted, "a stored value of type dqs_calibration is corrupted"); }

// The least level at which two neighbours are one bin.
int joining_level(const Bin& a, const Bin& b) { return static_cast<int>(std::bit_width(a.high ^ b.low)); }

// Joins sorted bins at the least level, not below `level`, at which they are at most max_bins. Returns how many they
// are then.
std::size_t collapse(std::span<Bin> bins, std::uint8_t& level) {
  const auto join = [&] {
    std::size_t n = 0;
    for (const Bin& bin : bins) {
      if (n > 0 && (bins[n - 1].low >> level) == (bin.low >> level)) {
        bins[n - 1].high = std::max(bins[n - 1].high, bin.high);
        bins[n - 1].count += bin.count;
      } else {
        bins[n++] = bin;
      }
    }
    return n;
  };
  std::size_t n = join();
  if (n <= Calibration::max_bins) return n;
  std::array<std::size_t, 65> joined{};
  for (std::size_t i = 1; i < n; ++i) ++joined[static_cast<std::size_t>(joining_level(bins[i - 1], bins[i]))];
  std::size_t left = n;
  for (std::size_t l = 0; left > Calibration::max_bins; ++l) {
    left -= joined[l];
    level = static_cast<std::uint8_t>(std::max<std::size_t>(l, level));
  }
  bins = bins.first(n);
  n = join();
  if (n > Calibration::max_bins || level > max_level) damaged();  // bins that were out of order
  return n;
}

[[noreturn]] void corrupted(const char* why) {
  throw Error(ErrorCode::invalid_parameter, "invalid value of type dqs_calibration", why);
}

bool is_value(double v) { return std::abs(v) <= DqsScale::max_raw && !(v == 0 && std::signbit(v)); }

}  // namespace

void Calibration::validate() const {
  if (n > max_count) corrupted("Its number of deals is out of range.");
  for (const Histogram& h : histograms) {
    if (h.level > max_level || h.bins.size() > max_bins) corrupted("A histogram has too many bins or levels.");
    std::uint64_t left = n;
    for (std::size_t i = 0; i < h.bins.size(); ++i) {
      const Bin& bin = h.bins[i];
      if (bin.low > bin.high || (bin.low >> h.level) != (bin.high >> h.level) || !is_value(icp::value_of(bin.low)) || !is_value(icp::value_of(bin.high)))
        corrupted("A bin has impossible bounds.");
      if (i > 0 && (h.bins[i - 1].high >> h.level) >= (bin.low >> h.level)) corrupted("Bins are not in order.");
      if (bin.count < (bin.low < bin.high ? 2u : 1u) || bin.count > left) corrupted("A count is out of range.");
      left -= bin.count;
    }
  }
  if (sample.size() > max_sample) corrupted("Its sample is too large.");
  std::uint64_t left = n;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const Row& row = sample[i];
    bool known = false;
    for (const auto bits : row.values) {
      if (bits != unknown_bits && !is_value(std::bit_cast<double>(bits))) corrupted("A row has an impossible value.");
      known |= bits != unknown_bits;
    }
    if (!known || row.hash != hash_of(row.values)) corrupted("A row of the sample contradicts its hash.");
    if (i > 0 && !before(sample[i - 1], row)) corrupted("The sample is not in order.");
    if (row.count < 1 || row.count > left) corrupted("A count is out of range.");
    left -= row.count;
  }
}

std::size_t CalibrationWords::size(int capacity_class) {
  const auto c = static_cast<std::size_t>(capacity_class);
  return header_words + (dqs_components * bin_capacity[c] * sizeof(Bin) + row_capacity[c] * sizeof(Row)) / 8;
}

CalibrationWords::CalibrationWords(std::span<std::uint64_t> words) : words_(words.data()) {
  while (class_ < classes && size(class_) != words.size()) ++class_;
  if (class_ == classes) damaged();
  if (words_[version_word] == 0) words_[version_word] = Calibration::version;  // new words
  if (words_[version_word] != Calibration::version || words_[rows_word] > rows().size()) damaged();
  for (std::size_t c = 0; c < dqs_components; ++c)
    if (const auto w = words_[histogram_word + c]; (w & 0xffffffff) > bins(c).size() || (w >> 32) > max_level) damaged();
}

std::span<Bin> CalibrationWords::bins(std::size_t component) const {
  const std::size_t capacity = bin_capacity[static_cast<std::size_t>(class_)];
  return {reinterpret_cast<Bin*>(words_ + header_words) + component * capacity, capacity};
}

std::span<Row> CalibrationWords::rows() const {
  const auto c = static_cast<std::size_t>(class_);
  return {reinterpret_cast<Row*>(words_ + header_words + dqs_components * bin_capacity[c] * sizeof(Bin) / 8), row_capacity[c]};
}

bool CalibrationWords::add(const DealInputs& deal) {
  std::uint8_t faults = 0;
  auto raw = deal_components(deal, std::numeric_limits<double>::infinity(), faults);
  if (faults != 0) require_no_faults(deal, faults);

  const bool last_class = class_ == classes - 1;
  std::array<std::size_t, dqs_components> place{};
  std::array<bool, dqs_components> found{};
  Row row;
  bool known = false;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    row.values[c] = unknown_bits;
    if (std::isnan(raw[c])) continue;
    known = true;
    raw[c] = canonical(raw[c], c);
    row.values[c] = std::bit_cast<std::uint64_t>(raw[c]);
    const auto level = words_[histogram_word + c] >> 32;
    const auto used = bins(c).first(words_[histogram_word + c] & 0xffffffff);
    const auto bin = key_of(raw[c]) >> level;
    const auto at = std::partition_point(used.begin(), used.end(), [&](const Bin& b) { return (b.low >> level) < bin; });
    place[c] = static_cast<std::size_t>(at - used.begin());
    found[c] = at != used.end() && (at->low >> level) == bin;
    if (!found[c] && used.size() == bins(c).size() && !last_class) return false;
  }
  if (!known) return true;
  row.hash = hash_of(row.values);
  row.count = 1;
  const auto sample = rows();
  const auto held = sample.first(words_[rows_word]);
  const auto at = std::lower_bound(held.begin(), held.end(), row, before);
  const bool row_found = at != held.end() && same(*at, row);
  if (!row_found && held.size() == sample.size() && !last_class) return false;

  ++words_[n_word];
  for (std::size_t c = 0; c < dqs_components; ++c) {
    if (std::isnan(raw[c])) continue;
    const auto key = key_of(raw[c]);
    const auto all = bins(c);
    auto& word = words_[histogram_word + c];
    if (found[c]) {
      Bin& bin = all[place[c]];
      bin.low = std::min(bin.low, key);
      bin.high = std::max(bin.high, key);
      ++bin.count;
      continue;
    }
    const std::size_t used = word & 0xffffffff;
    if (used < all.size()) {
      std::copy_backward(all.begin() + static_cast<std::ptrdiff_t>(place[c]), all.begin() + static_cast<std::ptrdiff_t>(used),
                         all.begin() + static_cast<std::ptrdiff_t>(used) + 1);
      all[place[c]] = {key, key, 1};
      ++word;
      continue;
    }
    std::array<Bin, Calibration::max_bins + 1> more;
    const auto split = all.begin() + static_cast<std::ptrdiff_t>(place[c]);
    *std::copy(all.begin(), split, more.begin()) = {key, key, 1};
    std::copy(split, all.end(), more.begin() + static_cast<std::ptrdiff_t>(place[c]) + 1);
    auto level = static_cast<std::uint8_t>(word >> 32);
    const std::size_t left = collapse(more, level);
    std::fill(std::copy_n(more.begin(), left, all.begin()), all.end(), Bin{});
    word = left | std::uint64_t{level} << 32;
  }
  if (row_found) {
    ++at->count;
  } else if (held.size() < sample.size()) {
    std::copy_backward(at, held.end(), held.end() + 1);
    *at = row;
    ++words_[rows_word];
  } else if (at != held.end()) {
    std::copy_backward(at, held.end() - 1, held.end());
    *at = row;
  }
  return true;
}

void CalibrationWords::load(const Calibration& state) {
  words_[n_word] = state.n;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    const auto& h = state.histograms[c];
    words_[histogram_word + c] = h.bins.size() | std::uint64_t{h.level} << 32;
    std::copy(h.bins.begin(), h.bins.end(), bins(c).begin());
  }
  words_[rows_word] = state.sample.size();
  std::copy(state.sample.begin(), state.sample.end(), rows().begin());
}

Calibration CalibrationWords::state() const {
  Calibration out;
  out.n = words_[n_word];
  for (std::size_t c = 0; c < dqs_components; ++c) {
    const auto used = bins(c).first(words_[histogram_word + c] & 0xffffffff);
    out.histograms[c].level = static_cast<std::uint8_t>(words_[histogram_word + c] >> 32);
    out.histograms[c].bins.assign(used.begin(), used.end());
  }
  const auto held = rows().first(words_[rows_word]);
  out.sample.assign(held.begin(), held.end());
  return out;
}

int capacity_class_of(const Calibration& state) {
  int c = 0;
  const auto fits = [&] {
    const auto i = static_cast<std::size_t>(c);
    if (state.sample.size() > row_capacity[i]) return false;
    for (const auto& h : state.histograms)
      if (h.bins.size() > bin_capacity[i]) return false;
    return true;
  };
  while (c < CalibrationWords::classes - 1 && !fits()) ++c;
  return c;
}

Calibration merge(const Calibration& a, const Calibration& b) {
  Calibration out;
  if (a.n > max_count - std::min(b.n, max_count)) throw Error(ErrorCode::too_large, "too many deals in one calibration");
  out.n = a.n + b.n;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    const auto &x = a.histograms[c], &y = b.histograms[c];
    auto& h = out.histograms[c];
    h.level = std::max(x.level, y.level);
    h.bins.resize(x.bins.size() + y.bins.size());
    std::merge(x.bins.begin(), x.bins.end(), y.bins.begin(), y.bins.end(), h.bins.begin(), [](const Bin& p, const Bin& q) { return p.low < q.low; });
    h.bins.resize(collapse(h.bins, h.level));
  }
  for (auto i = a.sample.begin(), j = b.sample.begin(); out.sample.size() < Calibration::max_sample && (i != a.sample.end() || j != b.sample.end());) {
    if (j == b.sample.end() || (i != a.sample.end() && before(*i, *j))) {
      out.sample.push_back(*i++);
    } else if (i == a.sample.end() || before(*j, *i)) {
      out.sample.push_back(*j++);
    } else {
      out.sample.push_back(*i++);
      out.sample.back().count += (j++)->count;
    }
  }
  return out;
}

namespace {

// Percentile by mid-rank, as a polyline that rises strictly. The two ends of a bin of several values count as one value each.
std::vector<DqsAnchor> percentiles(const Calibration::Histogram& h) {
  double total = 0;
  for (const Bin& bin : h.bins) total += static_cast<double>(bin.count);
  std::vector<DqsAnchor> line;
  double below = 0;
  for (const Bin& bin : h.bins) {
    const auto count = static_cast<double>(bin.count);
    if (bin.low == bin.high) {
      line.emplace_back(value_of(bin.low), 100 * (below + count / 2) / total);
    } else {
      line.emplace_back(value_of(bin.low), 100 * (below + 0.5) / total);
      line.emplace_back(value_of(bin.high), 100 * (below + count - 0.5) / total);
    }
    below += count;
  }
  if (line.size() <= Calibration::max_anchors) return line;

  std::vector<DqsAnchor> grid = {line.front()};
  std::size_t next = 1;
  for (int percent = 1; percent < 100; ++percent) {
    const double p = percent;
    if (p <= line.front().second || p >= line.back().second) continue;
    while (line[next].second < p) ++next;
    const auto &a = line[next - 1], &b = line[next];
    const double raw = a.first + (p - a.second) / (b.second - a.second) * (b.first - a.first);
    if (raw > grid.back().first && raw < line.back().first) grid.emplace_back(raw, p);
  }
  grid.push_back(line.back());
  return grid;
}

}  // namespace

std::optional<DqsScale> calibrated_scale(const Calibration& state) {
  if (state.n == 0) return std::nullopt;
  DqsScale scale;
  scale.relative = true;
  scale.n = state.n;
  scale.bands = {30, 80};  // where no row has a score
  for (std::size_t c = 0; c < dqs_components; ++c) {
    scale.anchors[c] = percentiles(state.histograms[c]);
    if (c == dqs_speed || c == dqs_effort)
      for (auto& anchor : scale.anchors[c]) anchor.second = 100 - anchor.second;
  }

  const DqsScorer scorer(DqsWeights{}, scale);
  std::vector<std::pair<double, std::uint64_t>> scores;
  unsigned __int128 total = 0;
  for (const Row& row : state.sample) {
    const auto raw = [&](std::size_t c) { return row.values[c] == unknown_bits ? DealInputs::unknown : std::bit_cast<double>(row.values[c]); };
    std::uint8_t faults = 0;
    const double score = scorer.score({raw(dqs_ltv_cac), 1, raw(dqs_speed), raw(dqs_retention), raw(dqs_effort)}, faults);
    if (std::isnan(score)) continue;
    scores.emplace_back(score, row.count);
    total += row.count;
  }
  std::sort(scores.begin(), scores.end());
  unsigned __int128 up_to = 0;
  bool low_found = false;
  for (const auto& [score, count] : scores) {
    up_to += count;
    if (!low_found && up_to * 10 >= total * 3) {
      scale.bands[0] = score;
      low_found = true;
    }
    if (up_to * 10 >= total * 8) {
      scale.bands[1] = score;
      break;
    }
  }
  return scale;
}

}  // namespace icp
