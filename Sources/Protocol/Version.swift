// The version of this software, told in HELLO and by --version.

public let softwareVersion = "0.1.0"
