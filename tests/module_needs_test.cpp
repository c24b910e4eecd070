#include "images/module_needs.h"

#include <gmock/gmock.h>

namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

TEST(ModuleNeeds, AreMetByTheModuleOfTheProtocol) {
  EXPECT_THAT(modules_for({"sctp"}), ElementsAre("sctp"));
  EXPECT_THAT(modules_for({"vsock", "sock_destroy"}), ElementsAre("tcp_diag", "vsock_loopback"));
}

TEST(ModuleNeeds, BringTheCipherThatTlsAsksForByName) {
  EXPECT_THAT(modules_for({"ktls"}), IsSupersetOf({"gcm", "tls"}));
}

TEST(ModuleNeeds, AskForAModuleOnceHoweverManyScenariosNeedIt) {
  EXPECT_THAT(modules_for({"sctp", "aio", "sctp"}), ElementsAre("sctp"));
}

TEST(ModuleNeeds, ThatNoModuleMeetsAskForNone) {
  EXPECT_THAT(modules_for({"io_uring", "net_admin"}), IsEmpty());
}

TEST(ModuleNeeds, AreWholeForPlainKernelsAndCheapForCloudKernels) {
  const std::vector<std::string> wanted = modules_for({"nfs4", "smc"});
  EXPECT_THAT(worth_loading(wanted, "6.12.117+deb13-amd64"), ElementsAre("nfsv4", "smc"));
  EXPECT_THAT(worth_loading(wanted, "6.12.117+deb13-cloud-amd64"), ElementsAre("smc"));
}

TEST(ModuleNeeds, OfAmateurRadioBringWhatCarriesItsFrames) {
  EXPECT_THAT(modules_for({"ax25"}), IsSupersetOf({"bpqether", "tun"}));
}

}  // namespace
}  // namespace brokenpipe
