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

break_glass(entry) if is_one_of(parameters.value("attribution", "break_glass", []), entry)

# Tools that configure servers, wherever they run.
configuration_management(entry) if is_one_of(parameters.value("attribution", "configuration_management", []), entry)

# AWS services that may change servers, on their own or for somebody.
trusted_service(entry) if {
	entry.caller.kind == "aws-service"
	matches(parameters.value("attribution", "services", []), entry.display)
}

trusted_service(entry) if matches(parameters.value("attribution", "services", []), entry.caller.invoked_by)

# The ticket that a caller names: in the source identity, in the name of its session, or in the reason it gave.
ticket(entry) := found[0] if {
	pattern := parameters.value("attribution", "ticket", `[A-Z][A-Z0-9]+-[0-9]+`)
	texts := [text | some key in ["source_identity", "session_name", "reason"]; text := entry.caller[key]]
	found := [one | some text in texts; some one in regex.find_n(pattern, text, 1)]
	count(found) > 0
}
