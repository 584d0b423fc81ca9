// Labels that people have decided (icp_overrides), as the trigger and icp_scored() look them up for the rows of a
// statement.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "pg/registry.hpp"

namespace icp::pg {

class OverrideLookup {
 public:
  // The label in force for a row of `table`, scored by the model `model` (its name alone); "" where there is none, where
  // the row has no identity, or where the current user may not read icp_overrides. The table is the one in the schema of
  // `function`, seen under the active snapshot. An empty table costs one
  // search of its index for each snapshot, and one look at its size where more rows follow.
  std::string_view find(Oid function, std::string_view model, Relation table, HeapTuple row);

 private:
  bool nothing(Oid function);
  void identify(Relation table);
  void load(std::string_view model);

  SnapshotKey snapshot_;
  Oid user_ = InvalidOid;
  bool looked_ = false, none_ = false, policies_ = false;
  // Many rows under one snapshot: after so many look-ups all decisions of the model are read at once.
  std::size_t lookups_ = 0, worth_loading_ = std::numeric_limits<std::size_t>::max();
  bool loaded_ = false;
  std::string loaded_model_;
  std::unordered_map<std::string, std::string_view> decided_;
  Oid overrides_ = InvalidOid, index_ = InvalidOid;
  Oid table_ = InvalidOid;   // what the identity below is of
  AttrNumber column_ = 0;    // 0: rows have no identity
  Oid output_ = InvalidOid;  // InvalidOid: the column is text
};

// The column that says which lead a row of a table is: lead_id, else the only column of the primary key; 0 none.
AttrNumber lead_column(Relation table);

}  // namespace icp::pg
