#include "tls/certificate.h"

#include <gtest/gtest.h>

#include "unit/tls/made_certificate.h"

namespace leveret::tls {
namespace {

using test::MadeCertificate;

// The expected names are what RabbitMQ 3.10 made of the same certificates.

TEST(Certificate, WritesItsNameFromTheLastElementToTheFirst) {
  EXPECT_EQ(subject_of(*MadeCertificate{{{"O", "Example"}, {"CN", "worker"}}}),
            "CN=worker,O=Example");
}

TEST(Certificate, EscapesWhatRfc4514AsksForAndWhatIsNotPrintable) {
  const MadeCertificate certificate{{{"C", "DE"},
                                     {"ST", "Bayern"},
                                     {"L", "Ort"},
                                     {"O", "Ex, GmbH"},
                                     {"OU", " lead "},
                                     {"CN", "Gr\xC3\xBCn \"q\" ~x#"},
                                     {"emailAddress", "a@b.de"}}};
  EXPECT_EQ(subject_of(*certificate),
            R"(EMAILADDRESS=a@b.de,CN=Gr\C3\BCn \"q\" \7Ex#,OU=\ lead\ ,O=Ex\, GmbH,L=Ort,)"
            "ST=Bayern,C=DE");
  EXPECT_EQ(subject_of(*MadeCertificate{{{"CN", "#1 <a>;\\"}}}), R"(CN=\#1 \<a\>\;\\)");
  EXPECT_EQ(subject_of(*MadeCertificate{{{"CN", std::string("a\0b", 3)}}}), R"(CN=a\00b)");
}

TEST(Certificate, NumbersTheTypesThatRabbitMqDoesNotName) {
  const MadeCertificate certificate{{{"DC", "org"},
                                     {"DC", "ex"},
                                     {"UID", "u1"},
                                     {"SN", "sur"},
                                     {"GN", "giv"},
                                     {"title", "t"},
                                     {"serialNumber", "7"},
                                     {"street", "str"},
                                     {"postalCode", "1234"},
                                     {"+CN", "multi"}}};
  EXPECT_EQ(subject_of(*certificate),
            "2.5.4.17=1234+CN=multi,2.5.4.9=str,SERIALNUMBER=7,TITLE=t,GIVENNAME=giv,SN=sur,"
            "UID=u1,DC=ex,DC=org");
}

TEST(Certificate, SaysFromWhenToWhenItIsValid) {
  const MadeCertificate certificate{{{"CN", "x"}}};
  ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "260131120000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "20510131120001Z");
  EXPECT_EQ(validity_of(*certificate), "2026-01-31T12:00:00Z - 2051-01-31T12:00:01Z");
}

TEST(Certificate, LogsInByDistinguishedNameUnlessToldOtherwise) {
  const MadeCertificate certificate{{{"O", "Example"}, {"CN", "worker"}}, "DNS:w1.example.org"};
  EXPECT_EQ(login_name(*certificate, {}), "CN=worker,O=Example");
  EXPECT_EQ(login_name(*certificate, {.from = LoginFrom::common_name}), "worker");
  EXPECT_EQ(login_name(*certificate, {.from = LoginFrom::subject_alternative_name}),
            "w1.example.org");
}

TEST(Certificate, JoinsSeveralCommonNames) {
  const MadeCertificate certificate{{{"CN", "a"}, {"O", "x"}, {"CN", "b"}}};
  EXPECT_EQ(login_name(*certificate, {.from = LoginFrom::common_name}), "a,b");
}

TEST(Certificate, FindsAnAlternativeNameByTypeAndNumber) {
  const MadeCertificate certificate{{{"CN", "x"}},
                                    "DNS:d0,email:e0@x,DNS:d1,URI:spiffe://x/y,IP:127.0.0.1,IP:::1,"
                                    "otherName:1.2.3.4;UTF8:other"};
  const auto name = [&](SanType type, unsigned index) {
    return login_name(*certificate, {LoginFrom::subject_alternative_name, type, index});
  };
  EXPECT_EQ(name(SanType::dns, 0), "d0");
  EXPECT_EQ(name(SanType::dns, 1), "d1");
  EXPECT_EQ(name(SanType::dns, 2), std::nullopt);
  EXPECT_EQ(name(SanType::email, 0), "e0@x");
  EXPECT_EQ(name(SanType::uri, 0), "spiffe://x/y");
  EXPECT_EQ(name(SanType::ip, 0), "127.0.0.1");
  EXPECT_EQ(name(SanType::ip, 1), "::1");
  EXPECT_EQ(name(SanType::other_name, 0), "other");
}

TEST(Certificate, HasNoLoginNameWhenItIsMissingOrHidesSomething) {
  EXPECT_EQ(login_name(*MadeCertificate{{{"O", "x"}}}, {.from = LoginFrom::common_name}),
            std::nullopt);
  EXPECT_EQ(login_name(*MadeCertificate{{}}, {}), std::nullopt);
  EXPECT_EQ(
      login_name(*MadeCertificate{{{"CN", "x"}}}, {.from = LoginFrom::subject_alternative_name}),
      std::nullopt);
  const MadeCertificate with_nul{{{"CN", std::string("admin\0.evil", 11)}}};
  EXPECT_EQ(login_name(*with_nul, {.from = LoginFrom::common_name}), std::nullopt);
}

}  // namespace
}  // namespace leveret::tls
