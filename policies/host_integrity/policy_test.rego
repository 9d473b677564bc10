package cattleguard.host.integrity_test

import data.cattleguard.host.integrity as policy

finding(code, subject, actual) := {
	"id": "f-1",
	"code": code,
	"family": split(code, "-")[0],
	"severity": "high",
	"status": "open",
	"subject": subject,
	"summary": "something changed.",
	"actual": actual,
	"attribution": [],
}

tool := "arn:aws:sts::111122223333:assumed-role/config-mgmt/run"

document(item) := {
	"instance": {"id": "i-0aa"},
	"fleet": {"name": "web", "sanctioned_principals": [tool]},
	"drift": {"findings": [item]},
}

hits(item) := found if {
	found := policy.violation with input as document(item)
}

only(found) := hit if {
	count(found) == 1
	some hit in found
}

changed(path) := finding("file-content-changed", path, {})

test_places_that_decide_who_is_master_are_contained if {
	every path in [
		"/root/.ssh/authorized_keys",
		"/home/ada/.ssh/authorized_keys2",
		"/etc/shadow",
		"/etc/pam.d/sshd",
		"/etc/sudoers.d/90-ada",
		"/etc/systemd/system/x.service",
		"/etc/cron.d/x",
		"/var/spool/cron/crontabs/root",
		"/etc/ld.so.preload",
		"/usr/bin/ls",
		"/usr/local/sbin/x",
		"/bin/sh",
		"/lib/modules/6.1/x.ko",
		"/usr/lib64/security/pam_unix.so",
		"/usr/lib/x86_64-linux-gnu/security/pam_evil.so",
		"/root/.ssh/rc",
		"/etc/sudo.conf",
		"/boot/vmlinuz-6.1",
		"/boot/efi/EFI/amzn/grub.cfg",
		"/etc/rc.d/init.d/x",
		"/etc/rc.d/rc.local",
		"/etc/udev/rules.d/99-x.rules",
		"/home/ada/.config/systemd/user/x.service",
		"/var/spool/at/a0001",
		"/etc/profile.d/x.sh",
		"/root/.bashrc",
		"/home/ada/.bash_profile",
		"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
		"/usr/lib64/ld-linux-x86-64.so.2",
		"/lib64/libc.so.6",
		"/usr/lib/aarch64-linux-gnu/libc.so.6",
		"/etc/modules-load.d/x.conf",
	] {
		hit := only(hits(changed(path)))
		hit.id == "CG-INT-2"
		hit.action == "quarantine"
		hit.track == "compromise"
		hit.severity == "critical"
		endswith(hit.msg, sprintf("changed: %s.", [path]))
	}
}

test_other_files_are_not_ours if {
	every path in ["/srv/app/index.html", "/opt/bin/x", "/etc/motd", "/home/ada/bin/x", "/var/lib/x", "/usr/lib64/libcrypto.so.3", "/home/ada/.bash_history"] {
		count(hits(changed(path))) == 0
	}
}

test_changed_rights_are_contained_wherever_they_are if {
	hit := only(hits(finding("file-privilege-changed", "/srv/x", {})))
	hit.id == "CG-INT-1"
	hit.msg == "On i-0aa, the rights of /srv/x changed."
}

test_listed_paths_count_as_well if {
	item := finding("file-added", "files", {"list": [{"path": "/usr/bin/x"}, {"path": "/srv/y"}]})
	only(hits(item)).msg == "On i-0aa, what a command name stands for changed: /usr/bin/x."
}

test_a_list_that_was_cut_short_is_told if {
	cut := finding("file-added", "files", {"differences": 300, "list": [{"path": "/srv/y"}], "not_listed": 299})
	hit := only(hits(cut))
	hit.id == "CG-INT-5"
	hit.severity == "critical"
	hit.action == "alert"
	contains(hit.msg, "299 of the changed files are not listed")
	by := [{"principal": tool, "display": "config-mgmt"}]
	count(hits(object.union(cut, {"attribution": by}))) == 0
	whole := finding("file-added", "files", {"differences": 1, "list": [{"path": "/srv/y"}], "not_listed": 0})
	count(hits(whole)) == 0
}

test_modules_that_weigh_are_contained if {
	only(hits(finding("software-module-changed", "kernel modules", {"list": []}))).id == "CG-INT-3"
	mild := object.union(finding("software-module-changed", "kernel modules", {"list": []}), {"severity": "medium"})
	count(hits(mild)) == 0
}

test_forged_reports_are_contained if {
	only(hits(finding("event-inventory-forged", "x", {"list": []}))).id == "CG-INT-4"
	only(hits(finding("blind-agent-tampered", "agent", {"list": []}))).id == "CG-INT-4"
}

test_a_sanctioned_tool_is_told_and_not_contained if {
	by := [{"principal": tool, "display": "config-mgmt"}]
	hit := only(hits(object.union(changed("/etc/sudoers"), {"attribution": by})))
	hit.action == "alert"
	hit.msg == "On i-0aa, who may become root changed: /etc/sudoers; by config-mgmt, who is sanctioned."
}

test_a_fleet_watches_and_ignores_what_it_names if {
	given := {"host_integrity": {"fleets": {"web": {"watched": ["^/srv/app/"], "ignored": ["^/usr/bin/generated-"]}}}}
	found := policy.violation with input as document(changed("/srv/app/x")) with data.parameters as given
	only(found).msg == "On i-0aa, what this fleet watches changed: /srv/app/x."
	none := policy.violation with input as document(changed("/usr/bin/generated-x")) with data.parameters as given
	count(none) == 0
}

test_waived_findings_ask_for_nothing if {
	count(hits(object.union(changed("/etc/shadow"), {"status": "waived"}))) == 0
}
