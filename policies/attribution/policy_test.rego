package cattleguard.people.attribution_test

import data.cattleguard.people.attribution as policy

entry(caller) := {
	"principal": "arn:aws:sts::111122223333:assumed-role/ops/ada",
	"display": "Ada",
	"event_name": "StartSession",
	"mfa": false,
	"caller": caller,
}

finding(code, severity, by) := {
	"id": "f-1",
	"code": code,
	"family": "event",
	"severity": severity,
	"status": "open",
	"summary": "opened a session.",
	"attribution": by,
}

document(item) := {
	"instance": {"id": "i-0aa", "name": "web-1"},
	"fleet": {"name": "web", "sanctioned_principals": []},
	"drift": {"findings": [item]},
}

given := {"attribution": {"all": {
	"break_glass": ["arn:aws:iam::111122223333:role/emergency"],
	"break_glass_grace": "2h",
	"require_mfa": true,
}}}

hits(item) := found if {
	found := policy.violation with input as document(item)
}

strict(item) := found if {
	found := policy.violation with input as document(item) with data.parameters as given
}

ids(found) := {hit.id | some hit in found}

emergency(more) := entry(object.union({"kind": "identity-center", "issuer": "arn:aws:iam::111122223333:role/emergency"}, more))

test_emergency_access_without_a_ticket_is_critical if {
	found := strict(finding("event-interactive-session", "high", [emergency({"session_name": "ada"})]))
	some hit in found
	ids(found) == {"CG-ATT-1"}
	hit.severity == "critical"
	hit.msg == "Ada, who called StartSession on web-1 (i-0aa), used emergency access without naming a ticket (opened a session)."
}

test_who_is_sanctioned_needs_a_ticket_in_an_emergency_too if {
	fleet := {"fleet": {"name": "web", "sanctioned_principals": ["arn:aws:iam::111122223333:role/emergency"]}}
	without := object.union(document(finding("event-interactive-session", "high", [emergency({"session_name": "ada"})])), fleet)
	found := policy.violation with input as without with data.parameters as given
	ids(found) == {"CG-ATT-1"}
	under := object.union(document(finding("event-interactive-session", "high", [emergency({"reason": "INC-7"})])), fleet)
	none := policy.violation with input as under with data.parameters as given
	count(none) == 0
}

test_emergency_access_under_a_ticket_has_its_time if {
	found := strict(finding("event-interactive-session", "high", [emergency({"reason": "INC-7 disk full"})]))
	ids(found) == {"CG-ATT-2"}
	some hit in found
	hit.grace == "2h"
	hit.ticket == "INC-7"
	hit.action == "replace"
}

test_without_parameters_nobody_is_emergency if {
	count(hits(finding("event-interactive-session", "high", [emergency({})]))) == 0
}

test_the_root_user_is_critical if {
	found := hits(finding("event-user-data-changed", "high", [entry({"kind": "root"})]))
	ids(found) == {"CG-ATT-3"}
}

test_a_server_that_takes_itself_over_is_contained if {
	found := hits(finding("event-user-data-changed", "high", [entry({"kind": "instance", "instance": "i-0aa"})]))
	ids(found) == {"CG-ATT-4"}
	some hit in found
	hit.track == "compromise"
	hit.action == "quarantine"
}

test_a_server_that_changes_itself_otherwise_is_told if {
	itself := entry({"kind": "instance", "instance": "i-0aa"})
	ids(hits(finding("event-source-dest-check-changed", "medium", [itself]))) == {"CG-ATT-5"}
	count(hits(finding("event-tags-changed", "low", [itself]))) == 0
}

test_another_server_is_told if {
	ids(hits(finding("event-remote-command", "high", [entry({"kind": "instance", "instance": "i-0bb"})]))) == {"CG-ATT-6"}
}

test_another_account_is_told if {
	ids(hits(finding("event-remote-command", "high", [entry({"kind": "other-account"})]))) == {"CG-ATT-7"}
}

test_a_second_factor_is_asked_for_where_it_is_required if {
	user := entry({"kind": "iam-user"})
	ids(strict(finding("event-remote-command", "high", [user]))) == {"CG-ATT-8"}
	count(hits(finding("event-remote-command", "high", [user]))) == 0
	count(strict(finding("event-remote-command", "high", [object.union(user, {"mfa": true})]))) == 0
}

test_notes_waived_findings_and_sanctioned_callers_ask_for_nothing if {
	root := entry({"kind": "root"})
	count(hits(finding("event-tags-changed", "info", [root]))) == 0
	count(hits(object.union(finding("event-remote-command", "high", [root]), {"status": "waived"}))) == 0
	sanctioned := object.union(
		document(finding("event-remote-command", "high", [root])),
		{"fleet": {"sanctioned_principals": [root.principal]}},
	)
	found := policy.violation with input as sanctioned
	count(found) == 0
}

test_what_was_stored_without_a_caller_is_left_alone if {
	count(strict(finding("event-remote-command", "high", [object.remove(entry({}), ["caller"])]))) == 0
}
