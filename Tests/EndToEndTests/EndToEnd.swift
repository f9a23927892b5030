// The suite that all tests of the real programs belong to.

import Testing

/// Every test of the real programs. One after the other: they share two cores with one another.
@Suite(.serialized)
enum EndToEnd {}
