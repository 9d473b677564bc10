package cattleguard.host.in_place_modification_test

import data.cattleguard.host.in_place_modification as policy

ada := {"principal": "arn:aws:sts::111122223333:assumed-role/admin/ada", "display": "Ada"}

tool := {"principal": "arn:aws:sts::111122223333:assumed-role/config-mgmt/run", "display": "config-mgmt"}

finding(code, severity, by) := {
	"id": sprintf("f-%s", [code]),
	"code": code,
	"family": split(code, "-")[0],
	"severity": severity,
	"status": "open",
	"summary": "something changed.",
	"attribution": by,
}

document(items) := {
	"instance": {"id": "i-0aa", "name": "web-1"},
	"fleet": {"name": "web", "sanctioned_principals": ["arn:aws:sts::111122223333:assumed-role/config-mgmt/*"]},
	"drift": {"findings": items},
}

violations(item) := hits if {
	hits := policy.violation with input as document([item])
}

warnings(item) := hits if {
	hits := policy.warn with input as document([item])
}

only(hits) := hit if {
	count(hits) == 1
	some hit in hits
}

test_high_drift_asks_for_a_replacement_and_names_the_person if {
	hit := only(violations(finding("software-package-changed", "high", [ada])))
	hit.msg == "web-1 (i-0aa) was modified in place by Ada: something changed."
	hit.severity == "high"
	hit.action == "replace"
	hit.track == "hygiene"
	hit.finding_ids == ["f-software-package-changed"]
}

test_lower_drift_is_told if {
	every severity in ["low", "medium"] {
		hit := only(violations(finding("config-source-dest-check", severity, [ada])))
		hit.action == "alert"
		hit.severity == severity
	}
}

test_unexplained_drift_says_so if {
	hit := only(violations(finding("file-content-changed", "critical", [])))
	hit.msg == "web-1 (i-0aa) was modified in place, and no recorded call explains it: something changed."
	hit.action == "replace"
}

test_sessions_and_keys_are_at_least_high if {
	every code in ["event-interactive-session", "event-ssh-key-pushed", "event-remote-command"] {
		hit := only(violations(finding(code, "low", [ada])))
		hit.severity == "high"
		hit.action == "replace"
	}
}

test_boot_code_and_identity_are_critical if {
	every code in ["config-user-data", "config-instance-profile", "event-root-volume-replaced"] {
		only(violations(finding(code, "medium", [ada]))).severity == "critical"
	}
}

test_a_floor_never_lowers if {
	only(violations(finding("event-interactive-session", "critical", [ada]))).severity == "critical"
}

test_info_findings_are_left_alone if {
	count(violations(finding("event-tags", "info", [ada]))) == 0
	count(warnings(finding("event-tags", "info", [ada]))) == 0
}

test_sanctioned_principals_are_told_and_not_acted_on if {
	item := finding("event-patch-in-place", "critical", [tool])
	count(violations(item)) == 0
	hit := only(warnings(item))
	hit.severity == "low"
	hit.action == "alert"
	hit.msg == "web-1 (i-0aa) was modified in place by config-mgmt: something changed. The fleet sanctions this principal."
}

test_waived_findings_ask_for_nothing if {
	item := object.union(finding("software-package-added", "high", [ada]), {"status": "waived"})
	count(violations(item)) == 0
	count(warnings(item)) == 0
}

test_other_families_are_not_ours if {
	count(violations(finding("image-revoked", "critical", []))) == 0
	count(violations(finding("blind-not-managed", "high", []))) == 0
}

test_every_family_names_controls if {
	every code in ["config-volumes", "event-remote-command", "file-added", "software-service-changed"] {
		count(only(violations(finding(code, "high", []))).controls) > 0
	}
}
