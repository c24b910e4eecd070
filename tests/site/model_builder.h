#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/site/model.h"
#include "tests/support/result_builder.h"

/// What pages are made from, in as few words as a test can be read in.
namespace brokenpipe {

inline const nlohmann::json sent{{"returned", 1}};
inline const nlohmann::json epipe{{"returned", -1}, {"errno", "EPIPE"}};
inline const nlohmann::json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
inline const nlohmann::json no_call{{"returned", -1}, {"errno", "ENOSYS"}};
inline const nlohmann::json sigpipe =
    nlohmann::json::parse(R"([{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}])");
inline const nlohmann::json broken_pipe{{"returned", -1}, {"errno", "EPIPE"}, {"signals", sigpipe}};

/// A change that makes one move.
Change change(const std::string& id, const KernelVersion& mainline, const Move& move);

/// A change that brings a scenario, derived unless it says on what it was recorded.
Change introduction(const std::string& id, const KernelVersion& mainline, Observation answer,
                    std::optional<KernelVersion> recorded_on = std::nullopt);

/// A change that takes scenarios away.
Change removal(const std::string& id, const KernelVersion& mainline, const std::string& glob);

/// A model of these kernels, given as release and observations, in the order of their versions.
SiteModel model_of(std::vector<Observation> reference,
                   const std::vector<std::pair<std::string, std::vector<Observation>>>& kernels,
                   Changes changes = {});

}  // namespace brokenpipe
