#include "core/ltv_customers.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace icp::ltv {

namespace {

constexpr double week = 7;

// Sorted, and alike ones added up: weights are multiples of 2^-20, so that their sums are exact.
template <class T, class Key>
void gather(std::vector<T>& all, Key&& key, const Stop& stop) {
  sort(all.begin(), all.end(), stop, [&](const T& a, const T& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && key(all[kept - 1]) == key(all[i])) all[kept - 1].weight += all[i].weight;
    else all[kept++] = all[i];
  }
  all.resize(kept);
  all.shrink_to_fit();
}

// What a likelihood still adds up one by one.
constexpr double most_occasions = 100'000;

void require_few(double occasions) {
  if (occasions > most_occasions)
    throw Error(ErrorCode::invalid_parameter, "the option \"period\" is too short for these histories", "One of them has more than 100,000 occasions.");
}

}  // namespace

Customer in_occasions(std::span<const std::int32_t> days, std::int32_t until, double period, bool subscription) {
  Customer c;
  c.t = std::max(0.0, std::floor((until - days.front()) / period - 0.5));
  require_few(c.t);
  for (const std::int32_t day : days) {
    const double occasion = std::round((day - days.front()) / period);
    if (occasion <= c.tx || occasion > c.t) continue;
    c.tx = occasion;
    ++c.x;
  }
  if (subscription) c.x = c.tx;
  return c;
}

Customer in_occasions(double frequency, double recency, double age, double period, bool subscription) {
  Customer c;
  c.t = std::round(age * week / period);
  require_few(c.t);
  c.tx = std::min(c.t, std::round(recency * week / period));
  c.x = subscription ? c.tx : std::min(frequency, c.tx);
  if (c.x == 0) c.tx = 0;
  return c;
}

std::optional<Customer> customer_of(const LtvSample& sample, const LtvSample::Row& row, LtvKind kind, double period, std::optional<std::int32_t> until) {
  Customer c;
  if (row.days == 0) {
    if (until) return std::nullopt;
    if (in_periods(kind)) c = in_occasions(row.frequency, row.recency, row.age, period, kind == LtvKind::sbg);
    else c = {row.frequency, row.recency, row.age, 1};
  } else {
    std::span<const std::int32_t> days = sample.days(row);
    const std::int32_t end = std::min(row.until, until.value_or(row.until));
    days = days.first(static_cast<std::size_t>(std::upper_bound(days.begin(), days.end(), end) - days.begin()));
    if (days.empty()) return std::nullopt;
    if (in_periods(kind)) c = in_occasions(days, end, period, kind == LtvKind::sbg);
    else c = {static_cast<double>(days.size() - 1), (days.back() - days.front()) / week, (end - days.front()) / week, 1};
  }
  c.weight = row.customers();
  return c;
}

std::vector<Customer> customers_of(const LtvSample& sample, LtvKind kind, double period, std::optional<std::int32_t> until, const Stop& stop) {
  std::vector<Customer> all;
  all.reserve(sample.rows().size());
  for (const auto& row : sample.rows())
    if (const auto c = customer_of(sample, row, kind, period, until)) all.push_back(*c);
  gather(all, [](const Customer& c) { return std::tie(c.x, c.tx, c.t); }, stop);
  return all;
}

std::vector<Spend> spends_of(const LtvSample& sample, bool all, const Stop& stop) {
  std::vector<Spend> out;
  for (const auto& row : sample.rows()) {
    const double x = row.days == 0 ? row.frequency : row.days - 1;
    Spend s{x, row.mean, row.customers()};
    if (all && !std::isnan(row.first)) s = {x + 1, (row.first + (x > 0 ? x * row.mean : 0)) / (x + 1), s.weight};
    if (s.x > 0 && s.mean > 0) out.push_back(s);
  }
  gather(out, [](const Spend& s) { return std::tie(s.x, s.mean); }, stop);
  return out;
}

std::vector<Later> later_of(const LtvSample& sample, LtvKind kind, double period, std::int32_t day, const Stop& stop) {
  std::vector<Later> out;
  for (const auto& row : sample.rows()) {
    if (row.days == 0 || row.until <= day) continue;
    const auto then = customer_of(sample, row, kind, period, day), now = customer_of(sample, row, kind, period);
    if (then && now->t > then->t) out.push_back({*then, now->t - then->t, now->x - then->x});
  }
  const auto key = [](const Later& l) { return std::tie(l.then.x, l.then.tx, l.then.t, l.horizon, l.bought, l.then.weight); };
  sort(out.begin(), out.end(), stop, [&](const Later& a, const Later& b) { return key(a) < key(b); });
  return out;
}

std::optional<Span> span_of(const LtvSample& sample) {
  std::optional<Span> out;
  for (const auto& row : sample.rows()) {
    if (row.days == 0) return std::nullopt;
    const std::int32_t first = sample.days(row).front();
    if (!out) out = {first, row.until};
    out = {std::min(out->first, first), std::max(out->last, row.until)};
  }
  return out;
}

double weight_of(std::span<const Customer> customers) {
  double sum = 0;
  for (const Customer& c : customers) sum += c.weight;
  return sum;
}

}  // namespace icp::ltv
