// The figures of the bulk plane, under the names that coordinator and workers share.

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
