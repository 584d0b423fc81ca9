// Reports of the core (rows of named cells) as rows of an SQL function's composite type.
#pragma once

#include "icp/report.hpp"

#include "pg/result.hpp"

namespace icp::pg {

// Sets the columns that the type has, each by the type of its attribute: text, double precision, bigint, integer,
// boolean; a string of JSON becomes jsonb, or text[] where it is an array. Other columns are passed over.
void set_cells(ResultSet& rows, const Report& report, std::size_t row);
// The whole report as the function's result.
Datum return_report(FunctionCallInfo fcinfo, const Report& report);
// The same for a function that returns an array of a composite type.
Datum return_report_array(FunctionCallInfo fcinfo, const Report& report);
// Its first row, for a function that returns one value of a composite type.
Datum return_report_row(FunctionCallInfo fcinfo, const Report& report);

}  // namespace icp::pg
