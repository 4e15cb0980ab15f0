// SPDX-License-Identifier: MIT
#pragma once

// All that libktstr has, for whoever doesn't want to choose.

#include "ktstr/host.hpp"
#include "ktstr/index.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "ktstr/run.hpp"
#include "ktstr/writer.hpp"
