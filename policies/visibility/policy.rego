# What cannot be seen is never called clean: every gap in what we see of a server is told.
package cattleguard.observation.visibility

import data.cattleguard.lib.findings
import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server

controls := [
	"hipaa:164.308(a)(1)(ii)(D)",
	"iso-27001-2022:A.8.16",
	"nist-800-53r5:AU-6",
	"nist-800-53r5:SI-4",
	"pci-dss-4.0.1:10.7.2",
	"soc2-2017:CC7.2",
]

# Somebody made us blind: that is a change of its own, whatever else happened meanwhile.
floor_of := {
	"blind-agent-tampered": "critical",
	"blind-trail-narrowed": "high",
	"blind-trail-stopped": "critical",
	"blind-trail-storage": "medium",
}

violation contains hit if {
	some finding in gaps
	floor := floor_of[finding.code]
	hit := {
		"id": "CG-VIS-1",
		"msg": message(finding),
		"severity": findings.worst(finding.severity, floor),
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

warn contains hit if {
	some finding in gaps
	not floor_of[finding.code]
	hit := {
		"id": "CG-VIS-2",
		"msg": message(finding),
		"severity": findings.worst(finding.severity, "low"),
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

# An instance that could not be judged, although no finding says why.
warn contains hit if {
	count(gaps) == 0
	not input.observation.complete
	hit := {
		"id": "CG-VIS-3",
		"msg": sprintf("%s could not be judged completely: %s.", [server, missing]),
		"severity": "medium",
		"action": "alert",
		"controls": controls,
	}
}

gaps contains finding if {
	some finding in active
	finding.family == "blind"
}

missing := concat("; ", [entry.reason | some entry in input.observation.missing]) if {
	count(input.observation.missing) > 0
}

missing := "no source says why" if count(input.observation.missing) == 0

message(finding) := sprintf(
	"%s cannot be seen completely because of %s: %s.",
	[server, findings.actors(finding), trim_right(finding.summary, ".")],
)

message(finding) := sprintf(
	"%s cannot be seen completely: %s.",
	[server, trim_right(finding.summary, ".")],
) if {
	count(finding.attribution) == 0
}
