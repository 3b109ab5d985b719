#include "cli/bench/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/bench/timer.h"
#include "cli/exit_code.h"

namespace leveret::cli::bench {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t mib = std::size_t{1} << 20;
constexpr int syncs = 200;
constexpr std::size_t rate_bytes = 64 * mib;

/// A file without a name: gone when it is closed.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& directory) : directory_(directory) {
    std::string path = directory + "/leveret-bench-XXXXXX";
    file_ = mkstemp(path.data());
    if (file_ < 0) fail("cannot make a file");
    unlink(path.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { close(file_); }

  void write_at(std::size_t offset, const std::string& bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t written = pwrite(file_, bytes.data() + done, bytes.size() - done,
                                     static_cast<off_t>(offset + done));
      if (written < 0) fail("cannot write");
      done += static_cast<std::size_t>(written);
    }
  }
  void sync() const {
    if (fdatasync(file_) != 0) fail("cannot sync");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Failure{Exit::io_error, what + " in " + directory_ + ": " + std::strerror(errno),
                  "--sync-dir is a directory on the disk to measure"};
  }

  const std::string directory_;
  int file_;
};

void time_syncs(const ScratchFile& file, std::size_t offset, Histogram& times_ns) {
  const std::string page(page_bytes, 'x');
  for (std::size_t i = 0; i < syncs; ++i) {
    const std::uint64_t start = now_ns();
    file.write_at(offset + i * page_bytes, page);
    file.sync();
    times_ns.record(now_ns() - start);
  }
}

double append_rate(const std::string& directory, std::size_t batch_bytes) {
  const ScratchFile file(directory);
  const std::string batch(batch_bytes, 'x');
  const std::uint64_t start = now_ns();
  for (std::size_t offset = 0; offset < rate_bytes; offset += batch_bytes) {
    file.write_at(offset, batch);
    file.sync();
  }
  return static_cast<double>(rate_bytes) * 1e9 / static_cast<double>(now_ns() - start);
}

}  // namespace

void measure_disk(const std::string& directory, DiskFigures& figures) {
  const ScratchFile file(directory);
  file.write_at(0, std::string(syncs * page_bytes, 'x'));
  file.sync();
  time_syncs(file, 0, figures.overwrite_ns);
  time_syncs(file, syncs * page_bytes, figures.append_ns);
  figures.sync_1_mib_rate = std::max(figures.sync_1_mib_rate, append_rate(directory, mib));
  figures.sync_16_mib_rate = std::max(figures.sync_16_mib_rate, append_rate(directory, 16 * mib));
}

}  // namespace leveret::cli::bench
