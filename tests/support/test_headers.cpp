// SPDX-License-Identifier: MIT

// Nothing: the target of this file only exists to parse the headers that all tests share.
