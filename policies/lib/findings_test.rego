package cattleguard.lib.findings_test

import data.cattleguard.lib.findings

by(principal, display) := {"principal": principal, "display": display}

test_waived_findings_are_not_active if {
	open := {"id": "f-1", "status": "open"}
	acknowledged := {"id": "f-2", "status": "acknowledged"}
	waived := {"id": "f-3", "status": "waived"}
	found := findings.active with input as {"drift": {"findings": [open, acknowledged, waived]}}
	found == {open, acknowledged}
}

test_worst_is_the_greater_severity if {
	findings.worst("low", "high") == "high"
	findings.worst("critical", "medium") == "critical"
	findings.worst("info", "info") == "info"
}

fleet := {"fleet": {"sanctioned_principals": ["arn:aws:iam::111122223333:role/patcher", "arn:aws:sts::111122223333:assumed-role/config-*"]}}

test_sanctioned_exactly_or_by_prefix if {
	findings.sanctioned({"attribution": [by("arn:aws:iam::111122223333:role/patcher", "p")]}) with input as fleet
	findings.sanctioned({"attribution": [by("arn:aws:sts::111122223333:assumed-role/config-mgmt/run", "c")]}) with input as fleet
}

test_a_role_sanctions_its_sessions if {
	session := object.union(
		by("arn:aws:sts::111122223333:assumed-role/patcher/run", "run"),
		{"caller": {"kind": "assumed-role", "issuer": "arn:aws:iam::111122223333:role/patcher"}},
	)
	findings.sanctioned({"attribution": [session]}) with input as fleet
	other := object.union(session, {"caller": {"kind": "assumed-role", "issuer": "arn:aws:iam::111122223333:role/patcher-two"}})
	not findings.sanctioned({"attribution": [other]}) with input as fleet
}

test_not_sanctioned_when_one_actor_is_not if {
	entries := [by("arn:aws:iam::111122223333:role/patcher", "p"), by("arn:aws:iam::111122223333:user/eve", "eve")]
	not findings.sanctioned({"attribution": entries}) with input as fleet
}

test_not_sanctioned_when_nothing_explains_it_or_there_is_no_fleet if {
	not findings.sanctioned({"attribution": []}) with input as fleet
	not findings.sanctioned({"attribution": [by("arn:aws:iam::111122223333:role/patcher", "p")]}) with input as {}
}

test_a_prefix_needs_a_star if {
	not findings.sanctioned({"attribution": [by("arn:aws:iam::111122223333:role/patcher-two", "p")]}) with input as fleet
}

test_actors_are_named_once_and_at_most_three if {
	entries := [by("a", "Ada"), by("a", "Ada"), by("b", "Ben"), by("c", "Cy")]
	findings.actors({"attribution": entries}) == "Ada and Ben"
	not findings.actors({"attribution": []})
}

test_a_server_is_called_by_name_and_id if {
	name := findings.server with input as {"instance": {"id": "i-1", "name": "web-1"}}
	name == "web-1 (i-1)"
	id := findings.server with input as {"instance": {"id": "i-1"}}
	id == "i-1"
}
