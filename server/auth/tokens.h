#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::auth {

/// A password of its own for a script: it stands for its user, can be taken back by itself and may
/// end by itself. As stored: never the secret, only its hash, which may be a fast one, since nobody
/// can guess 256 random bits.
struct Token {
  using Time = std::chrono::system_clock::time_point;

  /// Of the whole broker, and no secret.
  std::string id;
  std::string user;
  /// What it is for, in somebody's words.
  std::string description;
  std::string digest;
  Time created_at;
  /// Nothing for one that lives until it is taken back.
  std::optional<Time> expires_at;
};

/// Makes a token. What is given out for it, once, is put into `text`: "lvt_", the id, "_" and the
/// secret, in hexadecimal.
Token make_token(std::string user, std::string description, Token::Time now,
                 std::optional<Token::Time> expires_at, std::string& text);
bool looks_like_token(std::string_view text);

/// The tokens of the broker. Not thread-safe.
class Tokens {
 public:
  explicit Tokens(std::vector<Token> stored);

  /// The one that `text` proves, unless it has expired. In constant time.
  const Token* find_proved(std::string_view text, Token::Time now) const;
  const Token* find(std::string_view id) const;
  /// Sorted by id.
  std::vector<Token> all() const;
  void add(Token token);
  void remove(const std::string& id);
  std::vector<std::string> of_user(std::string_view user) const;
  /// Those that have expired.
  std::vector<std::string> expired(Token::Time now) const;

 private:
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace leveret::auth
