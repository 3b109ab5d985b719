#pragma once

#include <cstdint>
#include <string>

#include "cli/bench/histogram.h"

namespace leveret::cli::bench {

/// What a disk's syncs take: the measure for a broker that may not confirm before its disk has the
/// message.
struct DiskFigures {
  /// fdatasync after 4 KiB over what was there already.
  Histogram overwrite_ns;
  /// fdatasync after 4 KiB at the end of a file.
  Histogram append_ns;
  /// Bytes a second, appended and synced 1 MiB at a time.
  double sync_1_mib_rate = 0;
  /// The same 16 MiB at a time.
  double sync_16_mib_rate = 0;
};

/// Measures in a file of its own in `directory`, which it removes; a second or so. Adds to what
/// `figures` has, rates by the better. Throws Failure when the directory cannot be written.
void measure_disk(const std::string& directory, DiskFigures& figures);

}  // namespace leveret::cli::bench
