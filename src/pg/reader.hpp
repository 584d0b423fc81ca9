// Functions that read a model: a value of icp_model, or a name in the registry.
#pragma once

#include <string>

#include "pg/memory.hpp"
#include "pg/registry.hpp"
#include "pg/report.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

enum class By { value, name };

inline const Model& pinned(FunctionCallInfo fcinfo, ModelPin& pin, By by, int argument) {
  return (by == By::value ? pin.value(fcinfo, argument) : pin.named(fcinfo, argument)).model();
}

struct Reader {
  ModelPin model, other;
};

inline const Model& model_argument(FunctionCallInfo fcinfo, By by, int argument = 0) {
  return pinned(fcinfo, call_site<Reader>(fcinfo).model, by, argument);
}

inline std::string language_argument(FunctionCallInfo fcinfo, int argument) {
  return std::string(PG_ARGISNULL(argument) ? std::string_view("en") : text_argument(fcinfo, argument));
}

}  // namespace icp::pg

// The two functions of a reader, <function>_value and <function>_name; `report` sees `model` and `fcinfo`.
#define ICP_READER(function, report)                                                       \
  ICP_FUNCTION(function##_value) {                                                         \
    const icp::Model& model = icp::pg::model_argument(fcinfo, icp::pg::By::value);         \
    return icp::pg::return_report(fcinfo, report);                                         \
  }                                                                                        \
  ICP_FUNCTION(function##_name) {                                                          \
    const icp::Model& model = icp::pg::model_argument(fcinfo, icp::pg::By::name);          \
    return icp::pg::return_report(fcinfo, report);                                         \
  }
