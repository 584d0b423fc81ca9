// The families of models of purchases, behind one interface: likelihood with its gradient, and what a customer will do.
#pragma once

#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "icp/ltv.hpp"
#include "icp/stop.hpp"

namespace icp::ltv {

// Customers of one history. Time in weeks; for regular occasions and subscriptions in occasions.
struct Customer {
  double x = 0, tx = 0, t = 0;
  double weight = 1;
};

// What is to come until a horizon, for a customer that is alive. Money of a purchase at time u counts exp(-discount u).
struct Future {
  double purchases = 0;         // expected
  double discounted = 0;        // the same, discounted
  double pairs = 0;             // E[N (N - 1)]
  double none = 1;              // probability of no purchase
};

class Family {
 public:
  virtual ~Family() = default;
  virtual std::span<const char* const> names() const = 0;
  // Start of the search, for times of about `scale`.
  virtual std::vector<double> start(double scale) const = 0;
  // Which parameters are in units of time.
  virtual bool is_time(std::size_t parameter) const = 0;
  // Sum of weight · log-likelihood of customers sorted by x; the gradient is by the logarithms of the parameters and is added.
  virtual double log_likelihood(std::span<const Customer> customers, std::span<const double> parameters, double* gradient, const Stop& stop) const = 0;
  virtual double p_alive(const Customer& customer, std::span<const double> parameters) const = 0;
  // Of an alive customer; `horizon` and `discount` are of the customers' unit of time.
  virtual Future future(const Customer& customer, std::span<const double> parameters, double horizon, double discount) const = 0;
  // The same without discount, where only the mean is asked for.
  virtual double purchases(const Customer& customer, std::span<const double> parameters, double horizon) const { return future(customer, parameters, horizon, 0).purchases; }
};

const Family& family_of(LtvKind kind);
const Family& bg_nbd();
const Family& mbg_nbd();
const Family& pareto_nbd();
const Family& bg_bb();
const Family& sbg();

// Spend per purchase (Gamma-Gamma: Colombo & Jiang 1999; Fader & Hardie 2013, "The Gamma-Gamma model of monetary value").
struct Spend {
  double x = 0, mean = 0, weight = 1;
};
double gamma_gamma(std::span<const Spend> customers, std::span<const double> parameters, double* gradient, const Stop& stop);

// (e^{power · log_base} - 1) / power, log_base where the power is 0.
inline double power_integral(double power, double log_base) {
  return std::abs(power * log_base) < 1e-300 ? log_base : std::expm1(power * log_base) / power;
}

// Gauss–Legendre nodes and weights on [0, 1].
struct Rule {
  std::span<const double> nodes, weights;
};
const Rule& rule8();
const Rule& rule12();

// Of positive numbers, in double precision throughout (Boost.Math works in long double unless told otherwise: thrice the time).
double log_gamma(double a);
double digamma(double a);
double trigamma(double a);

// log Γ(a + n) - log Γ(a), without loss where n is small beside a.
double log_rising(double a, double n);
// Its derivative by a.
double digamma_rising(double a, double n);

}  // namespace icp::ltv
