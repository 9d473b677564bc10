# A server runs from the promoted version of a recorded golden. An image nobody recorded cannot be compared
# with anything; a revoked one must not run; an older or newer one than the promoted is rolled to it.
package cattleguard.image.golden_image

import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server
import data.cattleguard.lib.parameters

violation contains hit if {
	some finding in active
	finding.code == "image-unrecorded"
	hit := {
		"id": "CG-IMG-1",
		"msg": sprintf(
			"%s runs image %s, which no golden records: nothing says what it should look like.",
			[server, input.instance.image_id],
		),
		"severity": unrecorded,
		"action": "alert",
		"controls": ["iso-27001-2022:A.8.9", "nist-800-53r5:CM-8(3)", "pci-dss-4.0.1:2.2.1", "soc2-2017:CC6.8"],
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some finding in active
	finding.code == "image-revoked"
	hit := {
		"id": "CG-IMG-2",
		"msg": sprintf("%s runs %s, which was revoked and must not run.", [server, golden]),
		"severity": "critical",
		"action": "replace",
		"track": "hygiene",
		"controls": ["nist-800-53r5:SI-14", "pci-dss-4.0.1:2.2.1", "soc2-2017:CC7.3"],
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some finding in active
	finding.code == "image-not-promoted"
	hit := {
		"id": "CG-IMG-3",
		"msg": sprintf("%s runs %s, which is not the promoted version of its line.", [server, golden]),
		"severity": "medium",
		"action": "replace",
		"track": "hygiene",
		"controls": ["nist-800-53r5:CM-2(2)", "nist-800-53r5:SI-14", "soc2-2017:CC8.1"],
		"finding_ids": [finding.id],
	}
}

# A golden that nobody renews keeps every weakness that was found since. How old is too old is a parameter.
warn contains hit if {
	days := parameters.value("golden_image", "max_age_days", 0)
	days > 0
	input.golden.age_s > ((days * 24) * 60) * 60
	hit := {
		"id": "CG-IMG-4",
		"msg": sprintf(
			"%s runs %s, which was recorded more than %d days ago: record and promote a newer one.",
			[server, golden, days],
		),
		"severity": "medium",
		"action": "alert",
		"controls": ["nist-800-53r5:SI-2", "pci-dss-4.0.1:6.3.3"],
	}
}

# In a fleet the server was promised to come from a golden; outside every fleet nobody promised anything.
unrecorded := "high" if input.fleet

unrecorded := "low" if not input.fleet

golden := input.golden.ref

golden := input.instance.image_id if not input.golden
