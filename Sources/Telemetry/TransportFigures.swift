// The figures of the transport: the bulk plane of each service, and the coordinator's door.

public import Transport

extension Registry {
    public func register(_ bulk: BulkExchange) {
        let figures: [(String, String, @Sendable (BulkCounters) -> Int)] = [
            ("sent_bytes", "Payload bytes sent.", { $0.bytesSent }),
            ("received_bytes", "Payload bytes received.", { $0.bytesReceived }),
            ("resumptions", "Windows of chunks asked for again after silence.", { $0.resumptions }),
            ("refetches", "Payloads fetched again: their checksum was wrong.", { $0.refetches }),
            ("rejected_messages", "Messages that were none, or not asked for.", { $0.rejected }),
        ]
        for (name, help, read) in figures {
            reading(.counter, "sounder_bulk_\(name)_total", help, { Double(read(bulk.counters)) })
        }
    }
}

extension Registry {
    public func register(_ door: Doorkeeper) {
        reading(
            .gauge, "sounder_connections", "Connections that are open, with unfinished handshakes.",
            { Double(door.counters.connections) })
        readings(
            .counter, "sounder_handshakes_total",
            "Handshakes that ended: keys let in, keys not let in, and no keys or too slow.",
            label: "result",
            {
                let counters = door.counters
                return [
                    ("failed", Double(counters.failedHandshakes)),
                    ("refused", Double(counters.refusedKeys)),
                    ("succeeded", Double(counters.handshakes)),
                ]
            })
        let figures: [(String, String, @Sendable (DoorCounters) -> Int)] = [
            ("connections_accepted", "Connections accepted.", { $0.accepted }),
            ("connections_shed", "Connections ended: there were too many.", { $0.shed }),
            ("connections_endless", "Connections ended: messages without end.", { $0.endless }),
            ("accept_failures", "Connections the system would not give us.", { $0.acceptFailures }),
            ("messages_forbidden", "Messages refused for the role of their key.", { $0.forbidden }),
            ("messages_throttled", "Messages unread: the sender sent too many.", { $0.throttled }),
        ]
        for (name, help, read) in figures {
            reading(.counter, "sounder_\(name)_total", help, { Double(read(door.counters)) })
        }
    }
}
