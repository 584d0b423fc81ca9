// Models at the boundary: the stored form of icp_model, the registry's look-up, and the cache of parsed models.
//
// A stored icp_model is 16 bytes of digest and then to_binary(Model). The digest is hash128() of those bytes, computed
// by us whenever a value is made (also by the receive and input functions), and serves only to tell two values at one
// call site apart; it is no part of the binary form that send writes. The backend-wide cache has a digest of its own,
// keyed by a secret of the backend.
//
// A function that takes a model keeps a ModelPin at its call site:
//     struct Site { ModelPin model; ... };
//     auto& site = call_site<Site>(fcinfo);
//     const Scorer& scorer = site.model.value(fcinfo, 1);   // an argument of type icp_model
//     const Scorer& scorer = site.model.named(fcinfo, 1);   // text: 'main', 'main@3'; NULL or '': the default
// and makes anew what it derived from the model whenever generation() has changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "icp/score.hpp"

#include "pg/guard.hpp"
#include "pg/varlena.hpp"

ICP_TYPE_NAME(icp::Model, "icp_model")

namespace icp::pg {

// A stored value of a model, and back. bytes: the binary form without the digest, in the datum or the current memory
// context; corrupted where the digest is not theirs.
Datum make_model(const Model& model);
Datum make_model_of_bytes(std::string_view bytes);  // validates nothing
std::string_view model_bytes(Datum model);
Model model_of(Datum model);

// The parsed form, shared by all call sites of the backend, from the cache where it is there.
using SharedScorer = std::shared_ptr<const Scorer>;
SharedScorer shared_scorer(Datum model);

// The model that a name means: "main" its active version, "main@3" that version, "" the registered default. The
// registry is the one in the schema of `function`; it is read under the active snapshot with the privileges of the
// current user. Where there is none: undefined_object. The datum (usually a pointer to the stored value, not the value)
// lives in the current memory context.
struct RegisteredModel {
  Datum model = 0;
  bool row_security = false;  // policies chose it: they may depend on settings, so it is not kept from call to call
};
// `plainly`: only by an index scan, which raises no error of PostgreSQL; the datum is 0 where that finds nothing, or does
// not suit the privileges of the user.
RegisteredModel registered_model(Oid function, std::string_view server_name, bool plainly = false);

// What an MVCC snapshot sees, so that two can be compared after one of them is gone.
class SnapshotKey {
 public:
  void take(const SnapshotData& snapshot);
  bool matches(const SnapshotData& snapshot) const noexcept;

 private:
  TransactionId xmin_ = 0, xmax_ = 0;
  CommandId command_ = 0;
  bool recovery_ = false;
  std::uint32_t count_ = 0;
  std::vector<TransactionId> running_;  // the transactions, then the subtransactions
};

class ModelPin {
 public:
  ModelPin() = default;
  ModelPin(const ModelPin&) = delete;
  ModelPin& operator=(const ModelPin&) = delete;

  // A value of icp_model. NULL is an error, as for every absent model.
  const Scorer& value(Datum model);
  const Scorer& value(FunctionCallInfo fcinfo, int argument);
  // A name, see registered_model().
  const Scorer& named(Oid function, std::string_view server_name);
  const Scorer& named(FunctionCallInfo fcinfo, int argument);

  // named() where it cannot raise an error of PostgreSQL: false where the model is not found by an index scan alone.
  bool named_plainly(Oid function, std::string_view server_name);
  // What the functions above returned last.
  const SharedScorer& shared() const noexcept { return scorer_; }

  // Grows whenever the functions above return another model than before.
  std::uint64_t generation() const noexcept { return generation_; }

 private:
  void pin(SharedScorer scorer);
  bool find(Oid function, std::string_view server_name, bool plainly);

  SharedScorer scorer_;
  std::uint64_t generation_ = 0;

  enum class By : std::uint8_t { nothing, name, toast, digest } by_ = By::nothing;
  // name
  SnapshotKey snapshot_;
  Oid user_ = InvalidOid, function_ = InvalidOid;
  SubTransactionId subtransaction_ = 0;
  std::string name_;
  // toast, digest
  varatt_external toast_{};
  Hash128 digest_;
  std::size_t size_ = 0;
};

}  // namespace icp::pg
