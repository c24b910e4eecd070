#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "probes/frame/trace.h"

/// Calls that sleep in the kernel while something happens.
namespace probe {

/// A call under test that another thread makes and that blocks, so that something can happen
/// meanwhile:
///
///     BlockedCall sending(trace, "send", "1", [&] { return ::send(a, &byte, 1, 0); });
///     sending.await_blocked();
///     peer.close();
///     sending.join();
///
/// Its step stands in the trace where the call was begun. A signal that the call raises goes to
/// its thread, and so into its step.
class BlockedCall {
 public:
  using Call = std::function<long()>;
  using Word = std::function<std::string(long)>;
  using Look = std::function<Json()>;

  /// Starts the thread. `word` as in Trace::call(). What `call` refers to has to outlive it: a
  /// scenario that leaves a call blocked ends its process right after.
  BlockedCall(Trace& trace, std::string_view name, std::string_view args, Call call,
              Word word = {});
  /// The same where the result is more than a return value: `look` makes the call, and says what is
  /// seen.
  static BlockedCall looking(Trace& trace, std::string_view name, std::string_view args, Look look);
  BlockedCall(const BlockedCall&) = delete;
  BlockedCall& operator=(const BlockedCall&) = delete;
  ~BlockedCall() = default;

  /// Returns when the thread is asleep in the call and nothing on its way will wake it. Broken if
  /// the call comes back instead, or never sleeps.
  void await_blocked() const;

  /// Ends the step: with what the call returned, or, where it sleeps still when this time of the
  /// clock has passed since the event, with `"blocked":true`. Whether it returned. Broken if making
  /// the call threw.
  bool join(std::chrono::seconds patience = std::chrono::seconds(5));

 private:
  struct Shared;

  explicit BlockedCall(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace probe
