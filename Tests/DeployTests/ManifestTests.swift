// The Kubernetes manifests, as kustomize makes them from the example overlay.

import Foundation
import TestSupport
import Testing

@Suite(
    "The Kubernetes manifests",
    .enabled(if: Command.exists("kubectl"), "kubectl is missing"),
    .enabled(if: Deploy.readsYAML, "Python's yaml is missing"))
struct ManifestTests {
    let text: String
    let documents: [[String: Any]]

    /// A copy, so that keys that only serve this test are nowhere near the repository's files.
    init() throws {
        let scratch = try Scratch()
        try FileManager.default.copyItem(
            atPath: Deploy.path("deploy/kubernetes"), toPath: scratch.path("kubernetes"))
        let overlay = scratch.path("kubernetes/overlays/example")
        try? FileManager.default.removeItem(atPath: overlay + "/keys")
        try FileManager.default.createDirectory(
            atPath: overlay + "/keys", withIntermediateDirectories: false)
        for name in ["coordinator.key", "coordinator.pub", "authorized", "worker.key"] {
            try Data("placeholder \(name)".utf8).write(
                to: URL(fileURLWithPath: "\(overlay)/keys/\(name)"))
        }
        let made = try Command.run("kubectl", ["kustomize", overlay])
        try #require(made.code == 0, "\(made.all)")
        text = made.output
        documents = try Deploy.documents(yaml: text)
    }

