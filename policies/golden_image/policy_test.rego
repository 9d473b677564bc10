package cattleguard.image.golden_image_test

import data.cattleguard.image.golden_image as policy

document(code, status) := {
	"instance": {"id": "i-0aa", "image_id": "ami-0bb"},
	"golden": {"ref": "web@1"},
	"fleet": {"name": "web"},
	"drift": {"findings": [{"id": "f-1", "code": code, "family": "image", "status": status, "severity": "low"}]},
}

hits(doc) := found if {
	found := policy.violation with input as doc
}

only(found) := hit if {
	count(found) == 1
	some hit in found
}

test_an_unrecorded_image_is_told if {
	hit := only(hits(object.remove(document("image-unrecorded", "open"), ["golden"])))
	hit.msg == "i-0aa runs image ami-0bb, which no golden records: nothing says what it should look like."
	hit.severity == "high"
	hit.action == "alert"
}

test_outside_every_fleet_an_unrecorded_image_is_no_alarm if {
	hit := only(hits(object.remove(document("image-unrecorded", "open"), ["golden", "fleet"])))
	hit.severity == "low"
}

test_a_revoked_image_is_replaced if {
	hit := only(hits(document("image-revoked", "open")))
	hit.msg == "i-0aa runs web@1, which was revoked and must not run."
	hit.severity == "critical"
	hit.action == "replace"
	hit.track == "hygiene"
}

test_another_version_is_rolled_to_the_promoted_one if {
	hit := only(hits(document("image-not-promoted", "acknowledged")))
	hit.severity == "medium"
	hit.action == "replace"
	hit.finding_ids == ["f-1"]
}

test_without_a_golden_the_image_is_named if {
	hit := only(hits(object.remove(document("image-revoked", "open"), ["golden"])))
	hit.msg == "i-0aa runs ami-0bb, which was revoked and must not run."
}

test_waived_and_other_findings_are_left_alone if {
	every code in ["image-unrecorded", "image-revoked", "image-not-promoted"] {
		count(hits(document(code, "waived"))) == 0
	}
	count(hits(document("config-volumes", "open"))) == 0
}

test_an_old_golden_is_told_where_an_age_is_set if {
	doc := object.union(document("config-volumes", "open"), {"golden": {"ref": "web@1", "age_s": 2592001}})
	given := {"golden_image": {"all": {"max_age_days": 30}}}
	found := policy.warn with input as doc with data.parameters as given
	only(found).msg == "i-0aa runs web@1, which was recorded more than 30 days ago: record and promote a newer one."
	newer := policy.warn with input as object.union(doc, {"golden": {"ref": "web@1", "age_s": 2592000}}) with data.parameters as given
	count(newer) == 0
	unset := policy.warn with input as doc
	count(unset) == 0
}
