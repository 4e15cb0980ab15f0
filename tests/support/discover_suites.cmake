# SPDX-License-Identifier: MIT
# Read by ctest. Registers every suite of ktstr_program as one test named ktstr_name.SUITE, labelled
# ktstr_labels, and "concurrent" where the suite's name starts with Concurrent.
set(ktstr_suites "")
if(EXISTS "${ktstr_program}")
  execute_process(
    COMMAND "${ktstr_program}" --gtest_list_tests
    OUTPUT_VARIABLE ktstr_listing
    RESULT_VARIABLE ktstr_status)
  if(ktstr_status EQUAL 0)
    # A suite's line starts at the margin and ends with a dot; its tests are indented below it.
    string(REGEX MATCHALL "\n[A-Za-z0-9_/]+\\." ktstr_suites "\n${ktstr_listing}")
  endif()
endif()

# Not built, doesn't start, or holds nothing: a test that fails and says its name.
if(NOT ktstr_suites)
  add_test(${ktstr_name}_HAS_NO_TESTS ${ktstr_name}_HAS_NO_TESTS)
endif()

foreach(ktstr_suite IN LISTS ktstr_suites)
  string(REGEX REPLACE "^\n|\\.$" "" ktstr_suite "${ktstr_suite}")
  set(ktstr_suite_labels "${ktstr_labels}")
  if(ktstr_suite MATCHES "^([A-Za-z0-9_]+/)?Concurrent")
    list(APPEND ktstr_suite_labels concurrent)
    list(REMOVE_DUPLICATES ktstr_suite_labels)
  endif()
  add_test("${ktstr_name}.${ktstr_suite}" "${ktstr_program}" "--gtest_filter=${ktstr_suite}.*"
           --gtest_brief=1)
  set_tests_properties("${ktstr_name}.${ktstr_suite}" PROPERTIES
                       LABELS "${ktstr_suite_labels}" TIMEOUT 300)
endforeach()
