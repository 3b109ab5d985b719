#pragma once

#include <string>

namespace leveret::cli::bench {

/// This machine in words: "2 cores of AMD EPYC 7B13, 24 GB, Debian GNU/Linux 12, Linux 6.1.0". With
/// a directory, its file system too: ", ext4".
std::string machine_in_words(const std::string& directory = {});

}  // namespace leveret::cli::bench
