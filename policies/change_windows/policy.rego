# When a server was changed: never while changes are frozen, and only inside the windows that were agreed. It is the
# time of the call that counts. What nobody's call explains has no time, and is told by other policies.
package cattleguard.change.windows

import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server
import data.cattleguard.lib.parameters
import data.cattleguard.lib.people

controls := [
	"iso-27001-2022:A.8.32",
	"nist-800-53r5:CM-3",
	"pci-dss-4.0.1:6.5.1",
	"soc2-2017:CC8.1",
]

# Not 24 hours earlier: where clocks change, a day has 23 or 25.
day_before := {"Mon": "Sun", "Tue": "Mon", "Wed": "Tue", "Thu": "Wed", "Fri": "Thu", "Sat": "Fri", "Sun": "Sat"}

freezes := parameters.value("change_windows", "freezes", [])

windows := parameters.value("change_windows", "windows", [])

# Calls that changed something, also those of sanctioned tools: a freeze holds for everybody it does not except.
calls contains [finding, entry] if {
	some finding in active
	finding.family in {"config", "event", "file", "software"}
	finding.severity != "info"
	some entry in finding.attribution
}

violation contains hit if {
	some freeze in freezes
	some [finding, entry] in calls
	time.parse_rfc3339_ns(freeze.from) <= entry.event_time_ns
	entry.event_time_ns < time.parse_rfc3339_ns(freeze.until)
	not people.is_one_of(object.get(freeze, "except", []), entry)
	hit := {
		"id": "CG-CHG-1",
		"msg": said(finding, entry, sprintf("while changes were frozen (%s)", [freeze.name])),
		"severity": "high",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

violation contains hit if {
	count(windows) > 0
	some [finding, entry] in calls
	not agreed(entry.event_time_ns)
	hit := {
		"id": "CG-CHG-2",
		"msg": said(finding, entry, "outside every agreed window"),
		"severity": "medium",
		"action": "alert",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

agreed(ns) if {
	some window in windows
	inside(window, ns)
}

# Within one day.
inside(window, ns) if {
	minute(window.from) < minute(window.until)
	minute(window.from) <= minute_of(window, ns)
	minute_of(window, ns) < minute(window.until)
	weekday(window, ns) in window.days
}

# Over midnight: the evening of a named day, or the morning after it.
inside(window, ns) if {
	minute(window.from) >= minute(window.until)
	minute_of(window, ns) >= minute(window.from)
	weekday(window, ns) in window.days
}

inside(window, ns) if {
	minute(window.from) >= minute(window.until)
	minute_of(window, ns) < minute(window.until)
	day_before[weekday(window, ns)] in window.days
}

# Minutes since midnight of `HH:MM`. A leading zero is no number, hence the digit in front of it.
minute(text) := ((to_number(concat("", ["1", parts[0]])) - 100) * 60) + (to_number(concat("", ["1", parts[1]])) - 100) if {
	regex.match(`^([01][0-9]|2[0-3]):[0-5][0-9]$`, text)
	parts := split(text, ":")
}

minute_of(window, ns) := (clock[0] * 60) + clock[1] if clock := time.clock([ns, zone(window)])

weekday(window, ns) := substring(time.weekday([ns, zone(window)]), 0, 3)

zone(window) := object.get(window, "timezone", "UTC")

said(finding, entry, what) := sprintf(
	"%s called %s on %s %s (%s).",
	[entry.display, entry.event_name, server, what, trim_right(finding.summary, ".")],
)
