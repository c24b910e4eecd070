#include "tests/support/hostile_run.h"

#include <fmt/format.h>

#include "results/diff.h"
#include "tests/support/result_builder.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

std::string forged_line() {
  return std::string("\n") + forged + " ok 1\r" + forged + "\r\n";
}

std::string much() {
  return std::string(hostile_length, 'x') + hostile_bytes();
}

Json answer(const std::string& error) {
  return {{"returned", -1},
          {"errno", error},
          {hostile_words(), hostile_words()},
          {"signals", Json::array({{{"signal", hostile_words()}, {"code", hostile_words()}}})}};
}

Step hostile_step(const Json& seen) {
  Step one = step("send" + hostile_words() + "#1", seen);
  one.call = hostile_words();
  one.args = hostile_words();
  return one;
}

/// In the order of what follows its slash.
std::string id(const std::string& which) {
  return "tcp" + hostile_words() + "/" + which + hostile_words();
}

Change hostile_change() {
  Change change;
  change.id = hostile_words();
  change.says = hostile_words();
  change.mainline = {4, 0, 0};
  change.commit = "0123456789abcdef0123456789abcdef01234567";
  change.subject = hostile_words();
  change.source = hostile_words();
  change.moves = {{{id("d-explained")}, hostile_step({}).id, answer("ENOSYS"), answer("EPIPE")}};
  return change;
}

WaiversOn hostile_waivers() {
  return {{{{hostile_words(), {"*"}, {"*"}, hostile_words(), hostile_words(), "2027-06-30"}}},
          "2026-11-22"};
}

}  // namespace

std::string hostile_words() {
  std::string words =
      "=1+cmd|' /C calc'!A0 \x1b]0;title\x07\x1b[2J\x1b[31m\xc2\x9b"
      "2J\x7f\x08";
  words += '\0';
  words += "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c\xe2\x80\xa8\xe2\x80\xa9";
  words += forged_line();
  words += R"(| a | `b` ``` </script></pre><script>alert(1)</script> ]]> --> "," # SKIP \ {{x}} )";
  words += "[x](javascript:y) **b** ~~s~~";
  return words;
}

std::string hostile_bytes() {
  return hostile_words() +
         "\x9b"
         "31m\xff\xfe\xc3";
}

RunResult hostile_reference() {
  Step as_reference = hostile_step(answer("ENOSYS"));
  as_reference.lines = hostile_words();
  as_reference.basis = Basis::derived;
  RunResult reference = result(
      "3.16.0",
      {completed(id("a-differs"), {as_reference}), completed(id("b-killed"), {as_reference}),
       completed(id("c-unsupported"), {as_reference}), completed(id("d-explained"), {as_reference}),
       completed(id("e-broken"), {as_reference}), completed(id("f-flaky"), {as_reference}),
       ended(id("g-new"), ScenarioEnding::unsupported, hostile_words())});
  for (Observation& observation : reference.observations) {
    observation.basis = Basis::derived;
    observation.lines = hostile_words();
  }
  reference.kernel.id = hostile_words();
  reference.from_sources = true;
  return reference;
}

RunResult hostile_result() {
  const Step made = hostile_step(answer("EPIPE"));
  RunResult run = result(
      "6.1.5-" + hostile_words(),
      {completed(id("a-differs"), {made}), killed(id("b-killed"), hostile_words(), {made}),
       ended(id("c-unsupported"), ScenarioEnding::unsupported, much()),
       completed(id("d-explained"), {made}), ended(id("e-broken"), ScenarioEnding::broken, much()),
       completed(id("f-flaky"), {made}), completed(id("g-new"), {made}),
       completed(id("h-unheard-of"), {hostile_step(answer(much().substr(0, 900000)))})});
  run.observations[2].feature = hostile_words();
  run.observations[5].disagreeing = {
      completed(id("f-flaky"), {hostile_step(answer("ECONNRESET"))})};
  for (Observation& observation : run.observations) observation.shortened = {hostile_words()};
  run.kernel.version = hostile_words();
  run.kernel.machine = hostile_words();
  run.kernel.package = much();
  run.kernel.sha256 = hostile_words();
  run.guest.reason = much();
  run.guest.accelerator = hostile_words();
  run.guest.qemu = hostile_words();
  run.guest.libvirt = hostile_words();
  run.guest.boot_image = hostile_words();
  run.guest.cmdline = hostile_bytes();
  run.guest.modules = {hostile_words()};
  run.guest.modules_failed = {{hostile_words(), hostile_words()}};
  run.probe = {hostile_words(), hostile_words(), {"*"}};
  return run;
}

ReportData hostile_run() {
  ReportData data;
  data.run.emplace();
  data.run->id = hostile_bytes();
  data.run->started = "2026-11-22T16:10:05Z";
  data.run->command_line = {"brokenpipe", "run", hostile_bytes()};
  data.run->qemu = data.run->libvirt = data.run->uname = hostile_words();
  data.changes = {{hostile_change()}};
  data.reference = hostile_reference().kernel;
  data.waivers = hostile_waivers();

  RunResult cut_short = hostile_result();
  cut_short.observations.resize(1);
  cut_short.guest.ending = GuestEnding::panic;
  data.kernels = {
      {{"a" + hostile_bytes(), KernelState::done, ""}, hostile_result(), std::nullopt},
      {{"b" + hostile_bytes(), KernelState::failed, much()}, cut_short, std::nullopt},
      {{"c" + hostile_bytes(), KernelState::failed, much()}, std::nullopt, std::nullopt},
      {{"d" + hostile_bytes(), KernelState::not_offered, much()}, std::nullopt, std::nullopt},
      {{"e" + hostile_bytes(), KernelState::planned, ""}, std::nullopt, std::nullopt}};
  for (KernelReport& kernel : data.kernels) {
    data.run->kernels.push_back(kernel.plan);
    if (!kernel.result) continue;
    kernel.result->kernel.id = kernel.plan.id;
    kernel.diff = diff(hostile_reference(), *kernel.result, data.changes);
    apply_waivers(*kernel.diff, data.waivers);
  }
  return data;
}

ReportData hostile_comparison() {
  RunResult other = hostile_result();
  other.observations[0].steps[0].seen = answer("ECONNRESET");
  return compare(hostile_result(), other, {{hostile_change()}}, hostile_waivers());
}

std::string harm_in(const std::string& text) {
  const auto starts = [&](std::size_t at, const char* first, const char* last) {
    const std::size_t length = std::string_view(first).size();
    const std::string_view there = std::string_view(text).substr(at, length);
    return there >= first && there <= last;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    // NOLINTBEGIN(misc-misleading-bidirectional): they are what is looked for
    if (control || starts(at, "\xc2\x80", "\xc2\x9f") || starts(at, "\xd8\x9c", "\xd8\x9c") ||
        starts(at, "\xe2\x80\x8e", "\xe2\x80\x8f") || starts(at, "\xe2\x80\xa8", "\xe2\x80\xae") ||
        starts(at, "\xe2\x81\xa6", "\xe2\x81\xa9"))
      // NOLINTEND(misc-misleading-bidirectional)
      return fmt::format("byte {:#04x} at {}, after: {}", byte, at,
                         text.substr(at < 60 ? 0 : at - 60, at < 60 ? at : 60));
  }
  try {
    static_cast<void>(Json(text).dump());
  } catch (const Json::exception& error) {
    return error.what();
  }
  return {};
}

bool has_forged_line(const std::string& text) {
  return text.starts_with(forged) || text.find(std::string("\n") + forged) != std::string::npos;
}

}  // namespace brokenpipe
