// The client potential matrix: potential (the most a client could buy in a year: low, medium, high) × progress (what
// it buys of that: nothing, a part, all of it) makes nine cells, each with a strategy of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "icp/error.hpp"
#include "icp/language.hpp"

namespace icp {

inline constexpr std::size_t potential_cells = 9;

// Keys of the cells, by number - 1; the labels of the SQL enum, in its order.
inline constexpr std::array<const char*, potential_cells> potential_cell_keys = {
    "low_priority", "developing", "stable", "promising", "development_focus", "key", "capture_priority", "strategic", "vip"};

// The number (1–9) of a key; 0 where there is none of that name.
int potential_cell_number(std::string_view key);
// Title and strategy of the cell with this number (1–9).
const char* potential_cell_title(int number, Language language);
const char* potential_cell_strategy(int number, Language language);

// The number (1–9) of the cell, 0 where the potential is 0 and the client has no place. Number is a type of amounts
// that compares and multiplies, exactly where it can; all five are finite. Both bounds, low and high, belong to medium.
// Progress is nothing up to 0 (returns can exceed purchases), all from reached_from × potential on, else a part.
template <class Number>
int place_potential(Number potential, Number purchases, Number low, Number high, Number reached_from, Number zero, Number one) {
  const auto fail = [](const char* message, const char* hint) { throw Error(ErrorCode::invalid_parameter, message, {}, hint); };
  if (low < zero) fail("low must not be negative", "It is the smallest potential that counts as medium.");
  if (high < low) fail("low must not be above high", "Potentials from low to high are medium.");
  if (!(zero < reached_from) || one < reached_from)
    fail("reached_from must be above 0 and at most 1", "It is the share of the potential from which it counts as reached, such as 0.95.");
  if (potential < zero)
    fail("potential must not be negative", "It is the most a client could buy in a year; give NULL where it is not known.");
  if (!(zero < potential)) return 0;
  const int level = potential < low ? 0 : high < potential ? 2 : 1;
  const int progress = !(zero < purchases) ? 0 : purchases < reached_from * potential ? 1 : 2;
  return 3 * level + progress + 1;
}

}  // namespace icp