    private func document(_ kind: String, _ name: String) throws -> [String: Any] {
        try #require(
            documents.first {
                value("kind", in: $0) as? String == kind
                    && value("metadata.name", in: $0) as? String == name
            }, "no \(kind) \(name)")
    }

    private var workloads: [[String: Any]] {
        get throws {
            [
                try document("StatefulSet", "sounder-coordinator"),
                try document("Deployment", "sounder-worker"),
            ]
        }
    }

    @Test(
        "they match the schemas of Kubernetes",
        .enabled(if: Python.has("kubernetes_validate"), "kubernetes-validate is missing"))
    func schemas() throws {
        let scratch = try Scratch()
        let file = try scratch.write(text, to: "all.yaml")
        let verdict = try Command.run("kubernetes-validate", ["--strict", file])
        #expect(verdict.code == 0, "\(verdict.all)")
        #expect(verdict.all.components(separatedBy: " passed ").count > 9)
    }

    @Test("every container keeps to the restricted profile")
    func restricted() throws {
        for workload in try workloads {
            let pod = value("spec.template.spec", in: workload)
            #expect(value("securityContext.runAsNonRoot", in: pod) as? Bool == true)
            #expect(
                value("securityContext.seccompProfile.type", in: pod) as? String
                    == "RuntimeDefault")
            #expect(value("automountServiceAccountToken", in: pod) as? Bool == false)
            for key in ["hostNetwork", "hostPID", "hostIPC"] {
                #expect(value(key, in: pod) == nil)
            }
            let containers = list("containers", in: pod) + list("initContainers", in: pod)
            #expect(containers.count == 2)
            for container in containers {
                let context = value("securityContext", in: container)
                #expect(value("allowPrivilegeEscalation", in: context) as? Bool == false)
                #expect(value("readOnlyRootFilesystem", in: context) as? Bool == true)
                #expect(list("capabilities.drop", in: context) as? [String] == ["ALL"])
                #expect(value("resources.limits.memory", in: container) != nil)
                #expect(value("image", in: container).map { "\($0)" }?.contains(":0.1.0") == true)
            }
            for volume in list("volumes", in: pod) {
                #expect(value("hostPath", in: volume) == nil)
            }
        }
    }

    @Test("the coordinator is one, with a disk, probes and a name")
    func coordinator() throws {
        let set = try document("StatefulSet", "sounder-coordinator")
        #expect(value("spec.replicas", in: set) as? Int == 1)
        #expect(value("spec.serviceName", in: set) as? String == "sounder-coordinator")
        #expect(list("spec.volumeClaimTemplates", in: set).count == 1)
        let container = value("spec.template.spec.containers.0", in: set)
        #expect(value("startupProbe.httpGet.path", in: container) as? String == "/healthz")
        let service = try document("Service", "sounder-coordinator")
        #expect(value("spec.clusterIP", in: service) as? String == "None")
        let ports = list("spec.ports", in: service).compactMap { value("port", in: $0) as? Int }
        #expect(ports == [5761, 5762, 5763, 5764])
    }

    @Test("workers have time to drain, and not all of them are evicted at once")
    func workers() throws {
        let deployment = try document("Deployment", "sounder-worker")
        let grace = value("spec.template.spec.terminationGracePeriodSeconds", in: deployment)
        #expect((grace as? Int ?? 0) >= 600)
        #expect(value("spec.replicas", in: deployment) as? Int == 8)
        let budget = try document("PodDisruptionBudget", "sounder-worker")
        #expect(value("spec.maxUnavailable", in: budget) as? String == "25%")
    }

    @Test("both kinds of pod are probed where they serve metrics")
    func probes() throws {
        for workload in try workloads {
            let container = value("spec.template.spec.containers.0", in: workload)
            #expect(value("livenessProbe.httpGet.path", in: container) as? String == "/healthz")
            #expect(value("readinessProbe.httpGet.path", in: container) as? String == "/readyz")
            #expect(value("readinessProbe.httpGet.port", in: container) as? String == "metrics")
            let arguments = list("args", in: container) as? [String] ?? []
            #expect(arguments.contains("--metrics=0.0.0.0:5763"))
            let ports = list("ports", in: container)
            #expect(
                ports.contains {
                    value("name", in: $0) as? String == "metrics"
                        && value("containerPort", in: $0) as? Int == 5763
                })
        }
    }

    @Test("keys come from generated secrets, and each side gets its own alone")
    func keys() throws {
        for (workload, side) in zip(try workloads, ["coordinator", "worker"]) {
            let volumes = list("spec.template.spec.volumes", in: workload)
            let secrets = volumes.compactMap { value("secret.secretName", in: $0) as? String }
            #expect(secrets.count == 1)
            let prefix = "sounder-\(side)-keys-"
            #expect(secrets.allSatisfy { $0.hasPrefix(prefix) && $0.count > prefix.count + 5 })
            let secret = try document("Secret", secrets.first ?? "")
            let names = (value("data", in: secret) as? [String: Any] ?? [:]).keys.sorted()
            #expect(
                names
                    == (side == "worker"
                        ? ["coordinator.pub", "worker.key"]
                        : ["authorized", "coordinator.key", "coordinator.pub"]))
        }
        let ignored = try Command.run(
            "git", ["check-ignore", "deploy/kubernetes/overlays/example/keys/worker.key"])
        #expect(ignored.code == 0, "git would take keys in: \(ignored.all)")
    }

    @Test("the network policies let workers reach three ports and nobody else anything")
    func networkPolicies() throws {
        let coordinator = try document("NetworkPolicy", "sounder-coordinator")
        let ports = list("spec.ingress.0.ports", in: coordinator).compactMap {
            value("port", in: $0) as? Int
        }
        #expect(ports == [5761, 5762, 5764])
        let peers = value("spec.ingress.0.from.0.podSelector.matchLabels", in: coordinator)
        let deployment = try document("Deployment", "sounder-worker")
        let labels = value("spec.template.metadata.labels", in: deployment) as? [String: String]
        for (key, wanted) in peers as? [String: String] ?? ["": ""] {
            #expect(labels?[key] == wanted, "workers lack the label \(key)")
        }
        let worker = try document("NetworkPolicy", "sounder-worker")
        #expect(list("spec.ingress", in: worker).count == 1)
        #expect(value("spec.ingress.0.ports.0.port", in: worker) as? Int == 5763)
        for policy in [coordinator, worker] {
            #expect(list("spec.policyTypes", in: policy) as? [String] == ["Ingress", "Egress"])
        }
    }
}
