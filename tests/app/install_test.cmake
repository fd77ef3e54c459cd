# cmake --install, then a project of its own that finds the package, builds against it and asks a model.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/examples/consumer -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${MAKE_MODEL} ${WORK}/model COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/build/consumer ${WORK}/model "What is this?" OUTPUT_VARIABLE out COMMAND_ERROR_IS_FATAL ANY)
if(NOT out MATCHES "tokens")
  message(FATAL_ERROR "the consumer printed: ${out}")
endif()
# The installed command finds its assets without the source tree.
execute_process(COMMAND ${WORK}/prefix/bin/zlens --version COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${WORK}/prefix/share/zlens/assets/prompts)
  message(FATAL_ERROR "the prompts were not installed")
endif()
