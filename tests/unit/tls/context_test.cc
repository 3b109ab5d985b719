#include "tls/context.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "unit/tls/made_certificate.h"

namespace leveret::tls {
namespace {

using test::MadeCertificate;

/// A folder of PEM files that is gone with the test.
class TlsContext : public testing::Test {
 protected:
  TlsContext() {
    log::set_level(log::Level::off);
    std::string path = (std::filesystem::temp_directory_path() / "leveret-tls-XXXXXX").string();
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    folder_ = path;
    settings_.certfile = put("cert.pem", server_.certificate_pem());
    settings_.keyfile = put("key.pem", server_.key_pem());
  }
  ~TlsContext() override { std::filesystem::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream{path} << text;
    return path;
  }
  /// What is wrong with the settings, without the folder; "nothing" when they are right.
  std::string complaint() const {
    try {
      const Context context{settings_};
      return "nothing";
    } catch (const Error& error) {
      std::string text = error.what();
      for (std::size_t at; (at = text.find(folder_.string() + "/")) != std::string::npos;)
        text.erase(at, folder_.string().size() + 1);
      return text;
    }
  }

  MadeCertificate server_{{{"CN", "localhost"}}};
  std::filesystem::path folder_;
  Settings settings_;
};

TEST_F(TlsContext, TakesACertificateAndItsKey) {
  EXPECT_EQ(complaint(), "nothing");
  EXPECT_EQ(Context{settings_}.summary().substr(0, 19), "CN=localhost, valid");
}

TEST_F(TlsContext, SaysWhichFileIsMissing) {
  settings_.certfile = folder_ / "no.pem";
  EXPECT_EQ(complaint(), "tls.certfile 'no.pem' cannot be read: No such file or directory");
  settings_.certfile = folder_ / "cert.pem";
  settings_.keyfile = folder_ / "no.key";
  EXPECT_EQ(complaint(), "tls.keyfile 'no.key' cannot be read: No such file or directory");
  settings_.keyfile = "";
  EXPECT_EQ(complaint(),
            "tls.certfile 'cert.pem' is of no use without its private key: tls.keyfile is not set");
}

TEST_F(TlsContext, SaysWhichFileHoldsSomethingElse) {
  settings_.certfile = put("cert.pem", server_.key_pem());
  EXPECT_EQ(complaint(), "tls.certfile 'cert.pem' holds no certificate in PEM form");
  settings_.certfile = put("cert.pem", "");
  EXPECT_EQ(complaint(), "tls.certfile 'cert.pem' holds no certificate in PEM form");
  std::string broken = server_.certificate_pem();
  broken.replace(40, 4, "????");
  settings_.certfile = put("cert.pem", broken);
  EXPECT_EQ(complaint().substr(0, 51), "tls.certfile 'cert.pem' holds a broken certificate:");
  settings_.certfile = put("cert.pem", server_.certificate_pem());
  settings_.keyfile = put("key.pem", server_.certificate_pem());
  EXPECT_EQ(complaint(), "tls.keyfile 'key.pem' holds no private key in PEM form");
}

TEST_F(TlsContext, RefusesTheKeyOfAnotherCertificateAndAnEncryptedOne) {
  settings_.keyfile = put("key.pem", MadeCertificate{{{"CN", "other"}}}.key_pem());
  EXPECT_EQ(complaint().substr(0, 58),
            "tls.keyfile 'key.pem' is not the key of the certificate in");
  settings_.keyfile = put("key.pem", server_.key_pem("secret"));
  EXPECT_EQ(complaint(),
            "tls.keyfile 'key.pem' is encrypted: a key without a passphrase is needed");
}

TEST_F(TlsContext, NeedsAuthoritiesToVerifyClients) {
  settings_.verify = Verify::peer;
  EXPECT_EQ(complaint(),
            "tls.verify is \"peer\", which needs tls.cacertfile: whose clients are good?");
  settings_.cacertfile = put("ca.pem", "nothing");
  EXPECT_EQ(complaint(), "tls.cacertfile 'ca.pem' holds no certificate in PEM form");
  settings_.cacertfile = put(
      "ca.pem", server_.certificate_pem() + MadeCertificate{{{"CN", "second"}}}.certificate_pem());
  EXPECT_EQ(complaint(), "nothing");
}

TEST_F(TlsContext, AllowsTheVersionsThatItIsToldTo) {
  const auto versions = [&](Versions allowed) {
    settings_.versions = allowed;
    const NativeContext native = Context{settings_}.current();
    return std::pair{SSL_CTX_get_min_proto_version(native.get()),
                     SSL_CTX_get_max_proto_version(native.get())};
  };
  EXPECT_EQ(versions({true, true}), (std::pair<long, long>{TLS1_2_VERSION, TLS1_3_VERSION}));
  EXPECT_EQ(versions({true, false}), (std::pair<long, long>{TLS1_2_VERSION, TLS1_2_VERSION}));
  EXPECT_EQ(versions({false, true}), (std::pair<long, long>{TLS1_3_VERSION, TLS1_3_VERSION}));
}

TEST_F(TlsContext, AReloadTakesTheNewFilesOrKeepsTheOldCertificate) {
  Context context{settings_};
  const NativeContext before = context.current();
  put("cert.pem", "broken");
  EXPECT_THROW(context.reload(settings_), Error);
  EXPECT_EQ(context.current(), before);

  const MadeCertificate fresh{{{"CN", "fresh"}}};
  put("cert.pem", fresh.certificate_pem());
  put("key.pem", fresh.key_pem());
  context.reload(settings_);
  EXPECT_NE(context.current(), before);
  EXPECT_EQ(context.summary().substr(0, 8), "CN=fresh");
}

}  // namespace
}  // namespace leveret::tls
