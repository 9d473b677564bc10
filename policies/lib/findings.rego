# What the shipped policies share: which findings count, how severe they are, and who is behind them.
package cattleguard.lib.findings

import data.cattleguard.lib.people

severities := ["info", "low", "medium", "high", "critical"]

rank := {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

# A waived finding stays visible and is never acted on.
active contains finding if {
	some finding in input.drift.findings
	finding.status != "waived"
}

# The greater of two severities.
worst(a, b) := severities[max([rank[a], rank[b]])]

# Every event that explains the finding was made by somebody who may: a principal that the fleet sanctions, a
# configuration-management tool or a service of the parameters. A finding that nothing explains is not sanctioned.
sanctioned(finding) if {
	count(finding.attribution) > 0
	every entry in finding.attribution {
		sanctioned_entry(entry)
	}
}

sanctioned_entry(entry) if {
	input.fleet.sanctioned_principals != []
	people.is_one_of(input.fleet.sanctioned_principals, entry)
}

sanctioned_entry(entry) if people.configuration_management(entry)

sanctioned_entry(entry) if people.trusted_service(entry)

# The people and programs behind a finding, the best explanation first.
actors(finding) := concat("", [finding.attribution[0].display]) if count(finding.attribution) == 1

actors(finding) := concat(" and ", names) if {
	count(finding.attribution) > 1
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
