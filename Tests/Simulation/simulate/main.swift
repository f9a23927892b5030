// The command that runs seeds of the simulation and replays the one that failed.

import Simulation

#if canImport(Glibc)
    import Glibc
#endif

let status = Command(CommandLine.arguments.dropFirst()).run()
exit(status)
