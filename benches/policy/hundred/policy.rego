# A policy of about a hundred lines as a team would write it, in the part of Rego that every engine compared here knows.
package cattleguard.bench.hundred

import rego.v1

rank := {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

controls := {
	"config": ["pci-dss-4.0.1:2.2.1", "nist-800-53r5:CM-6(2)", "soc2-2017:CC7.1"],
	"event": ["pci-dss-4.0.1:10.2.1.2", "nist-800-53r5:CM-3(5)", "soc2-2017:CC8.1"],
	"file": ["pci-dss-4.0.1:11.5.2", "nist-800-53r5:SI-7", "soc2-2017:CC7.1"],
	"software": ["pci-dss-4.0.1:6.5.1", "nist-800-53r5:CM-8(3)", "soc2-2017:CC6.8"],
}

boot_codes := {"config-user-data", "event-user-data-changed", "config-instance-profile"}

sanctioned_roles := {
	"arn:aws:iam::000000000000:role/patcher",
	"arn:aws:iam::000000000000:role/deployer",
}

blocked_networks := ["198.51.100.", "203.0.113."]

open_findings contains finding if {
	some finding in input.drift.findings
	finding.status == "open"
}

server := sprintf("%s in %s", [input.instance.id, input.account.region])

sanctioned(finding) if {
	some entry in finding.attribution
	entry.caller.issuer in sanctioned_roles
}

from_blocked_network(entry) if {
	some prefix in blocked_networks
	startswith(entry.source_ip, prefix)
}

violation contains hit if {
	some finding in open_findings
	finding.code in boot_codes
	not sanctioned(finding)
	hit := {
		"id": "BENCH-1",
		"msg": sprintf("%s runs something else at its next boot: %s", [server, finding.summary]),
		"severity": "critical",
		"action": "replace",
		"controls": controls[finding.family],
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some finding in open_findings
	rank[finding.severity] >= rank.high
	count(finding.attribution) == 0
	hit := {
		"id": "BENCH-2",
		"msg": sprintf("%s was changed, and no call explains it: %s", [server, finding.summary]),
		"severity": finding.severity,
		"action": "replace",
		"controls": controls[finding.family],
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some finding in open_findings
	some entry in finding.attribution
	from_blocked_network(entry)
	hit := {
		"id": "BENCH-3",
		"msg": sprintf("%s called %s on %s from %s", [entry.display, entry.event_name, server, entry.source_ip]),
		"severity": "high",
		"action": "quarantine",
		"controls": controls[finding.family],
		"finding_ids": [finding.id],
	}
}

warn contains hit if {
	some volume in input.instance.volumes
	volume.encrypted == false
	hit := {
		"id": "BENCH-4",
		"msg": sprintf("%s has the volume %s, which is not encrypted", [server, volume.id]),
		"severity": "medium",
		"action": "alert",
		"controls": ["nist-800-53r5:SC-28"],
	}
}

warn contains hit if {
	input.instance.metadata_options.http_tokens != "required"
	hit := {"id": "BENCH-5", "msg": sprintf("%s answers IMDSv1", [server]), "severity": "medium", "action": "alert"}
}

warn contains hit if {
	some key in {"app", "env", "owner"}
	not input.instance.tags[key]
	hit := {"id": "BENCH-6", "msg": sprintf("%s lacks the tag %s", [server, key]), "severity": "low", "action": "alert"}
}
