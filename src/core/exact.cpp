#include "icp/exact.hpp"

#include <algorithm>
#include <limits>

#include <boost/multiprecision/cpp_int.hpp>

namespace icp {

namespace {

using Integer = boost::multiprecision::cpp_int;

Integer integer(const ExactSum::Number& n) {
  Integer v = 0;
  for (std::size_t i = n.digits.size(); i-- > 0;) v = (v << 32) | n.digits[i];
  v <<= 32 * n.low;
  return n.negative ? Integer(-v) : v;
}

// mantissa * 2^exponent
struct Scaled {
  double mantissa = 0;
  int exponent = 0;
};

// numerator / denominator, both positive or the numerator 0, rounded once to 53 bits (half to even).
Scaled quotient(Integer numerator, Integer denominator) {
  if (numerator == 0) return {};
  const int shift = 66 - (static_cast<int>(msb(numerator)) - static_cast<int>(msb(denominator)));
  if (shift > 0) numerator <<= shift; else denominator <<= -shift;
  Integer q, r;
  divide_qr(numerator, denominator, q, r);
  const int drop = static_cast<int>(msb(q)) - 52;  // 13 or 14 bits
  const Integer kept = q >> drop;
  const Integer tail = q - (kept << drop), half = Integer(1) << (drop - 1);
  auto mantissa = kept.convert_to<std::uint64_t>();
  if (tail > half || (tail == half && (r != 0 || (mantissa & 1) != 0))) ++mantissa;
  return {static_cast<double>(mantissa), drop - shift};
}

constexpr std::int64_t limb_mask = 0xffffffff;

}  // namespace

void ExactSum::widen(std::uint32_t first, std::uint32_t count) {
  if (limbs_.empty()) {
    base_ = first;
    limbs_.assign(count, 0);
    return;
  }
  if (first < base_) {
    limbs_.insert(limbs_.begin(), base_ - first, 0);
    base_ = first;
  }
  if (first + count > base_ + limbs_.size()) limbs_.resize(first + count - base_, 0);
}

void ExactSum::settle() {
  pending_ = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    const std::int64_t carry = limbs_[i] >> 32;
    if (i + 1 == limbs_.size()) {
      if (carry == 0 || carry == -1) break;  // the last limb keeps its sign
      limbs_.push_back(0);
    }
    limbs_[i] &= limb_mask;
    limbs_[i + 1] += carry;
  }
}

ExactSum::Number ExactSum::number() const {
  Number n;
  std::vector<std::int64_t> limbs(limbs_.begin(), limbs_.end());
  const auto carry_on = [&limbs] {
    std::int64_t carry = 0;
    for (auto& limb : limbs) {
      const std::int64_t v = limb + carry;
      carry = v >> 32;
      limb = v & limb_mask;
    }
    return carry;
  };
  limbs.insert(limbs.end(), 3, 0);  // carries need no more
  if (carry_on() < 0) {
    // The limbs now hold the value plus a power of two that stands past their end: its complement is the magnitude.
    n.negative = true;
    for (auto& limb : limbs) limb = -limb;
    carry_on();
  }
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
  std::size_t first = 0;
  while (first < limbs.size() && limbs[first] == 0) ++first;
  if (first == limbs.size()) return {};
  n.low = base_ + static_cast<std::uint32_t>(first);
  n.digits.reserve(limbs.size() - first);
  for (std::size_t i = first; i < limbs.size(); ++i) n.digits.push_back(static_cast<std::uint32_t>(limbs[i]));
  return n;
}

bool ExactSum::acceptable(const Number& n) {
  if (n.digits.empty()) return !n.negative && n.low == 0;
  return n.low < widest && n.digits.size() <= widest - n.low && n.digits.front() != 0 && n.digits.back() != 0;
}

void ExactSum::assign(const Number& n) {
  if (!acceptable(n)) throw Error(ErrorCode::corrupted, "a sum is not in its canonical form");
  limbs_.clear();
  pending_ = 0;
  base_ = n.low;
  for (const std::uint32_t d : n.digits) limbs_.push_back(n.negative ? -static_cast<std::int64_t>(d) : static_cast<std::int64_t>(d));
}

void ExactSum::merge(const ExactSum& other) {
  const Number n = other.number();
  if (n.digits.empty()) return;
  std::int64_t* at = window(n.low, static_cast<std::uint32_t>(n.digits.size()));
  for (std::size_t i = 0; i < n.digits.size(); ++i) at[i] += n.negative ? -static_cast<std::int64_t>(n.digits[i]) : static_cast<std::int64_t>(n.digits[i]);
}

double ExactMoments::mean() const {
  if (n_ == 0) return std::numeric_limits<double>::quiet_NaN();
  ExactSum::Number n = sum_.number();
  const bool negative = n.negative;
  n.negative = false;
  const Scaled s = quotient(integer(n), Integer(n_));
  const double v = std::ldexp(s.mantissa, s.exponent - 1074);
  return negative ? -v : v;
}

double ExactMoments::sd() const {
  if (n_ < 2) return std::numeric_limits<double>::quiet_NaN();
  const Integer sum = integer(sum_.number());
  const Integer spread = Integer(n_) * integer(squares_.number()) - sum * sum;
  if (spread <= 0) return 0;  // below 0 only where bytes from outside contradict themselves
  Scaled s = quotient(spread, Integer(n_) * (n_ - 1));
  s.exponent -= 2148;
  if (s.exponent % 2 != 0) {
    s.mantissa *= 2;
    --s.exponent;
  }
  return std::ldexp(std::sqrt(s.mantissa), s.exponent / 2);
}

}  // namespace icp
