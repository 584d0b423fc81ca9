#include "icp/engagement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "icp/text.hpp"

namespace icp {

namespace {

using Wide = FoldedEvents::Wide;

constexpr std::int64_t block_bits = 64;      // half-lives of a block
constexpr int weight_bits = 32;
// 2^62 (a weight) * 2^53 (a factor) * 2^63 (a place in a block) * 2^60 stay well within 256 bits.
constexpr std::uint64_t max_count = 1ULL << 60;
constexpr std::int64_t most_top = 1LL << 48;  // of the highest limb, either sign
constexpr std::array<std::size_t, EngagementWords::classes> event_capacity = {4, 16, Engagement::max_events};

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// A time as half-lives and the factor of the rest, from 1 to 2, in units of 2^-52.
struct Place {
  std::int64_t half_lives;
  std::int64_t factor;
};
Place place_of(std::int64_t at, std::int64_t half_life) {
  const std::int64_t q = floor_divide(at, half_life);
  const std::int64_t rest = static_cast<std::int64_t>(static_cast<__int128>(at) - static_cast<__int128>(q) * half_life);
  return {q, static_cast<std::int64_t>(std::exp2(static_cast<double>(rest) / static_cast<double>(half_life)) * 0x1p52)};   // exact: 53 bits
}

std::int64_t block_of(std::int64_t at, std::int64_t half_life) { return floor_divide(floor_divide(at, half_life), block_bits); }

void add(Wide& sum, const Wide& term) {
  unsigned __int128 carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    carry += static_cast<unsigned __int128>(sum[i]) + term[i];
    sum[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

// v * 2^shift, shift from 0 to 63.
Wide wide(__int128 v, unsigned shift) {
  const std::uint64_t sign = v < 0 ? ~std::uint64_t{0} : 0;
  const std::array<std::uint64_t, 5> limbs = {0, static_cast<std::uint64_t>(v), static_cast<std::uint64_t>(static_cast<unsigned __int128>(v) >> 64), sign, sign};
  Wide out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = shift == 0 ? limbs[i + 1] : limbs[i + 1] << shift | limbs[i] >> (64 - shift);
  return out;
}

double number(Wide w) {
  const bool negative = (w[3] >> 63) != 0;
  if (negative) {
    for (auto& limb : w) limb = ~limb;
    add(w, {1, 0, 0, 0});
  }
  double sum = 0;
  for (std::size_t i = w.size(); i-- > 0;) sum = sum * 0x1p64 + static_cast<double>(w[i]);
  return negative ? -sum : sum;
}

// Without what the roundings on the way left in its last five bits: 8 halved thrice is 1.
double tidy(double x) {
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::round(std::ldexp(mantissa, 48)), exponent - 48);
}

std::string days(std::int64_t microseconds) { return number_text(static_cast<double>(microseconds) / 86'400e6); }

void require_same(std::int64_t a, std::int64_t b) {
  if (a != b)
    throw Error(ErrorCode::invalid_parameter, "the half-life of an engagement must be the same for all its events",
                fmt::format("There are events with half-lives of {} and of {} days.", days(a), days(b)),
                "Make one engagement for each half-life, by GROUP BY or by an aggregate of its own.");
}

[[noreturn]] void damaged() { throw Error(ErrorCode::corrupted, "a stored value of type icp_engagement is corrupted"); }
[[noreturn]] void refuse(const char* why) { throw Error(ErrorCode::invalid_parameter, "invalid value of type icp_engagement", why); }

bool is_time(std::int64_t at) { return at != std::numeric_limits<std::int64_t>::min() && at != std::numeric_limits<std::int64_t>::max(); }

}  // namespace

void FoldedEvents::reach(std::int64_t new_block) {
  // Blocks are at most 2^58 in size, so their difference does not overflow.
  if (count == 0) block = new_block;
  for (; block < new_block && sums != std::array<Wide, blocks>{}; ++block) {
    std::copy_backward(sums.begin(), sums.end() - 1, sums.end());
    sums[0] = {};
  }
  block = std::max(block, new_block);
}

void FoldedEvents::fold(std::int64_t at, std::int64_t weight, std::int64_t half_life) {
  if (count >= max_count) throw Error(ErrorCode::too_large, "too many events in one engagement");
  const Place p = place_of(at, half_life);
  const std::int64_t of = floor_divide(p.half_lives, block_bits);
  reach(of);
  to = count == 0 ? at : std::max(to, at);
  ++count;
  const std::int64_t back = block - of;
  if (back >= static_cast<std::int64_t>(blocks)) return;
  add(sums[static_cast<std::size_t>(back)], wide(static_cast<__int128>(weight) * p.factor, static_cast<unsigned>(p.half_lives - of * block_bits)));
}

void FoldedEvents::merge(const FoldedEvents& other) {
  if (other.count == 0) return;
  if (count > max_count - std::min(other.count, max_count)) throw Error(ErrorCode::too_large, "too many events in one engagement");
  FoldedEvents lower = other;
  reach(other.block);
  lower.reach(block);
  for (std::size_t k = 0; k < blocks; ++k) add(sums[k], lower.sums[k]);
  to = count == 0 ? other.to : std::max(to, other.to);
  count += other.count;
}

double FoldedEvents::at(std::int64_t as_of, std::int64_t half_life) const {
  if (count == 0) return 0;
  double sum = 0;
  for (std::size_t k = blocks; k-- > 0;) sum += std::ldexp(number(sums[k]), -64 * static_cast<int>(k));
  const Place now = place_of(as_of, half_life);
  const __int128 places = static_cast<__int128>(block) * block_bits - now.half_lives - weight_bits;
  return tidy(std::ldexp(sum / static_cast<double>(now.factor), static_cast<int>(std::max<__int128>(places, -4000))));
}

void Engagement::validate() const {
  if (half_life <= 0) refuse("Its half-life is not positive.");
  if (folded.count > max_count || events.size() > max_events) refuse("It has too many events.");
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& [at, weight] = events[i];
    constexpr auto most = static_cast<std::int64_t>(max_weight) << weight_bits;
    if (!is_time(at) || weight == 0 || weight > most || weight < -most) refuse("An event has an impossible time or weight.");
    if (i > 0 && events[i] < events[i - 1]) refuse("Its events are not in order.");
  }
  if (folded.count == 0) {
    if (folded != FoldedEvents{}) refuse("It has a sum of no events.");
    return;
  }
  if (events.size() != max_events || !is_time(folded.to) || folded.to > events.front().first) refuse("Its sums are later than its events.");
  if (folded.block != block_of(folded.to, half_life)) refuse("Its sums are not those of its latest folded event.");
  for (const Wide& w : folded.sums)
    if (const auto top = static_cast<std::int64_t>(w[3]); top > most_top || top < -most_top) refuse("A sum is out of range.");
}

double Engagement::at(std::int64_t as_of) const {
  if (folded.count > 0 && as_of < folded.to)
    throw Error(ErrorCode::invalid_parameter, "the engagement cannot be told as of so early a time",
                fmt::format("It keeps the latest {} events as they are, and {} of the earlier ones, which it keeps as a sum, may be later than that.",
                            max_events, folded.count),
                "Leave out later events when they are added up: icp_engagement_agg(…) FILTER (WHERE happened_at <= …); icp_engagement_known_from() tells the earliest time.");
  FoldedEvents all = folded;
  for (const auto& [when, weight] : events)
    if (when <= as_of) all.fold(when, weight, half_life);
  return all.at(as_of, half_life);
}

struct EngagementWords::Header {
  std::uint64_t version;
  std::int64_t half_life;
  std::uint64_t events;
  FoldedEvents folded;
};

EngagementWords::Header& EngagementWords::header() const {
  static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) % 8 == 0 && sizeof(Engagement::Event) == 16);
  return *reinterpret_cast<Header*>(words_);
}

std::span<Engagement::Event> EngagementWords::room() const {
  return {reinterpret_cast<Engagement::Event*>(words_ + sizeof(Header) / 8), event_capacity[static_cast<std::size_t>(class_)]};
}

std::size_t EngagementWords::size(int capacity_class) {
  return (sizeof(Header) + sizeof(Engagement::Event) * event_capacity[static_cast<std::size_t>(capacity_class)]) / 8;
}

EngagementWords::EngagementWords(std::span<std::uint64_t> words) : words_(words.data()) {
  while (class_ < classes && size(class_) != words.size()) ++class_;
  if (class_ == classes) damaged();
  Header& h = header();
  if (h.version == 0) h.version = Engagement::version;  // new words
  if (h.version != Engagement::version || h.events > room().size()) damaged();
}

bool EngagementWords::add(double weight, std::int64_t at, std::int64_t half_life) {
  if (!(std::abs(weight) <= Engagement::max_weight))
    throw Error(ErrorCode::invalid_parameter, "invalid weight of an event",
                fmt::format("It is {}; it must be a number from {} to {}.", number_text(weight), number_text(-Engagement::max_weight), number_text(Engagement::max_weight)));
  if (half_life <= 0)
    throw Error(ErrorCode::invalid_parameter, "the half-life of an engagement must be positive", {}, "For example interval '14 days'.");
  if (!is_time(at)) throw Error(ErrorCode::invalid_parameter, "the time of an event must be finite", "It is infinity or -infinity.", "Give NULL where it is not known.");
  Header& h = header();
  if (h.half_life != 0) require_same(h.half_life, half_life);
  const Engagement::Event event{at, std::llround(std::ldexp(weight, weight_bits))};
  const auto all = room();
  const auto held = all.first(h.events);
  if (event.second != 0 && held.size() == all.size() && class_ != classes - 1) return false;

  h.half_life = half_life;
  if (event.second == 0) return true;
  const auto place = std::upper_bound(held.begin(), held.end(), event);
  if (held.size() < all.size()) {
    std::copy_backward(place, held.end(), held.end() + 1);
    *place = event;
    ++h.events;
  } else if (place == held.begin()) {
    h.folded.fold(event.first, event.second, half_life);
  } else {
    h.folded.fold(held.front().first, held.front().second, half_life);
    std::copy(held.begin() + 1, place, held.begin());
    *(place - 1) = event;
  }
  return true;
}

void EngagementWords::load(const Engagement& state) {
  Header& h = header();
  h.half_life = state.half_life;
  h.events = state.events.size();
  h.folded = state.folded;
  std::copy(state.events.begin(), state.events.end(), room().begin());
}

Engagement EngagementWords::state() const {
  const Header& h = header();
  const auto held = room().first(h.events);
  return {h.half_life, h.folded, {held.begin(), held.end()}};
}

int capacity_class_of(const Engagement& state) {
  int c = 0;
  while (c < EngagementWords::classes - 1 && state.events.size() > event_capacity[static_cast<std::size_t>(c)]) ++c;
  return c;
}

Engagement merge(const Engagement& a, const Engagement& b) {
  require_same(a.half_life, b.half_life);
  Engagement out;
  out.half_life = a.half_life;
  out.folded = a.folded;
  out.folded.merge(b.folded);
  std::vector<Engagement::Event> all(a.events.size() + b.events.size());
  std::merge(a.events.begin(), a.events.end(), b.events.begin(), b.events.end(), all.begin());
  const std::size_t early = all.size() - std::min(all.size(), Engagement::max_events);
  for (std::size_t i = 0; i < early; ++i) out.folded.fold(all[i].first, all[i].second, out.half_life);
  out.events.assign(all.begin() + static_cast<std::ptrdiff_t>(early), all.end());
  return out;
}

}  // namespace icp
