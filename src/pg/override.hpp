// Labels that people have decided (icp_overrides), as the trigger and icp_scored() look them up for the rows of a
// statement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pg/registry.hpp"

namespace icp::pg {

class OverrideLookup {
 public:
  // The label in force for a row of `table`, scored by the model `model` (its name alone); "" where there is none, where
  // the row has no identity, or where the current user may not read icp_overrides. The table is the one in the schema of
  // `function`, seen under the active snapshot. An empty table costs one look at its size for each snapshot.
  std::string_view find(Oid function, std::string_view model, Relation table, HeapTuple row);

 private:
  bool nothing(Oid function);
  void identify(Relation table);

  SnapshotKey snapshot_;
  Oid user_ = InvalidOid;
  bool looked_ = false, none_ = false, policies_ = false;
  Oid overrides_ = InvalidOid, index_ = InvalidOid;
  Oid table_ = InvalidOid;   // what the identity below is of
  AttrNumber column_ = 0;    // 0: rows have no identity
  Oid output_ = InvalidOid;  // InvalidOid: the column is text
};

// The column that says which lead a row of a table is: lead_id, else the only column of the primary key; 0 none.
AttrNumber lead_column(Relation table);

}  // namespace icp::pg
