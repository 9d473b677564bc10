package cattleguard.change.windows_test

import data.cattleguard.change.windows as policy

ns(text) := time.parse_rfc3339_ns(text)

entry(at) := {
	"principal": "arn:aws:iam::111122223333:user/ada",
	"display": "Ada",
	"event_name": "SendCommand",
	"event_time_ns": ns(at),
}

document(severity, by) := {
	"instance": {"id": "i-0aa"},
	"fleet": {"name": "web"},
	"drift": {"findings": [{
		"id": "f-1",
		"code": "event-remote-command",
		"family": "event",
		"severity": severity,
		"status": "open",
		"summary": "ran a command.",
		"attribution": by,
	}]},
}

freeze := {"change_windows": {"all": {"freezes": [{
	"name": "year end",
	"from": "2026-12-18T00:00:00Z",
	"until": "2027-01-04T00:00:00Z",
	"except": ["arn:aws:iam::111122223333:user/eve"],
}]}}}

windows := {"change_windows": {"fleets": {"web": {"windows": [
	{"days": ["Tue"], "from": "22:00", "until": "02:00", "timezone": "Europe/Berlin"},
	{"days": ["Sat", "Sun"], "from": "08:00", "until": "12:00"},
]}}}}

hits(doc, given) := found if {
	found := policy.violation with input as doc with data.parameters as given
}

test_a_change_in_a_freeze_is_told if {
	some hit in hits(document("low", [entry("2026-12-24T10:00:00Z")]), freeze)
	hit.id == "CG-CHG-1"
	hit.msg == "Ada called SendCommand on i-0aa while changes were frozen (year end) (ran a command)."
}

test_before_and_after_a_freeze_nothing_is_told if {
	count(hits(document("high", [entry("2026-12-17T23:59:59Z")]), freeze)) == 0
	count(hits(document("high", [entry("2027-01-04T00:00:00Z")]), freeze)) == 0
}

test_whom_a_freeze_excepts_may_change if {
	eve := object.union(entry("2026-12-24T10:00:00Z"), {"principal": "arn:aws:iam::111122223333:user/eve"})
	count(hits(document("high", [eve]), freeze)) == 0
}

test_inside_a_window_nothing_is_told if {
	every at in [
		"2026-11-24T21:30:00Z",
		"2026-11-25T00:59:00Z",
		"2026-11-28T08:00:00Z",
		"2026-11-29T11:59:59Z",
	] {
		count(hits(document("high", [entry(at)]), windows)) == 0
	}
}

over_midnight(day) := {"change_windows": {"all": {"windows": [
	{"days": [day], "from": "22:00", "until": "02:00", "timezone": "Europe/Berlin"},
]}}}

# 29 March 2026 has 23 hours in Berlin: 24 hours before Monday 00:30 it was Saturday.
test_the_day_before_is_no_matter_of_hours if {
	monday := document("high", [entry("2026-03-29T22:30:00Z")])
	count(hits(monday, over_midnight("Sun"))) == 0
	count(hits(monday, over_midnight("Sat"))) == 1
}

test_outside_every_window_is_told if {
	every at in [
		"2026-11-24T20:59:59Z",
		"2026-11-25T01:00:00Z",
		"2026-11-25T21:30:00Z",
		"2026-11-24T00:30:00Z",
		"2026-11-28T12:00:00Z",
		"2026-11-27T09:00:00Z",
	] {
		some hit in hits(document("high", [entry(at)]), windows)
		hit.id == "CG-CHG-2"
		hit.severity == "medium"
	}
}

test_without_parameters_every_time_is_agreed if {
	count(hits(document("high", [entry("2026-12-24T10:00:00Z")]), {})) == 0
}

test_notes_and_unexplained_changes_have_no_time if {
	count(hits(document("info", [entry("2026-12-24T10:00:00Z")]), freeze)) == 0
	count(hits(document("high", []), windows)) == 0
}
