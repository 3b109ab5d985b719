# Writes an assembler file that includes every file of a folder, and the C++ table that names them.
#   cmake -DDIST=folder -DASM=out.s -DTABLE=out.cc -DWORK=scratch -P embed.cmake
# A gzip variant is made where it saves more than a twentieth. No timestamps go in: the same files give the
# same bytes.
cmake_minimum_required(VERSION 3.25)

if(NOT EXISTS "${DIST}/index.html")
  message(FATAL_ERROR "no dashboard at ${DIST}: there is no index.html. Build it (npm ci && npm run build in "
                      "web/), or configure with -DLEVERET_WEB=BUILD or OFF.")
endif()
find_program(GZIP gzip)

function(mime_of name out)
  set(types html "text/html\; charset=utf-8" js "text/javascript\; charset=utf-8"
            css "text/css\; charset=utf-8" json "application/json" svg "image/svg+xml"
            png "image/png" ico "image/x-icon" woff2 "font/woff2" txt "text/plain\; charset=utf-8"
            webmanifest "application/manifest+json")
  cmake_path(GET name EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  list(FIND types "${extension}" at)
  set(mime "application/octet-stream")
  if(at GREATER -1)
    math(EXPR at "${at} + 1")
    list(GET types ${at} mime)
  endif()
  set(${out} "${mime}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE "${DIST}" "${DIST}/*")
# Byte order, which the lookup relies on.
list(SORT files COMPARE STRING CASE SENSITIVE)

set(asm "    .section .rodata\n")
set(externs "")
set(rows "")
set(number 0)
foreach(name IN LISTS files)
  set(path "${DIST}/${name}")
  file(SIZE "${path}" size)
  file(SHA256 "${path}" hash)
  string(SUBSTRING "${hash}" 0 16 etag)
  mime_of("${name}" mime)
  set(hashed false)
  if(name MATCHES "^assets/.*-[A-Za-z0-9_-]+\\.[a-z0-9]+$")
    set(hashed true)
  endif()

  set(symbol leveret_asset_${number})
  string(APPEND asm "    .globl ${symbol}\n${symbol}:\n    .incbin \"${path}\"\n    .byte 0\n")
  string(APPEND externs "extern const char ${symbol}[];\n")
  set(gzip "{}")
  if(GZIP)
    set(packed "${WORK}/${number}.gz")
    execute_process(COMMAND "${GZIP}" -9 -n -c "${path}" OUTPUT_FILE "${packed}" COMMAND_ERROR_IS_FATAL ANY)
    file(SIZE "${packed}" packed_size)
    math(EXPR limit "${size} * 95 / 100")
    if(packed_size LESS limit)
      string(APPEND asm "    .globl ${symbol}_gz\n${symbol}_gz:\n    .incbin \"${packed}\"\n    .byte 0\n")
      string(APPEND externs "extern const char ${symbol}_gz[];\n")
      set(gzip "{${symbol}_gz, ${packed_size}}")
    endif()
  endif()
  string(APPEND rows "    {\"${name}\", \"${mime}\", ${hashed}, {${symbol}, ${size}}, ${gzip}, \"${etag}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
# Without this note the linker would make the stack executable.
string(APPEND asm "    .section .note.GNU-stack,\"\",%progbits\n")

file(WRITE "${ASM}" "${asm}")
file(WRITE "${TABLE}" "// Written by embed.cmake.
#include <array>

#include \"http/assets.h\"

extern \"C\" {
${externs}}

namespace leveret::http {
namespace {

constexpr std::array<Asset, ${number}> assets{{
${rows}}};

}  // namespace

std::span<const Asset> embedded_assets() {
  return assets;
}

}  // namespace leveret::http
")
list(LENGTH files count)
message(STATUS "embedded ${count} files of ${DIST}")
