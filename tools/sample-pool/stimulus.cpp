// SPDX-License-Identifier: MIT
#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

std::uint64_t iterations_of(const PhaseBucket& phase) {
  std::uint64_t iterations = 0;
  for (const auto& [name, cgroup] : phase.per_cgroup) iterations += cgroup.total_iterations;
  return iterations;
}

StimulusEvent step_event(const TestCase& test_case, const PhaseBucket& phase, bool is_end) {
  StimulusEvent event;
  const unsigned step = phase.step_index - 1U;
  event.label = (is_end ? "StepEnd[" : "StepStart[") + std::to_string(step) + ']';
  event.elapsed_ms = is_end ? phase.end_ms : phase.start_ms;
  event.op_kind = "ops=" + std::to_string(step == 0 ? test_case.cgroups : 1);
  event.detail = std::to_string(test_case.cgroups) + " cgroups, " +
                 std::to_string(test_case.cgroups * test_case.workers) + " workers";
  event.step_index = phase.step_index;
  event.is_step_end = is_end;
  return event;
}

}  // namespace

std::vector<StimulusEvent> make_stimulus(const TestCase& test_case,
                                         const std::vector<PhaseBucket>& phases) {
  std::vector<StimulusEvent> events;
  std::uint64_t iterations = 0;
  for (const PhaseBucket& phase : phases) {
    events.push_back(step_event(test_case, phase, false));
    events.back().total_iterations = iterations;
    iterations += iterations_of(phase);
    events.push_back(step_event(test_case, phase, true));
    events.back().total_iterations = iterations;
  }
  StimulusEvent end;
  end.elapsed_ms = phases.back().end_ms;
  end.label = "ScenarioEnd";
  end.total_iterations = iterations;
  end.is_terminal = true;
  events.push_back(std::move(end));
  return events;
}

}  // namespace ktstr::sample
