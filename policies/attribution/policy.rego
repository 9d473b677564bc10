# Who changed a server matters as much as what changed: emergency access, the root user, a server's own
# credentials, strangers. What was changed is judged elsewhere; here is who did it.
package cattleguard.people.attribution

import data.cattleguard.lib.findings
import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server
import data.cattleguard.lib.parameters
import data.cattleguard.lib.people
import data.cattleguard.lib.people.emergency_roles
import data.cattleguard.lib.people.somebody_sanctioned

controls := [
	"iso-27001-2022:A.8.2",
	"nist-800-53r5:AC-6(9)",
	"nist-800-53r5:CM-5(1)",
	"pci-dss-4.0.1:10.2.1.2",
	"soc2-2017:CC6.1",
]

emergency := [
	"hipaa:164.312(a)(2)(ii)",
	"iso-27001-2022:A.8.2",
	"nist-800-53r5:AC-6(9)",
	"pci-dss-4.0.1:10.2.1.2",
	"soc2-2017:CC6.1",
]

# What gives somebody a server for good. A server that does this to itself was most likely taken over.
takes_over := {
	"event-instance-profile-changed",
	"event-root-volume-replaced",
	"event-ssh-key-pushed",
	"event-user-data-changed",
}

# Every caller behind a finding that is more than a note.
calls contains [finding, entry] if {
	some finding in active
	finding.severity != "info"
	some entry in finding.attribution
	not entry in sanctioned
}

sanctioned contains entry if {
	somebody_sanctioned
	some finding in active
	finding.severity != "info"
	some entry in finding.attribution
	findings.sanctioned_entry(entry)
}

# Who they are: whether a rule has anybody to look for.
kinds contains kind if {
	some [_, entry] in calls
	kind := entry.caller.kind
}

# A sanctioned caller as well: whoever may change servers in an emergency still has to say in which one.
violation contains hit if {
	emergency_roles != []
	some finding in active
	finding.severity != "info"
	some entry in finding.attribution
	people.break_glass(entry)
	not people.ticket(entry)
	hit := {
		"id": "CG-ATT-1",
		"msg": said(finding, entry, "used emergency access without naming a ticket"),
		"severity": "critical",
		"action": "alert",
		"controls": emergency,
		"finding_ids": [finding.id],
	}
}

# Emergency access under a ticket is what it is for. The server is a pet afterwards: it goes when the work is done.
violation contains hit if {
	calls != set()
	emergency_roles != []
	some [finding, entry] in calls
	people.break_glass(entry)
	ticket := people.ticket(entry)
	hit := {
		"id": "CG-ATT-2",
		"msg": said(finding, entry, sprintf("used emergency access under %s", [ticket])),
		"severity": "medium",
		"action": "replace",
		"track": "hygiene",
		"grace": parameters.value("attribution", "break_glass_grace", "4h"),
		"controls": emergency,
		"finding_ids": [finding.id],
		"ticket": ticket,
	}
}

violation contains hit if {
	"root" in kinds
	some [finding, entry] in calls
	entry.caller.kind == "root"
	hit := {
		"id": "CG-ATT-3",
		"msg": said(finding, entry, "is the root user of the account, which no daily work needs"),
		"severity": "critical",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some [finding, entry] in itself
	finding.code in takes_over
	hit := {
		"id": "CG-ATT-4",
		"msg": said(finding, entry, "is the server itself, by its own credentials: treat them as stolen"),
		"severity": "critical",
		"action": "quarantine",
		"track": "compromise",
		"controls": array.concat(controls, ["nist-800-53r5:IR-4"]),
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	some [finding, entry] in itself
	not finding.code in takes_over
	hit := {
		"id": "CG-ATT-5",
		"msg": said(finding, entry, "is the server itself, by its own credentials"),
		"severity": "high",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	"instance" in kinds
	some [finding, entry] in calls
	entry.caller.kind == "instance"
	not by_itself(entry)
	hit := {
		"id": "CG-ATT-6",
		"msg": said(finding, entry, "is another server, by its own credentials"),
		"severity": "high",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	"other-account" in kinds
	some [finding, entry] in calls
	entry.caller.kind == "other-account"
	hit := {
		"id": "CG-ATT-7",
		"msg": said(finding, entry, "belongs to another account"),
		"severity": "high",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	parameters.value("attribution", "require_mfa", false) == true
	some [finding, entry] in calls
	entry.mfa == false
	entry.caller.kind in {"assumed-role", "iam-user", "root"}
	hit := {
		"id": "CG-ATT-8",
		"msg": said(finding, entry, "had no second factor"),
		"severity": "high",
		"action": "alert",
		"controls": ["nist-800-53r5:IA-2(1)", "pci-dss-4.0.1:8.4.2", "soc2-2017:CC6.1"],
		"finding_ids": [finding.id],
	}
}

itself contains [finding, entry] if {
	some [finding, entry] in calls
	by_itself(entry)
	not finding.code in parameters.value("attribution", "self_changes", ["event-tags-changed", "event-lifecycle"])
}

by_itself(entry) if entry.caller.instance == input.instance.id

said(finding, entry, what) := sprintf(
	"%s, who called %s on %s, %s (%s).",
	[entry.display, entry.event_name, server, what, trim_right(finding.summary, ".")],
)
