#include "http/openapi.h"

#include <string_view>

#include "http/openapi_parts.h"

namespace leveret::http {
namespace {

Json put_together() {
  Json document = Json::parse(openapi_base);
  for (const std::string_view text : openapi_parts) {
    const Json part = Json::parse(text);
    document["paths"].update(part.at("paths"));
    document["components"]["schemas"].update(part.at("schemas"));
  }
  return document;
}

}  // namespace

const Json& openapi_document() {
  static const Json document = put_together();
  return document;
}

}  // namespace leveret::http
