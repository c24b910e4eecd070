#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "orchestrator/summary/prediction_text.h"
#include "tests/support/cli.h"
#include "tests/support/result_builder.h"
#include "tests/support/schema.h"

/// `brokenpipe predict`: what kernels answer that nobody has booted.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using testing::Cli;
using ::testing::HasSubstr;
using ::testing::Not;

const Json sent{{"returned", 1}};
const Json epipe{{"returned", -1}, {"errno", "EPIPE"}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};

Observation with_basis(Observation observation, Basis basis) {
  observation.basis = basis;
  for (Step& step : observation.steps) step.basis = basis;
  return observation;
}

Change change(const std::string& id, const KernelVersion& mainline) {
  Change change;
  change.id = id;
  change.mainline = mainline;
  change.commit = "0123456789abcdef";
  change.subject = "net: " + id;
  return change;
}

/// A ledger with one of everything, and what its reference was seen to answer.
PredictionReport report_for(const KernelVersion& version) {
  PredictionReport report;
  report.version = version;
  report.reference =
      result("3.16.0", {with_basis(killed("aio/x", "SIGSEGV", {}), Basis::recorded),
                        with_basis(completed("dccp/x", {step("send#1", epipe)}), Basis::recorded),
                        with_basis(completed("tcp/still", {step("send#1", sent)}), Basis::derived),
                        with_basis(completed("tcp/x", {step("send#1", sent),
                                                       step("poll#1", {{"revents", {"POLLIN"}}})}),
                                   Basis::recorded),
                        ended("vsock/x", ScenarioEnding::unsupported, "no vsock")});
  Change aio = change("aio-works", {3, 19, 0});
  aio.moves = {{{"aio/x"},
                "ending",
                {{"ending", "killed"}, {"signal", "SIGSEGV"}},
                {{"ending", "completed"}}},
               {{"aio/x"}, "send#1", {}, sent, "send", "1"}};
  Change fix = change("fix", {4, 10, 0});
  fix.stable = {{4, 4, 50}};
  fix.moves = {{{"tcp/x"}, "send#1", sent, epipe}};
  Change vsock = change("vsock", {5, 6, 0});
  vsock.introduces = {
      {with_basis(completed("vsock/x", {step("send#1", sent), step("send#2", epipe)}),
                  Basis::recorded),
       KernelVersion{5, 15, 135}}};
  Change louder = change("vsock-louder", {6, 7, 0});
  louder.moves = {{{"vsock/x"}, "send#2", epipe, reset}};
  Change retired = change("dccp-retired", {6, 16, 0});
  retired.removes = {"dccp/*"};
  report.changes = {{aio, fix, vsock, louder, retired}};
  report.prediction = predict(report.reference, report.changes, report.version);
  return report;
}

TEST(PredictionText, TellsEveryStepWhatMovedItAndOnWhatTheRestStands) {
  EXPECT_EQ(prediction_text(report_for({4, 14, 0})),
            "Linux 4.14, as linux-3.16.0 and the changes between the two predict it.\n"
            "\n"
            "aio/x\n"
            "  ending = completed  [aio-works; was killed by SIGSEGV]\n"
            "  send(1) = 1  [aio-works; was not made]\n"
            "    aio-works: since 3.19: 0123456789ab net: aio-works\n"
            "\n"
            "dccp/x\n"
            "  send(1) = -1 EPIPE  [recorded]\n"
            "\n"
            "tcp/still\n"
            "  send(1) = 1  [derived]\n"
            "\n"
            "tcp/x\n"
            "  send(1) = -1 EPIPE  [fix; was 1]\n"
            "  poll = POLLIN  [recorded]\n"
            "    fix: since 4.10, 4.4.50: 0123456789ab net: fix\n"
            "\n"
            "vsock/x\n"
            "  lacks it, as linux-3.16.0 does; vsock brings it: 5.6: 0123456789ab net: vsock\n"
            "\n"
            "5 scenarios, 1 of them lacking. 5 steps: 3 derived, 2 recorded.\n");
}

