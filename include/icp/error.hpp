// Errors of the core. The bridge maps each code to a SQLSTATE; the core knows nothing of PostgreSQL.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace icp {

enum class ErrorCode {
  invalid_parameter,   // 22023: a value out of its domain
  invalid_text,        // 22P02: text that is not of the type's form
  invalid_binary,      // 22P03: bytes that are not of the type's form
  undefined_column,    // 42703: a row without the columns it needs
  undefined_object,    // 42704: no such model, cohort, option
  duplicate_column,    // 42701: two columns of one name
  cardinality,         // 21000: a repeated deal, where one row was expected
  wrong_type,          // 42804: a column whose type cannot play its role
  too_large,           // 54000: beyond a limit of the program
  out_of_memory,       // 53200: needs more memory than allowed
  corrupted,           // XX001: a stored value that contradicts itself
};

// One clear error in PostgreSQL's style: message (lower case, no full stop), detail and hint (whole sentences).
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message, std::string detail = {}, std::string hint = {})
      : std::runtime_error(message), code_(code), detail_(std::move(detail)), hint_(std::move(hint)) {}
  ErrorCode code() const noexcept { return code_; }
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string detail_;
  std::string hint_;
};

// Thrown when the caller asked the computation to end; carries no text, the caller knows why.
struct Cancelled {};

}  // namespace icp
