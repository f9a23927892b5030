// The suites that all tests of the real programs belong to.

import Testing

/// Commands, most of them with a cluster of their own. One after the other: they share two cores.
@Suite(.serialized)
enum EndToEnd {}

/// Clusters that stand: their tests wait for workers more than they compute, so they run beside the
/// commands.
@Suite(.serialized)
enum ClusterEndToEnd {}
