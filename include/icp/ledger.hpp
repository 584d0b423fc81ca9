// What to expect of clients that move between the cells of the potential matrix, from how they moved so far.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "icp/stop.hpp"

namespace icp {

// Some time between two snapshots: how many clients there were that could move, and how many had moved at its end.
struct MoveWindow {
  double days = 0;
  std::int64_t clients = 0, moved = 0;
};

struct MoveForecast {
  double rate = 0;                 // moves per client and year, posterior mean as if clients moved independently
  double correlation = 0;          // of two clients of one window, posterior mean
  double expected = 0;             // of the clients that are left, how many will have moved
  std::optional<std::int64_t> low, high;  // prediction interval; nothing where one window alone cannot tell how far it may err
  std::optional<double> enough;    // probability that at least the needed ones will have; likewise
};

// How many of `remaining` clients move within `days`. Clients move at one steady rate r: a client has moved after g days with
// probability 1 - exp(-r g) (grouped survival, Prentice & Gloeckler 1978), with Jeffreys' prior (1946) for r. Clients of one
// window move together: the number that moves is beta-binomial (Skellam 1948), with a correlation rho that is 0 with
// probability 1/10, else anything up to 1/4, all as likely (on a grid of 1/1024, 1/512, ..., 1/4); the windows say which. So few
// windows leave much doubt, as they should (Gelman 2006, of flat priors for how much groups differ). Were it known to be 0,
// windows of one length would give the beta-binomial prediction from Beta(moved + 1/2, stayed + 1/2).
// Needs at least one window with clients and days, two for an interval. It holds `level` of the probability, ends included.
MoveForecast forecast_moves(std::span<const MoveWindow> windows, std::int64_t remaining, double days, std::int64_t needed, double level = 0.8,
                            const Stop& stop = {});
// The same where the correlation is known.
MoveForecast forecast_moves(std::span<const MoveWindow> windows, double correlation, std::int64_t remaining, double days, std::int64_t needed,
                            double level = 0.8, const Stop& stop = {});

}  // namespace icp
