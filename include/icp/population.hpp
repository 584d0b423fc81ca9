// Which rows of the deals view a figure of a model speaks of. Rendered as SQL, beside a predicate, it counts exactly the
// rows that were learned from (up to the size of the sample). Kept as structure, like every condition of a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "icp/table.hpp"

namespace icp {

struct Training;
struct Zone;

struct Population {
  // A column of moments and the last one that is early enough, in microseconds since 2000-01-01: UTC, or `local` wall-clock time.
  struct Bound {
    std::string column;                // "" none
    bool local = false;
    std::int64_t last = 0;
    template <class A>
    void describe(A& a) { a.field("column", column); a.field("local", local); a.field("last", last); }
  };

  // Rows after it are too young. The second bound decides where the first column is unknown.
  struct Limit {
    Bound first, second;
    std::string ageless;               // where this column is known, the limit does not count; "" none
    template <class A>
    void describe(A& a) { a.field("first", first); a.field("second", second); a.field("ageless", ageless); }
  };

  std::string outcome;                 // its column
  Kind kind = Kind::categorical;       // how it is compared: as text, numeric or binary
  std::vector<std::string> values;     // those of the rows, sorted
  std::string weight;                  // rows of weight 0 are not learned from; "" no such column
  std::vector<Limit> limits;
  bool scored = false;                 // the deal quality score must be known

  template <class A>
  void describe(A& a) {
    a.field("outcome", outcome); a.field("kind", kind); a.field("values", values); a.field("weight", weight);
    a.field("limits", limits); a.field("scored", scored);
  }
  // A condition over the columns of the deals view. Where a score must be known the view has the alias d, and `model` is
  // SQL for the model: 'main@3', or $1 for a value that is not saved.
  std::string sql(const std::string& model) const;
};

// Closed deals begun early enough for a rate: those of Training::rated.
Population rated_population(const Training& training, const Zone& zone);
// Won deals with a DQS, old enough for it to count.
Population judged_population(const Training& training, const Zone& zone);

}  // namespace icp
