package cattleguard.lib.people_test

import data.cattleguard.lib.people

arn := "arn:aws:sts::111122223333:assumed-role/ops/ada"

given(name, value) := {"attribution": {"all": {name: value}}}

entry(caller) := {"principal": arn, "display": "Ada", "caller": caller}

test_patterns_are_exact_or_a_beginning if {
	people.matches([arn], arn)
	people.matches(["arn:aws:sts::111122223333:assumed-role/ops/*"], arn)
	not people.matches(["arn:aws:sts::111122223333:assumed-role/ops"], arn)
	not people.matches([], arn)
}

test_break_glass_by_session_or_by_role if {
	session := arn
	people.break_glass(entry({"kind": "assumed-role"})) with data.parameters as given("break_glass", [session])
	role := "arn:aws:iam::111122223333:role/ops"
	people.break_glass(entry({"kind": "assumed-role", "issuer": role})) with data.parameters as given("break_glass", [role])
	not people.break_glass(entry({"kind": "assumed-role", "issuer": role}))
}

test_configuration_management_is_named if {
	list := ["arn:aws:sts::111122223333:assumed-role/ops/*"]
	people.configuration_management(entry({"kind": "assumed-role"})) with data.parameters as given("configuration_management", list)
	not people.configuration_management(entry({"kind": "assumed-role"}))
}

test_services_are_named if {
	services := given("services", ["autoscaling.amazonaws.com"])
	service := {"principal": "x", "display": "autoscaling.amazonaws.com", "caller": {"kind": "aws-service"}}
	people.trusted_service(service) with data.parameters as services
	people.trusted_service(entry({"kind": "iam-user", "invoked_by": "autoscaling.amazonaws.com"})) with data.parameters as services
	not people.trusted_service(entry({"kind": "iam-user"})) with data.parameters as services
	not people.trusted_service(service)
}

test_a_person_who_is_called_like_a_service_is_none if {
	spoofed := {"principal": "x", "display": "autoscaling.amazonaws.com", "caller": {"kind": "iam-user"}}
	not people.trusted_service(spoofed) with data.parameters as given("services", ["autoscaling.amazonaws.com"])
}

test_a_ticket_is_found_wherever_a_caller_can_write if {
	people.ticket(entry({"source_identity": "ada-INC-7"})) == "INC-7"
	people.ticket(entry({"session_name": "INC-8"})) == "INC-8"
	people.ticket(entry({"reason": "disk full, see OPS-12"})) == "OPS-12"
	people.ticket(entry({"reason": "b OPS-2", "source_identity": "OPS-1"})) == "OPS-1"
	not people.ticket(entry({"session_name": "ada"}))
	not people.ticket({"principal": arn})
}

test_tickets_have_the_shape_that_is_configured if {
	people.ticket(entry({"reason": "chg00042"})) == "chg00042" with data.parameters as given("ticket", "chg[0-9]{5}")
	not people.ticket(entry({"reason": "INC-7"})) with data.parameters as given("ticket", "chg[0-9]{5}")
}
