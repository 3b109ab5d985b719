// A configuration file; behind a NUL the value that every environment variable has. It is used or
// refused with a ConfigError that says what is wrong, and what is used is shown and read again as
// it is.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "config.h"
#include "harness.h"
#include "settings.h"

using namespace leveret;

namespace {

/// A file in memory.
class File {
 public:
  explicit File(std::string_view text) {
    require(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  ~File() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_ = ::memfd_create("leveret.toml", MFD_CLOEXEC);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = view_of(data, size);
  const std::size_t end = input.find('\0');
  const std::string value{end == std::string_view::npos ? "" : input.substr(end + 1)};
  const File file{input.substr(0, end)};
  server::ConfigSources sources;
  sources.file = file.path();
  if (end != std::string_view::npos)
    sources.environment = [&](const char*) { return value.c_str(); };
  try {
    const server::LoadedConfig loaded = server::load_config(sources);
    server::Config copy;
    for (const server::Setting& setting : server::all_settings()) {
      server::copy_setting(setting, loaded.config, copy);
      require(server::show(setting.get(copy)) == server::show(setting.get(loaded.config)));
    }
  } catch (const server::ConfigError& error) {
    require(error.what()[0] != '\0');
  }
  return 0;
}