TEST(PredictionText, OfWhatMovedAloneLeavesOutWhatIsAsTheReference) {
  PredictionReport report = report_for({6, 18, 0});
  report.prediction = only_moved(std::move(report.prediction));
  EXPECT_EQ(prediction_text(report),
            "Linux 6.18, as linux-3.16.0 and the changes between the two predict it.\n"
            "\n"
            "aio/x\n"
            "  ending = completed  [aio-works; was killed by SIGSEGV]\n"
            "  send(1) = 1  [aio-works; was not made]\n"
            "    aio-works: since 3.19: 0123456789ab net: aio-works\n"
            "\n"
            "dccp/x\n"
            "  lacks it by dccp-retired: since 6.16: 0123456789ab net: dccp-retired\n"
            "\n"
            "tcp/x\n"
            "  send(1) = -1 EPIPE  [fix; was 1]\n"
            "    fix: since 4.10, 4.4.50: 0123456789ab net: fix\n"
            "\n"
            "vsock/x\n"
            "  send(1) = 1  [recorded on 5.15.135]\n"
            "  send(1) = -1 ECONNRESET  [vsock-louder]\n"
            "    new by vsock: since 5.6: 0123456789ab net: vsock\n"
            "    vsock-louder: since 6.7: 0123456789ab net: vsock-louder\n"
            "\n"
            "4 scenarios, 1 of them lacking. 4 steps: 3 derived, 1 recorded on 5.15.135.\n");
}

TEST(PredictionText, BackPortIsInEffectFromItsPointReleaseOn) {
  EXPECT_THAT(prediction_text(report_for({4, 4, 49})), Not(HasSubstr("[fix;")));
  EXPECT_THAT(prediction_text(report_for({4, 4, 50})), HasSubstr("[fix; was 1]"));
}

TEST(PredictCommand, WritesWhatItsSchemaSays) {
  const Cli brokenpipe;
  const testing::Schema schema("prediction.json");
  for (const char* version : {"3.16", "4.14", "6.6.60", "7.3-rc1"}) {
    const CommandResult predicted = brokenpipe({"predict", version, "--json"});
    ASSERT_EQ(predicted.exit_status, 0) << predicted.err;
    const Json document = Json::parse(predicted.out);
    EXPECT_EQ(schema.complaint_about(document), "") << version;
    EXPECT_GT(document["scenarios"].size(), 700U);
  }
}

TEST(PredictCommand, CountsEveryStepOnceByItsBasis) {
  const Cli brokenpipe;
  const Json document = Json::parse(brokenpipe({"predict", "6.6.60", "--json"}).out);
  std::size_t made = 0;
  for (const Json& scenario : document["scenarios"])
    for (const Json& place : scenario["places"])
      made += place["place"] != "ending" && !place["predicted"].is_null() ? 1 : 0;
  std::size_t counted = 0;
  for (const auto& [basis, count] : document["totals"]["by_basis"].items())
    counted += count.get<std::size_t>();
  EXPECT_EQ(document["totals"]["steps"], made);
  EXPECT_EQ(counted, made);
}

TEST(PredictCommand, NamesEveryChangeThatItRestsOn) {
  const Cli brokenpipe;
  const Json document = Json::parse(brokenpipe({"predict", "5.10.1", "--json"}).out);
  std::set<std::string> told;
  for (const Json& change : document["changes"]) told.insert(change["id"]);
  std::set<std::string> named;
  for (const Json& scenario : document["scenarios"]) {
    for (const char* key : {"change", "comes_with"})
      if (scenario[key].is_string()) named.insert(scenario[key]);
    for (const Json& place : scenario["places"])
      named.insert(place["changes"].begin(), place["changes"].end());
  }
  EXPECT_EQ(told, named);
}

TEST(PredictCommand, TellsTheScenariosThatAreAskedForAndOnlyWhatMoved) {
  const Cli brokenpipe;
  const CommandResult all = brokenpipe({"predict", "4.14", "entry/*/pwritev2", "pipe/*"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("entry/close-wait-rst/pwritev2\n"), HasSubstr("\npipe/"),
                             Not(HasSubstr("\ntcp/"))));
  const CommandResult moved = brokenpipe({"predict", "4.14", "entry/*/pwritev2", "--moved"});
  EXPECT_THAT(moved.out,
              AllOf(HasSubstr("[pwritev2; was -1 ENOSYS]"), Not(HasSubstr("[recorded"))));
}

TEST(PredictCommand, RefusesWhatIsNoVersion) {
  const Cli brokenpipe;
  for (const char* no_version :
       {"4", "four", "4.x", "6.1.0-47-cloud-amd64", "4.14.", "debian-6.1"}) {
    const CommandResult refused = brokenpipe({"predict", no_version});
    EXPECT_EQ(refused.exit_status, 2) << no_version;
    EXPECT_THAT(refused.err, HasSubstr("no version of the kernel")) << no_version;
  }
  EXPECT_EQ(brokenpipe({"predict", "4.14", "no/such-scenario"}).exit_status, 2);
  EXPECT_EQ(brokenpipe({"predict"}).exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
