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

# Places of a Linux file system, as file-hierarchy(7), sshd(8), sudo(8), pam(8), ld.so(8), udev(7), systemd.unit(5) and
# bash(1) describe them. On Amazon Linux and Red Hat the scripts of /etc/init.d lie in /etc/rc.d.
places := {
	"who may log in": [
		`/\.ssh/(authorized_keys2?|rc|environment)$`,
		`^/etc/(passwd|shadow|group|gshadow)-?$`,
		`^/etc/ssh/`,
		`^/etc/pam\.d/`,
		`^/etc/security/`,
		`^/(usr/)?lib(64)?/([^/]+-linux-gnu/)?security/`,
	],
	"who may become root": [
		`^/etc/sudoers$`,
		`^/etc/sudoers\.d/`,
		`^/etc/sudo\.conf$`,
		`^/etc/doas\.conf$`,
		`^/etc/polkit-1/`,
		`^/usr/share/polkit-1/`,
	],
	"what runs at boot or by the clock": [
		`^/boot/`,
		`^/efi/`,
		`^/(etc|usr/lib|lib|usr/local/lib)/systemd/`,
		`/\.config/systemd/`,
		`^/(etc|usr/lib|lib)/udev/`,
		`^/etc/(crontab|anacrontab|rc\.local|inittab)$`,
		`^/etc/cron\.`,
		`^/var/spool/(cron|at)/`,
		`^/etc/(init|rc)\.d/`,
		`^/etc/init/`,
	],
	"what every login runs": [
		`^/etc/(profile|bashrc|bash\.bashrc|environment|zshenv|zprofile|shells)$`,
		`^/etc/profile\.d/`,
		`^/(root|home/[^/]+)/\.(profile|bash_profile|bash_login|bashrc|bash_logout|zshenv|zshrc|zprofile)$`,
	],
	"what every program loads": [
		`^/etc/ld\.so\.`,
		`^/(usr/)?lib(64)?/([^/]+-linux-gnu/)?(ld-|ld64|libc[.-])`,
		`^/(usr/)?lib/modules/`,
		`^/(etc|usr/lib|lib)/(modprobe|modules-load)\.d/`,
	],
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

# A list that was cut short may have left out any of these places: whoever changes hundreds of files could hide one.
violation contains hit if {
	some finding in active
	finding.family == "file"
	unseen := unlisted(finding)
	unseen > 0
	not findings.sanctioned(finding)
	hit := {
		"id": "CG-INT-5",
		"msg": sprintf(
			"On %s, %d of the changed files are not listed: what an intruder changes may be among them (%s).",
			[server, unseen, trim_right(finding.summary, ".")],
		),
		"severity": "critical",
		"action": "alert",
		"track": "hygiene",
		"controls": controls,
		"finding_ids": [finding.id],
	}
}

# How many differences of a finding are not in its list as it is here.
unlisted(finding) := finding.actual.differences - count(finding.actual.list)

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
