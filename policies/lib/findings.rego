# What the shipped policies share: which findings count, how severe they are, and who is behind them.
package cattleguard.lib.findings

rank := {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

# A waived finding stays visible and is never acted on.
active contains finding if {
	some finding in input.drift.findings
	finding.status != "waived"
}

# The greater of two severities.
worst(a, b) := a if rank[a] >= rank[b]

worst(a, b) := b if rank[a] < rank[b]

# Every event that explains the finding was made by a principal that the fleet sanctions. A finding that
# nothing explains is not sanctioned.
sanctioned(finding) if {
	count(finding.attribution) > 0
	every entry in finding.attribution {
		sanctioned_principal(entry.principal)
	}
}

sanctioned_principal(principal) if principal in input.fleet.sanctioned_principals

sanctioned_principal(principal) if {
	some pattern in input.fleet.sanctioned_principals
	endswith(pattern, "*")
	startswith(principal, trim_suffix(pattern, "*"))
}

# The people and programs behind a finding, the best explanation first.
actors(finding) := concat(" and ", names) if {
	count(finding.attribution) > 0
	best := array.slice(finding.attribution, 0, 3)
	names := [name |
		some index, entry in best
		name := entry.display
		not name in {earlier.display | some earlier in array.slice(best, 0, index)}
	]
}

# The instance as people know it.
server := sprintf("%s (%s)", [input.instance.name, input.instance.id]) if input.instance.name

server := input.instance.id if not input.instance.name
