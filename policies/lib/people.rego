# Who a caller is, by the patterns that a fleet, an account or everybody gives as parameters of `attribution`.
package cattleguard.lib.people

import data.cattleguard.lib.parameters

# A pattern is an ARN, or the beginning of one with `*` behind it.
matches(patterns, text) if text in patterns

matches(patterns, text) if {
	some pattern in patterns
	endswith(pattern, "*")
	startswith(text, trim_suffix(pattern, "*"))
}

# A session is named by its own ARN or by the role behind it.
is_one_of(patterns, entry) if matches(patterns, entry.principal)

is_one_of(patterns, entry) if matches(patterns, entry.caller.issuer)

# Read once for all callers. Mostly they are empty, and whoever asks `!= []` first is spared the rest.
emergency_roles := parameters.value("attribution", "break_glass", [])

tools := parameters.value("attribution", "configuration_management", [])

services := parameters.value("attribution", "services", [])

# Whether any principal, tool or service may change servers at all.
somebody_sanctioned if input.fleet.sanctioned_principals != []

somebody_sanctioned if tools != []

somebody_sanctioned if services != []

break_glass(entry) if {
	emergency_roles != []
	is_one_of(emergency_roles, entry)
}

# Tools that configure servers, wherever they run.
configuration_management(entry) if {
	tools != []
	is_one_of(tools, entry)
}

# AWS services that may change servers, on their own or for somebody.
trusted_service(entry) if {
	services != []
	entry.caller.kind == "aws-service"
	matches(services, entry.display)
}

trusted_service(entry) if {
	services != []
	matches(services, entry.caller.invoked_by)
}

# The ticket that a caller names: in the source identity, in the name of its session, or in the reason it gave.
ticket(entry) := found[0] if {
	pattern := parameters.value("attribution", "ticket", `[A-Z][A-Z0-9]+-[0-9]+`)
	texts := [text | some key in ["source_identity", "session_name", "reason"]; text := entry.caller[key]]
	found := [one | some text in texts; some one in regex.find_n(pattern, text, 1)]
	count(found) > 0
}
