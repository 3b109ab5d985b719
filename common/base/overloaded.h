#pragma once

namespace leveret {

/// Several lambdas as one visitor of a variant.
template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;  // which clang 14 does not deduce by itself

}  // namespace leveret
