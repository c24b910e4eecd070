#pragma once

#include <filesystem>

#include "orchestrator/site/site.h"

/// Sites to be published by tests: one with a bit of everything, and one that is large.
namespace brokenpipe {

/// What no page may pass on as markup.
inline constexpr const char* hostile_text = R"(<script>alert("x")</script>'&{{root}}</pre>)";

/// Two nights of the sample run (tests/support/sample_run.h) in `folder`: in the second an answer
/// has changed, and a kernel is new whose every word is hostile, its console included.
SiteInput sample_site(const std::filesystem::path& folder);

/// A result as it is archived: of an old kernel, built by somebody.
RunResult sample_archived();

/// One night of 300 made-up kernels that answered 700 scenarios each.
SiteInput large_site(const std::filesystem::path& folder);

}  // namespace brokenpipe
