#include "icp/sketch.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "icp/text.hpp"

namespace icp {

namespace {

// Counts that come from outside stay so small that no sum of a few of them overflows.
constexpr std::uint64_t largest_count = std::uint64_t{1} << 50;

}  // namespace

std::uint64_t Distinct::estimate() const {
  if (hashes_.size() < kept) return hashes_.size();
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(kept - 1) / (static_cast<double>(hashes_.back()) * 0x1.0p-64 + 0x1.0p-64)));
}

void Distinct::insert(std::uint64_t hash) {
  const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
  if (at != hashes_.end() && *at == hash) return;
  if (hashes_.size() == kept) {
    std::move_backward(at, hashes_.end() - 1, hashes_.end());
    *at = hash;
  } else {
    hashes_.insert(at, hash);
  }
}

std::uint64_t Numbers::key_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x == 0 ? 0.0 : x);  // no negative zero
  return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

double Numbers::number_of(std::uint64_t key) {
  return std::bit_cast<double>(key >> 63 != 0 ? key & ~(std::uint64_t{1} << 63) : ~key);
}

void Numbers::insert_new(std::uint64_t key, std::uint64_t count) {
  if (slots_.empty()) slots_.resize(16);
  std::size_t at = place(key);
  while (slots_[at].count != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {key, count};
  ++used_;
  if (used_ > most) {
    collapse();
  } else if (used_ * 2 > slots_.size()) {
    rebuild(slots_.size() * 2, shift_);
  }
}

void Numbers::rebuild(std::size_t capacity, int shift) {
  const std::vector<Bucket> before = buckets();
  const int by = shift - shift_;
  shift_ = static_cast<std::uint8_t>(shift);
  slots_.assign(capacity, {});
  used_ = 0;
  for (const Bucket& b : before) {
    const std::uint64_t key = b.key >> by;
    std::size_t at = place(key);
    while (slots_[at].count != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
    if (slots_[at].count == 0) ++used_;
    slots_[at].key = key;
    slots_[at].count += b.count;
  }
}

void Numbers::collapse_to(int shift) {
  if (shift_ == 0)
    for (const Bucket& b : buckets()) distinct_.add(hash_of(b.key));
  rebuild(slots_.empty() ? 16 : slots_.size(), shift);
}

// To the smallest shift at which there are at most `most` buckets: that does not depend on the order.
void Numbers::collapse() {
  const std::vector<Bucket> sorted = buckets();
  // Neighbours fall together as soon as the highest bit in which they differ is shifted out.
  std::array<std::size_t, 65> apart_until{};
  for (std::size_t i = 1; i < sorted.size(); ++i) ++apart_until[static_cast<std::size_t>(std::bit_width(sorted[i].key ^ sorted[i - 1].key))];
  std::size_t count = sorted.size(), by = 0;
  while (count > most) count -= apart_until[++by];
  collapse_to(shift_ + static_cast<int>(by));
}

void Numbers::merge(const Numbers& other) {
  if (other.shift_ > shift_) collapse_to(other.shift_);
  for (const Bucket& b : other.buckets()) {
    if (other.shift_ == 0 && shift_ > 0) distinct_.add(hash_of(b.key));
    insert(b.key >> (shift_ - other.shift_), b.count);  // this may collapse: the next keys then move further
  }
  distinct_.merge(other.distinct_);
}

double Numbers::error() const {
  if (exact()) return 0;
  return shift_ <= 52 ? std::ldexp(1.0, shift_ - 52) : std::exp2(std::ldexp(1.0, shift_ - 52)) - 1;
}

std::vector<Numbers::Bucket> Numbers::buckets() const {
  std::vector<Bucket> out;
  out.reserve(used_);
  for (const Bucket& b : slots_)
    if (b.count != 0) out.push_back(b);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<double> Numbers::quantiles(const std::vector<double>& shares, double low, double high) const {
  const std::vector<Bucket> sorted = buckets();
  const std::uint64_t lowest = key_of(low), highest = key_of(high);
  // The k-th smallest, k from 0; within a bucket the values are taken to be spread evenly.
  const auto order = [&](std::uint64_t k) {
    for (const Bucket& b : sorted) {
      if (k >= b.count) {
        k -= b.count;
        continue;
      }
      if (shift_ == 0) return number_of(b.key);
      const double first = number_of(std::max(b.key << shift_, lowest));
      const double last = number_of(std::min((b.key << shift_) | ((std::uint64_t{1} << shift_) - 1), highest));
      const double at = (static_cast<double>(k) + 0.5) / static_cast<double>(b.count);
      return std::min(std::max(first * (1 - at) + last * at, low), high);
    }
    return high;
  };
  std::vector<double> out;
  for (const double share : shares) {
    if (n_ == 0) {
      out.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const double rank = share * static_cast<double>(n_ - 1);
    const double floor = std::floor(rank);
    const auto k = static_cast<std::uint64_t>(floor);
    const double a = order(k);
    const double b = rank > floor ? order(k + 1) : a;
    // Finite even where b - a is not.
    const double step = rank - floor;
    out.push_back(a == b ? a : std::isfinite(b - a) ? a + step * (b - a) : a * (1 - step) + b * step);
  }
  return out;
}

std::vector<std::pair<double, std::uint64_t>> Numbers::top(std::size_t n) const {
  std::vector<std::pair<double, std::uint64_t>> out;
  if (!exact()) return out;
  std::vector<Bucket> sorted = buckets();
  std::stable_sort(sorted.begin(), sorted.end(), [](const Bucket& a, const Bucket& b) { return a.count > b.count; });
  for (std::size_t i = 0; i < std::min(n, sorted.size()); ++i) out.emplace_back(number_of(sorted[i].key), sorted[i].count);
  return out;
}

const char* Numbers::load(const std::vector<double>& values, const std::vector<std::uint64_t>& keys, const std::vector<std::uint64_t>& counts) {
  if (shift_ > 63) return "a histogram's resolution is not one there is";
  const std::size_t size = exact() ? values.size() : keys.size();
  if (size != counts.size() || size > most || values.size() + keys.size() != size) return "a histogram's counts do not fit its values";
  if (exact() && distinct_.estimate() != 0) return "an exact histogram holds a sketch";
  const int shift = shift_;
  n_ = 0;
  used_ = 0;
  slots_.clear();
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (shift == 0 && !std::isfinite(values[i])) return "a histogram holds a number that is not finite";
    const std::uint64_t key = shift == 0 ? key_of(values[i]) : keys[i];
    if (shift != 0 && key >> (64 - shift) != 0) return "a histogram's bucket is out of range";
    if (shift != 0 && !(std::isfinite(number_of(key << shift)) || std::isfinite(number_of((key << shift) | ((std::uint64_t{1} << shift) - 1)))))
      return "a histogram's bucket is out of range";
    if (i > 0 && key <= before) return "a histogram's values are not in order";
    if (counts[i] == 0 || counts[i] > largest_count) return "a count is out of range";
    before = key;
    insert(key, counts[i]);
  }
  return nullptr;
}

std::string_view Categories::spelling_of(std::string_view raw, std::string& memory) {
  while (!raw.empty() && raw.front() == ' ') raw.remove_prefix(1);
  while (!raw.empty() && raw.back() == ' ') raw.remove_suffix(1);
  if (raw.size() <= longest) return raw;
  std::size_t end = longest - 20;
  while (end > 0 && (static_cast<unsigned char>(raw[end]) & 0xc0) == 0x80) --end;
  memory.assign(raw.substr(0, end));
  memory.append("\xe2\x80\xa6");
  const std::uint64_t h = hash64(raw);
  for (int i = 60; i >= 0; i -= 4) memory.push_back("0123456789abcdef"[h >> i & 15]);
  return memory;
}

void Categories::add(std::string_view raw) {
  const std::string_view spelling = spelling_of(raw, scratch_);
  ++n_;
  if (exact()) insert(spelling, 1); else tally(spelling, 1);
}

void Categories::insert(std::string_view spelling, std::uint64_t count) {
  if (index_.empty()) index_.resize(16);
  const std::uint64_t hash = hash64(spelling);
  std::size_t at = hash & (index_.size() - 1);
  for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
    Entry& e = entries_[index_[at] - 1];
    if (e.hash == hash && e.spelling == spelling) {
      e.count += count;
      return;
    }
  }
  entries_.push_back(Entry{hash, count, std::pmr::string(spelling, memory_)});
  index_[at] = static_cast<std::uint32_t>(entries_.size());
  if (entries_.size() > most) sketch();
  else if (entries_.size() * 2 > index_.size()) grow();
}

void Categories::grow() {
  index_.assign(index_.size() * 2, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & (index_.size() - 1);
    while (index_[at] != 0) at = (at + 1) & (index_.size() - 1);
    index_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void Categories::sketch() {
  cells_.assign(tables * width * stride, 0);
  for (const Entry& e : entries_) tally(e.spelling, e.count);
  entries_.clear();
  entries_.shrink_to_fit();
  index_.clear();
  index_.shrink_to_fit();
}

void Categories::tally(std::string_view spelling, std::uint64_t count) {
  const std::string folded = fold(spelling);
  const Hash128 hash = hash128(folded);
  distinct_.add(hash.low);
  for (std::size_t t = 0; t < tables; ++t) {
    const std::size_t cell = cell_of(hash, t);
    std::uint64_t* at = cells_.data() + cell * stride;
    at[0] += count;
    for (std::size_t b = 0; b < bits; ++b) at[1 + b] += count * (hash.low >> b & 1);
    if (passes(cell, hash.low)) name(cell, hash, folded);
  }
}

std::uint64_t Categories::distance(std::size_t cell, std::uint64_t code) const {
  const std::uint64_t* at = cells_.data() + cell * stride;
  std::uint64_t sum = 0;
  for (std::size_t b = 0; b < bits; ++b) sum += (code >> b & 1) != 0 ? at[0] - at[1 + b] : at[1 + b];
  return sum;
}

bool Categories::passes(std::size_t cell, std::uint64_t code) const {
  const std::uint64_t* at = cells_.data() + cell * stride;
  const std::uint64_t limit = near * at[0];
  std::uint64_t sum = 0;
  for (std::size_t b = 0; b < bits; b += 8) {
    for (std::size_t i = b; i < b + 8; ++i) sum += (code >> i & 1) != 0 ? at[0] - at[1 + i] : at[1 + i];
    if (sum >= limit) return false;  // most fail after a third of the bits
  }
  return true;
}

void Categories::name(std::size_t cell, const Hash128& hash, std::string_view folded) {
  for (const Name& n : named_)
    if (n.cell == cell && n.hash == hash) return;
  if (named_.size() >= 4 * tables * width) std::erase_if(named_, [this](const Name& n) { return !passes(n.cell, n.hash.low); });
  named_.push_back(Name{static_cast<std::uint32_t>(cell), hash, std::pmr::string(folded, memory_)});
}

void Categories::merge(const Categories& other) {
  n_ += other.n_;
  if (other.exact()) {
    for (const Entry& e : other.entries_) {
      if (exact()) insert(e.spelling, e.count); else tally(e.spelling, e.count);
    }
    return;
  }
  if (exact()) sketch();
  distinct_.merge(other.distinct_);
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
  std::erase_if(named_, [this](const Name& n) { return !passes(n.cell, n.hash.low); });
  for (const Name& n : other.named_)
    if (passes(n.cell, n.hash.low)) name(n.cell, n.hash, n.name);
}

std::vector<std::pair<std::string, std::uint64_t>> Categories::sorted() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  out.reserve(entries_.size());
  for (const Entry& e : entries_) out.emplace_back(std::string(e.spelling), e.count);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::pair<std::uint32_t, std::string>> Categories::frequent() const {
  std::vector<std::pair<std::uint32_t, std::string>> out;
  for (const Name& n : named_)
    if (passes(n.cell, n.hash.low)) out.emplace_back(n.cell, std::string(n.name));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Categories::Category> Categories::categories() const {
  std::vector<Category> out;
  std::map<std::string, std::pair<std::uint64_t, Category>> found;  // with the largest count of one spelling
  if (exact()) {
    for (const auto& [spelling, count] : sorted()) {
      auto& [largest, c] = found[fold(spelling)];
      c.count += count;
      if (count > largest) {
        largest = count;
        c.spelling = spelling;
      }
    }
  } else {
    // The other values of a cell differ from a category in half of the bits on average.
    for (const auto& [cell, name] : frequent()) {
      const std::uint64_t all = cells_[cell * stride];
      const std::uint64_t others = std::min(all - 1, (distance(cell, hash128(name).low) + bits / 4) / (bits / 2));
      auto& [largest, c] = found[name];
      c.spelling = name;
      c.count = c.count == 0 ? all - others : std::min(c.count, all - others);
    }
  }
  for (auto& [name, entry] : found) {
    entry.second.name = name;
    out.push_back(std::move(entry.second));
  }
  std::stable_sort(out.begin(), out.end(), [](const Category& a, const Category& b) { return a.count > b.count; });
  return out;
}

std::uint64_t Categories::distinct() const { return exact() ? categories().size() : distinct_.estimate(); }

const char* Categories::load(const std::vector<std::pair<std::string, std::uint64_t>>& spellings,
                             const std::vector<std::pair<std::uint32_t, std::string>>& named) {
  if (!cells_.empty() && (cells_.size() != tables * width * stride || !spellings.empty())) return "a sketch of categories has the wrong size";
  if (spellings.size() > most) return "there are too many categories";
  if (cells_.empty() && !named.empty()) return "a sketch of categories has the wrong size";
  n_ = 0;
  std::string scratch;
  for (std::size_t i = 0; i < spellings.size(); ++i) {
    const auto& [spelling, count] = spellings[i];
    if (count == 0 || count > largest_count) return "a count is out of range";
    if (spelling_of(spelling, scratch) != spelling) return "a category is too long or not trimmed";
    if (i > 0 && !(spellings[i - 1].first < spelling)) return "categories are not in order";
    insert(spelling, count);
    n_ += count;
  }
  for (std::size_t cell = 0; cell * stride < cells_.size(); ++cell) {
    const std::uint64_t all = cells_[cell * stride];
    if (all > largest_count) return "a count is out of range";
    for (std::size_t b = 0; b < bits; ++b)
      if (cells_[cell * stride + 1 + b] > all) return "a sketch of categories contradicts itself";
    if (cell < width) n_ += all;
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto& [cell, folded] = named[i];
    const Hash128 hash = hash128(folded);
    if (i > 0 && !(named[i - 1] < named[i])) return "categories are not in order";
    if (cell >= tables * width || folded.size() > 4 * longest || cell_of(hash, cell / width) != cell || !passes(cell, hash.low))
      return "a frequent category is not one";
    named_.push_back(Name{cell, hash, std::pmr::string(folded, memory_)});
  }
  return nullptr;
}

}  // namespace icp
