# Changes inside a server that a person who means well rarely makes and an intruder nearly always does: what runs
# with more rights, who may log in, what runs at boot, what a command name stands for. Contain first, then ask.
package cattleguard.host.integrity

import data.cattleguard.lib.findings
import data.cattleguard.lib.findings.active
import data.cattleguard.lib.findings.server
import data.cattleguard.lib.parameters

controls := [
	"hipaa:164.308(a)(6)(ii)",
	"hipaa:164.312(c)(1)",
	"hipaa:164.312(c)(2)",
	"iso-27001-2022:A.5.26",
	"iso-27001-2022:A.8.16",
	"nist-800-53r5:IR-4",
	"nist-800-53r5:SI-7",
	"nist-800-53r5:SI-7(5)",
	"pci-dss-4.0.1:11.5.2",
	"pci-dss-4.0.1:12.10.5",
	"soc2-2017:CC6.8",
	"soc2-2017:CC7.4",
]

# Places of a Linux file system, as file-hierarchy(7), sshd(8), sudo(8), ld.so(8) and systemd.unit(5) describe them.
places := {
	"who may log in": [
		`/\.ssh/authorized_keys2?$`,
		`^/etc/(passwd|shadow|group|gshadow)-?$`,
		`^/etc/ssh/`,
		`^/etc/pam\.d/`,
		`^/etc/security/`,
	],
	"who may become root": [`^/etc/sudoers$`, `^/etc/sudoers\.d/`, `^/etc/polkit-1/`, `^/usr/share/polkit-1/`],
	"what runs at boot or by the clock": [
		`^/(etc|usr/lib|lib|usr/local/lib)/systemd/`,
		`^/etc/(crontab|anacrontab|rc\.local)$`,
		`^/etc/cron\.`,
		`^/var/spool/cron/`,
		`^/etc/init\.d/`,
	],
	"what every program loads": [`^/etc/ld\.so\.`, `^/(usr/)?lib(64)?/ld-linux`, `^/(usr/)?lib/modules/`, `^/etc/modprobe\.d/`],
	"what a command name stands for": [`^(/usr)?(/local)?/s?bin/`],
	"what this fleet watches": parameters.value("host_integrity", "watched", []),
}

# The paths that a finding is about: its own, or those that it lists.
paths(finding) := {finding.subject} if startswith(finding.subject, "/")

paths(finding) := {row.path | some row in finding.actual.list} if not startswith(finding.subject, "/")

touched contains [finding, what, path] if {
	some finding in active
	finding.family == "file"
	some path in paths(finding)
	some what, patterns in places
	some pattern in patterns
	regex.match(pattern, path)
	not ignored(path)
}

ignored(path) if {
	some pattern in parameters.value("host_integrity", "ignored", [])
	regex.match(pattern, path)
}

violation contains hit if {
	some finding in active
	finding.code == "file-privilege-changed"
	some path in paths(finding)
	not ignored(path)
	hit := verdict(finding, "CG-INT-1", sprintf("the rights of %s changed", [path]))
}

violation contains hit if {
	some [finding, what, path] in touched
	hit := verdict(finding, "CG-INT-2", sprintf("%s changed: %s", [what, path]))
}

violation contains hit if {
	some finding in active
	finding.code == "software-module-changed"
	finding.severity in {"high", "critical"}
	hit := verdict(finding, "CG-INT-3", trim_right(finding.summary, "."))
}

violation contains hit if {
	some finding in active
	finding.code in {"blind-agent-tampered", "event-inventory-forged"}
	hit := verdict(finding, "CG-INT-4", sprintf("what it says of itself was forged: %s", [trim_right(finding.summary, ".")]))
}

# A tool that may change servers is told of all the same, and not taken for an intruder.
verdict(finding, id, what) := {
	"id": id,
	"msg": sprintf("On %s, %s.", [server, what]),
	"severity": "critical",
	"action": "quarantine",
	"track": "compromise",
	"controls": controls,
	"finding_ids": [finding.id],
} if {
	not findings.sanctioned(finding)
}

verdict(finding, id, what) := {
	"id": id,
	"msg": sprintf("On %s, %s; by %s, who is sanctioned.", [server, what, findings.actors(finding)]),
	"severity": "medium",
	"action": "alert",
	"controls": controls,
	"finding_ids": [finding.id],
} if {
	findings.sanctioned(finding)
}
