#include "icp/interval.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/gamma.hpp>

#include "icp/error.hpp"
#include "icp/estimate.hpp"

namespace icp {

Interval share_interval(double share, double number, double level) {
  const double z = normal_quantile(0.5 + level / 2), zz = z * z / number;
  const double centre = (share + zz / 2) / (1 + zz), half = z / (1 + zz) * std::sqrt(share * (1 - share) / number + zz / (4 * number));
  return {share <= 0 ? 0 : std::max(0.0, centre - half), share >= 1 ? 1 : std::min(1.0, centre + half)};
}

Interval rate_interval(std::int64_t events, double exposure, double level) {
  if (events < 0 || !(exposure > 0) || !std::isfinite(exposure))
    throw Error(ErrorCode::invalid_parameter, "a rate needs events of 0 or more and an exposure above 0");
  const boost::math::gamma_distribution<double> posterior(static_cast<double>(events) + 0.5, 1 / exposure);
  return {events == 0 ? 0 : boost::math::quantile(posterior, (1 - level) / 2), boost::math::quantile(posterior, (1 + level) / 2)};
}

}  // namespace icp
