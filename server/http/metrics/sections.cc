#include "http/metrics/sections.h"

#include <utility>

namespace leveret::http::metrics {

void Sections::add(std::string_view prefix, const Family& family, std::size_t count, Write write) {
  if (count > 0) sections_.push_back({std::string{prefix}, family, count, std::move(write)});
}

std::string Sections::next(Exposition& out, std::size_t bytes) {
  while (section_ < sections_.size() && out.size() < bytes) {
    const Section& section = sections_[section_];
    if (index_ == 0) out.begin(section.family, section.prefix);
    section.write(out, index_);
    if (++index_ < section.count) continue;
    ++section_;
    index_ = 0;
  }
  if (section_ == sections_.size() && !std::exchange(is_ended_, true)) out.end();
  return out.take();
}

}  // namespace leveret::http::metrics
