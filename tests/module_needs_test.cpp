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

}  // namespace
}  // namespace brokenpipe
