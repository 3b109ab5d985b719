# Builds the dashboard: installs its packages when the lock file is newer than what is installed, then runs
# its build script.
#   cmake -DWEB=web -DNPM=npm -P web_build.cmake
cmake_minimum_required(VERSION 3.25)

# npm writes this file last, with what it has installed.
set(installed "${WEB}/node_modules/.package-lock.json")
if(NOT EXISTS "${installed}" OR "${WEB}/package-lock.json" IS_NEWER_THAN "${installed}")
  message(STATUS "dashboard: installing packages (npm ci)")
  execute_process(COMMAND "${NPM}" ci --no-audit --no-fund WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "npm ci failed in ${WEB}. Without a network, configure with -DLEVERET_WEB=PREBUILT or OFF.")
  endif()
endif()
message(STATUS "dashboard: building (npm run build)")
execute_process(COMMAND "${NPM}" run --silent build WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "npm run build failed in ${WEB}; what is wrong stands above.")
endif()
