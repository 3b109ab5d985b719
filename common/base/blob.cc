#include "base/blob.h"

#include <cstring>
#include <new>

namespace leveret {

BlobRef Blob::copy(std::string_view bytes) {
  void* memory = ::operator new(sizeof(Blob) + bytes.size());
  Blob* blob = new (memory) Blob(bytes.size());
  if (!bytes.empty()) std::memcpy(static_cast<void*>(blob + 1), bytes.data(), bytes.size());
  return BlobRef::adopt(blob);
}

void Blob::destroy(const Blob* blob) {
  blob->~Blob();
  ::operator delete(const_cast<Blob*>(blob));
}

}  // namespace leveret
