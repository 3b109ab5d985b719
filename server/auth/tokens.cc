#include "auth/tokens.h"

#include <utility>

#include "auth/password.h"
#include "base/random.h"

namespace leveret::auth {
namespace {

constexpr std::string_view prefix = "lvt_";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t secret_bytes = 32;

std::string digest_of(std::string_view id, std::string_view secret) {
  return to_hex(keyed_digest(id, secret));
}

struct Parts {
  std::string_view id;
  std::string_view secret;
};

std::optional<Parts> split(std::string_view text) {
  if (!looks_like_token(text)) return std::nullopt;
  return Parts{text.substr(prefix.size(), 2 * id_bytes),
               text.substr(prefix.size() + 2 * id_bytes + 1)};
}

}  // namespace

bool looks_like_token(std::string_view text) {
  return text.size() == prefix.size() + 2 * id_bytes + 1 + 2 * secret_bytes &&
         text.starts_with(prefix) && text[prefix.size() + 2 * id_bytes] == '_';
}

Token make_token(std::string user, std::string description, Token::Time now,
                 std::optional<Token::Time> expires_at, std::string& text) {
  Token token;
  token.id = to_hex(random_bytes(id_bytes));
  const std::string secret = to_hex(random_bytes(secret_bytes));
  token.user = std::move(user);
  token.description = std::move(description);
  token.digest = digest_of(token.id, secret);
  token.created_at = now;
  token.expires_at = expires_at;
  text = std::string{prefix} + token.id + '_' + secret;
  return token;
}

Tokens::Tokens(std::vector<Token> stored) {
  for (Token& token : stored) add(std::move(token));
}

const Token* Tokens::find_proved(std::string_view text, Token::Time now) const {
  const auto parts = split(text);
  if (!parts) return nullptr;
  const Token* token = find(parts->id);
  if (!token || (token->expires_at && *token->expires_at <= now)) return nullptr;
  const std::string digest = digest_of(parts->id, parts->secret);
  return is_equal_constant_time(digest, token->digest) ? token : nullptr;
}

const Token* Tokens::find(std::string_view id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second;
}

std::vector<Token> Tokens::all() const {
  std::vector<Token> all;
  for (const auto& [id, token] : tokens_) all.push_back(token);
  return all;
}

void Tokens::add(Token token) {
  std::string id = token.id;
  tokens_.insert_or_assign(std::move(id), std::move(token));
}

void Tokens::remove(const std::string& id) {
  tokens_.erase(id);
}

std::vector<std::string> Tokens::of_user(std::string_view user) const {
  std::vector<std::string> ids;
  for (const auto& [id, token] : tokens_)
    if (token.user == user) ids.push_back(id);
  return ids;
}

std::vector<std::string> Tokens::expired(Token::Time now) const {
  std::vector<std::string> ids;
  for (const auto& [id, token] : tokens_)
    if (token.expires_at && *token.expires_at <= now) ids.push_back(id);
  return ids;
}

}  // namespace leveret::auth
