# The three OpenCV libraries that zlens uses, as targets opencv_core, opencv_imgproc, opencv_imgcodecs.
# Debian ships OpenCV's own package file only with all modules and their 140 dependencies; these three come as small packages.
find_path(OpenCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4)
set(_required OpenCV_INCLUDE_DIR)
foreach(module core imgproc imgcodecs)
  find_library(OpenCV_${module}_LIBRARY opencv_${module})
  list(APPEND _required OpenCV_${module}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCV REQUIRED_VARS ${_required}
  REASON_FAILURE_MESSAGE "install libopencv-imgcodecs-dev and libopencv-imgproc-dev (scripts/setup does)")

if(OpenCV_FOUND AND NOT TARGET opencv_core)
  foreach(module core imgproc imgcodecs)
    add_library(opencv_${module} UNKNOWN IMPORTED)
    set_target_properties(opencv_${module} PROPERTIES IMPORTED_LOCATION ${OpenCV_${module}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${OpenCV_INCLUDE_DIR})
  endforeach()
  set_property(TARGET opencv_imgproc PROPERTY INTERFACE_LINK_LIBRARIES opencv_core)
  set_property(TARGET opencv_imgcodecs PROPERTY INTERFACE_LINK_LIBRARIES opencv_imgproc)
endif()
