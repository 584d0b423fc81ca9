// Leaks: features that look as if they were filled in after the outcome, which a model must not learn from.
#pragma once

#include <vector>

#include "icp/encoder.hpp"
#include "icp/training.hpp"

namespace icp {

// Which features to leave out (DESIGN: leaks), on evidence of time or form:
// - known in at least 90 % of one outcome and at most 10 % of the other,
// - one value for every deal of one outcome, and for at most half of the other,
// - alone it ranks won above lost almost surely, judged out of fold: AUC at least .95,
// - dates after the as-of time.
// An AUC from .70 on alone is only said. Companies are the unit: the shares and the AUC weigh every company alike however
// many deals it has, and at least 20 companies of either outcome must speak. The option `keep` overrides.
std::vector<bool> find_leaks(const Training& training, const Encoder& encoder, std::vector<Finding>& findings, const Stop& stop);

}  // namespace icp
