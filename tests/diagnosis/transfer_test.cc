#include "diagnosis/transfer.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(TransferTest, WhatWasSentDecidesBetweenTransientAndAmbiguous) {
  struct Case {
    TransferEnd end;
    bool sent;
    const char* code;
    Cause cause;
  };
  const Case cases[] = {
      {TransferEnd::kCannotConnect, false, "cannot_connect", Cause::kTransient},
      {TransferEnd::kConnectTimeout, false, "connect_timeout",
       Cause::kTransient},
      {TransferEnd::kTlsUntrusted, false, "certificate_untrusted",
       Cause::kCredential},
      {TransferEnd::kLost, false, "connection_lost_unsent", Cause::kTransient},
      {TransferEnd::kLost, true, "connection_lost", Cause::kAmbiguous},
      {TransferEnd::kStalled, true, "stalled", Cause::kAmbiguous},
      {TransferEnd::kAttemptTimeout, true, "attempt_timeout",
       Cause::kAmbiguous},
      {TransferEnd::kTooLarge, true, "response_too_large", Cause::kBadResponse},
      {TransferEnd::kHeadTooLarge, true, "response_too_complex",
       Cause::kBadResponse},
      {TransferEnd::kLocalResource, false, "local_resource",
       Cause::kLocalResource},
      {TransferEnd::kComplete, true, "empty_answer", Cause::kBadResponse},
  };
  for (const Case& c : cases) {
    TransferResult transfer;
    transfer.end = c.end;
    transfer.request_sent = c.sent;
    const Diagnosis diagnosis = DiagnoseTransfer(transfer, "m");
    EXPECT_EQ(diagnosis.code, c.code);
    EXPECT_EQ(diagnosis.cause, c.cause) << c.code;
    EXPECT_EQ(diagnosis.model, "m");
    EXPECT_FALSE(diagnosis.message.empty()) << c.code;
    EXPECT_FALSE(diagnosis.evidence.empty()) << c.code;
  }
}

TEST(TransferTest, TheTransportsWordsAreRedacted) {
  TransferResult transfer;
  transfer.end = TransferEnd::kLost;
  transfer.error = "lost http://h/?key=AIzaSyA1234567890abcdefghijklmnopqrstuv";
  EXPECT_EQ(DiagnoseTransfer(transfer, "").message.find("AIza"),
            std::string::npos);
}

}  // namespace
}  // namespace gemini::internal
