# A server of an immutable fleet is never modified after launch. Whatever changed it, by hand or by a tool,
# makes it a pet: it is replaced from its golden, or somebody is told, by how bad the change is.
package cattleguard.host.in_place_modification

import data.cattleguard.lib.findings
import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server
import data.cattleguard.lib.people.somebody_sanctioned

# Changes that give somebody the machine, or change what it runs at its next boot or as whom.
floor_of := {
	"config-instance-profile": "critical",
	"config-user-data": "critical",
	"event-instance-profile-changed": "critical",
	"event-interactive-session": "high",
	"event-remote-command": "high",
	"event-root-volume-replaced": "critical",
	"event-serial-console": "critical",
	"event-ssh-key-pushed": "high",
	"event-user-data-changed": "critical",
}

controls_of := {
	"config": [
		"hipaa:164.312(c)(1)",
		"iso-27001-2022:A.8.9",
		"nist-800-53r5:CM-6(2)",
		"nist-800-53r5:SI-7(7)",
		"pci-dss-4.0.1:2.2.1",
		"soc2-2017:CC7.1",
	],
	"event": [
		"hipaa:164.312(b)",
		"iso-27001-2022:A.8.32",
		"nist-800-53r5:CM-3(5)",
		"nist-800-53r5:CM-5(1)",
		"pci-dss-4.0.1:10.2.1.2",
		"pci-dss-4.0.1:6.5.1",
		"soc2-2017:CC8.1",
	],
	"file": [
		"hipaa:164.312(c)(1)",
		"nist-800-53r5:SI-7",
		"nist-800-53r5:SI-7(7)",
		"pci-dss-4.0.1:11.5.2",
		"pci-dss-4.0.1:12.10.5",
		"soc2-2017:CC7.1",
	],
	"software": [
		"iso-27001-2022:A.8.19",
		"nist-800-53r5:CM-8(3)",
		"nist-800-53r5:SI-7",
		"pci-dss-4.0.1:6.5.1",
		"soc2-2017:CC6.8",
	],
}

modifications contains finding if {
	some finding in active
	controls_of[finding.family]
}

sanctioned contains finding if {
	modifications != set()
	somebody_sanctioned
	some finding in modifications
	findings.sanctioned(finding)
}

violation contains hit if {
	some finding in modifications
	not finding in sanctioned
	severity := findings.worst(finding.severity, object.get(floor_of, finding.code, "info"))
	severity != "info"
	hit := {
		"id": "CG-IPM-1",
		"msg": message(finding),
		"severity": severity,
		"action": action_of[severity],
		"track": "hygiene",
		"controls": controls_of[finding.family],
		"finding_ids": [finding.id],
	}
}

# A principal that the fleet names may change servers: that is worth knowing, not worth replacing them.
warn contains hit if {
	some finding in sanctioned
	hit := {
		"id": "CG-IPM-2",
		"msg": sprintf("%s The fleet sanctions this principal.", [message(finding)]),
		"severity": "low",
		"action": "alert",
		"controls": controls_of[finding.family],
		"finding_ids": [finding.id],
	}
}

action_of := {"critical": "replace", "high": "replace", "medium": "alert", "low": "alert"}

message(finding) := sprintf(
	"%s was modified in place by %s: %s.",
	[server, findings.actors(finding), trim_right(finding.summary, ".")],
)

message(finding) := sprintf(
	"%s was modified in place, and no recorded call explains it: %s.",
	[server, trim_right(finding.summary, ".")],
) if {
	count(finding.attribution) == 0
}
