#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leveret::http {

/// A file of the dashboard, embedded in the binary by embed.cmake. No request ever reaches the file
/// system.
struct Asset {
  std::string_view path;  // "index.html", "assets/index-Bx1.js"
  std::string_view mime;
  /// The name holds a hash of the contents: it may be cached for ever.
  bool is_hashed = false;
  std::string_view identity;
  std::string_view gzip;  // empty when it would save nothing
  std::string_view etag;  // of the contents, without quotes
};

/// All of them, sorted by path. Written by embed.cmake.
std::span<const Asset> embedded_assets();

/// The file that a path means: the path itself, and index.html for `/` and for the dashboard's
/// pages under /ui. Null when there is none.
const Asset* find_asset(std::span<const Asset> assets, const std::vector<std::string>& segments);

struct AssetAnswer {
  int status = 200;
  std::string_view body;
  std::vector<std::pair<std::string, std::string>> headers;
};
/// Chooses the encoding and answers 304 for what the client has. The headers' values are those of
/// the request, empty when it has none.
AssetAnswer answer_asset(const Asset& asset, std::string_view accept_encoding,
                         std::string_view if_none_match);

}  // namespace leveret::http
