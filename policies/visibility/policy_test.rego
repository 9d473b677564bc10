package cattleguard.observation.visibility_test

import data.cattleguard.observation.visibility as policy

gap(code, severity, by) := {
	"id": "f-1",
	"code": code,
	"family": split(code, "-")[0],
	"status": "open",
	"severity": severity,
	"summary": "inventory is 3 days old",
	"attribution": by,
}

document(items, complete, missing) := {
	"instance": {"id": "i-0aa"},
	"drift": {"findings": items},
	"observation": {"complete": complete, "missing": missing},
}

violations(doc) := hits if {
	hits := policy.violation with input as doc
}

warnings(doc) := hits if {
	hits := policy.warn with input as doc
}

only(found) := hit if {
	count(found) == 1
	some hit in found
}

test_a_gap_is_told_and_not_acted_on if {
	doc := document([gap("blind-inventory-stale", "medium", [])], false, [])
	count(violations(doc)) == 0
	hit := only(warnings(doc))
	hit.msg == "i-0aa cannot be seen completely: inventory is 3 days old."
	hit.severity == "medium"
	hit.action == "alert"
}

test_blinding_is_critical_and_names_who_did_it if {
	by := [{"principal": "arn:aws:iam::111122223333:user/eve", "display": "Eve"}]
	doc := document([gap("blind-trail-stopped", "high", by)], false, [])
	count(warnings(doc)) == 0
	hit := only(violations(doc))
	hit.msg == "i-0aa cannot be seen completely because of Eve: inventory is 3 days old."
	hit.severity == "critical"
	hit.action == "alert"
}

test_an_unjudged_instance_without_a_finding_is_told if {
	missing := [{"reason": "ec2 was throttled"}, {"reason": "ssm timed out"}]
	hit := only(warnings(document([], false, missing)))
	hit.msg == "i-0aa could not be judged completely: ec2 was throttled; ssm timed out."
	hit.severity == "medium"
	unknown := only(warnings(document([], false, [])))
	unknown.msg == "i-0aa could not be judged completely: no source says why."
}

test_what_is_seen_completely_says_nothing if {
	doc := document([gap("config-volumes", "high", [])], true, [])
	count(violations(doc)) == 0
	count(warnings(doc)) == 0
}
