#include "http/assets.h"

#include <algorithm>

#include "http/negotiation.h"

namespace leveret::http {
namespace {

constexpr std::string_view index_path = "index.html";

std::string join(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path += "/" + segment;
  return path.empty() ? path : path.substr(1);
}

}  // namespace

const Asset* find_asset(std::span<const Asset> assets, const std::vector<std::string>& segments) {
  std::string path = join(segments);
  if (segments.empty() || segments.front() == "ui") path = index_path;
  const auto it = std::ranges::lower_bound(assets, path, {}, &Asset::path);
  return it == assets.end() || it->path != path ? nullptr : &*it;
}

AssetAnswer answer_asset(const Asset& asset, std::string_view accept_encoding,
                         std::string_view if_none_match) {
  const bool as_gzip = !asset.gzip.empty() && prefers_gzip(accept_encoding);
  // Strong tags name bytes: each encoding has its own.
  const std::string etag = "\"" + std::string{asset.etag} + (as_gzip ? "-gzip\"" : "\"");
  AssetAnswer answer;
  answer.headers = {
      {"ETag", etag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", asset.is_hashed ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (matches_etag(if_none_match, etag)) {
    answer.status = 304;
    return answer;
  }
  answer.headers.emplace_back("Content-Type", asset.mime);
  if (as_gzip) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = as_gzip ? asset.gzip : asset.identity;
  return answer;
}

}  // namespace leveret::http
