# libtorch out of the torch wheel, as unpacked by scripts/setup: the target Libtorch::Libtorch.
# The wheel's own TorchConfig.cmake demands a CUDA Toolkit because the wheel was built with one; the CPU build needs none.
if(ZLENS_DEPS)
  set(_deps ${ZLENS_DEPS})
elseif(DEFINED ENV{ZLENS_DEPS})
  set(_deps $ENV{ZLENS_DEPS})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_deps $ENV{XDG_CACHE_HOME}/zlens/deps)
else()
  set(_deps $ENV{HOME}/.cache/zlens/deps)
endif()

find_path(LIBTORCH_INCLUDE_DIR torch/torch.h
  PATHS ${_deps}/torch/include/torch/csrc/api/include NO_DEFAULT_PATH)
find_library(LIBTORCH_CPU_LIBRARY torch_cpu PATHS ${_deps}/torch/lib NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_LIBRARY c10 PATHS ${_deps}/torch/lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS LIBTORCH_CPU_LIBRARY LIBTORCH_C10_LIBRARY LIBTORCH_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "libtorch is not in ${_deps}: run scripts/setup, or name its folder with -DZLENS_DEPS=…")

if(Libtorch_FOUND AND NOT TARGET Libtorch::Libtorch)
  add_library(Libtorch::Libtorch INTERFACE IMPORTED)
  target_include_directories(Libtorch::Libtorch SYSTEM INTERFACE
    ${_deps}/torch/include ${LIBTORCH_INCLUDE_DIR})
  target_link_libraries(Libtorch::Libtorch INTERFACE ${LIBTORCH_CPU_LIBRARY} ${LIBTORCH_C10_LIBRARY})
  if(ZLENS_CUDA)
    find_library(LIBTORCH_CUDA_LIBRARY torch_cuda PATHS ${_deps}/torch/lib NO_DEFAULT_PATH REQUIRED)
    find_library(LIBTORCH_C10_CUDA_LIBRARY c10_cuda PATHS ${_deps}/torch/lib NO_DEFAULT_PATH REQUIRED)
    # Nothing of zlens calls into libtorch_cuda itself: it registers its operators when it is loaded.
    target_link_libraries(Libtorch::Libtorch INTERFACE
      "-Wl,--no-as-needed,${LIBTORCH_CUDA_LIBRARY},--as-needed" ${LIBTORCH_C10_CUDA_LIBRARY} CUDA::cudart)
    file(GLOB _cuda_wheels ${_deps}/nvidia/*/lib)
    foreach(folder IN LISTS _cuda_wheels)
      target_link_options(Libtorch::Libtorch INTERFACE "LINKER:-rpath-link,${folder}")
    endforeach()
  endif()
  # libtorch_cpu finds the CUDA run-time wheels beside it by its own run path.
  target_link_options(Libtorch::Libtorch INTERFACE
    "LINKER:-rpath,${_deps}/torch/lib" "LINKER:-rpath-link,${_deps}/torch/lib" "LINKER:-rpath-link,${_deps}/nvidia/cu13/lib")
endif()
